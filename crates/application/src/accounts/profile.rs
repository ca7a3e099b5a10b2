use super::Accounts;
use super::open_session::Caller;
use asteroid_identity::{Profile, UserRepository};
use asteroid_kernel::{Storage, StorageError, UnitOfWork, UserId};

asteroid_kernel::port! {
    /// Shows users to themselves.
    pub trait Profiles {
        /// The caller with all contacts; none if the user is gone.
        async fn profile(&self, caller: Caller) -> Result<Option<Profile>, StorageError>;
    }
}

pub(super) struct FindProfile(pub(super) UserId);

impl<Tx: UserRepository> UnitOfWork<Tx> for FindProfile {
    type Output = Option<Profile>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Profile>, StorageError> {
        tx.find_profile(self.0).await
    }
}

impl<S, H> Profiles for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository,
    H: Send + Sync + 'static,
{
    async fn profile(&self, caller: Caller) -> Result<Option<Profile>, StorageError> {
        self.storage.read(FindProfile(caller.user)).await
    }
}
