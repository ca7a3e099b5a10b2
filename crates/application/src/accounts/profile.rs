//! The profile of the caller.

use asteroid_identity::{Profile, UserRepository};
use asteroid_kernel::{Storage, StorageError, unit_of_work};

use super::Accounts;
use super::open_session::Caller;

asteroid_kernel::port! {
    /// Shows users to themselves.
    pub trait Profiles {
        /// The caller with all contacts; none if the user is gone.
        async fn profile(&self, caller: Caller) -> Result<Option<Profile>, StorageError>;
    }
}

impl<S, H> Profiles for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository,
    H: Send + Sync + 'static,
{
    async fn profile(&self, caller: Caller) -> Result<Option<Profile>, StorageError> {
        self.storage
            .read(unit_of_work(caller.user, |user, tx: &mut S::Tx| Box::pin(tx.find_profile(*user))))
            .await
    }
}
