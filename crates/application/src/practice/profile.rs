use super::Practices;
use crate::accounts::Caller;
use asteroid_clients::{Membership, MembershipRepository, Practice, PracticeId, PracticeRepository};
use asteroid_identity::{Profile, UserRepository};
use asteroid_kernel::{Storage, StorageError, UnitOfWork, UserId};

/// A user, with what the user is in a practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeProfile {
    /// The user and all contacts.
    pub profile: Profile,
    /// The user's membership and its practice; none for a user who registered without one.
    pub membership: Option<(Membership, Practice)>,
}

asteroid_kernel::port! {
    /// Shows users what they are in their practice.
    pub trait PracticeProfiles {
        /// The caller's profile in this practice, or where none is named, in the one that the caller was first in.
        /// [`None`] if the user is gone. A practice that is not the caller's own gives no membership.
        async fn practice_profile(
            &self,
            caller: Caller,
            practice: Option<PracticeId>,
        ) -> Result<Option<PracticeProfile>, StorageError>;
    }
}

struct FindPracticeProfile {
    user: UserId,
    practice: Option<PracticeId>,
}

impl<Tx: UserRepository + MembershipRepository + PracticeRepository + Send> UnitOfWork<Tx>
    for FindPracticeProfile
{
    type Output = Option<PracticeProfile>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<PracticeProfile>, StorageError> {
        let Some(profile) = tx.find_profile(self.user).await? else { return Ok(None) };
        let membership = tx.find_membership(self.user, self.practice).await?;
        let practice = match &membership {
            Some(membership) => tx.find_practice(membership.practice).await?,
            None => None,
        };
        Ok(Some(PracticeProfile { profile, membership: membership.zip(practice) }))
    }
}

impl<S> PracticeProfiles for Practices<S>
where
    S: Storage,
    S::Tx: UserRepository + MembershipRepository + PracticeRepository,
{
    async fn practice_profile(
        &self,
        caller: Caller,
        practice: Option<PracticeId>,
    ) -> Result<Option<PracticeProfile>, StorageError> {
        self.storage.read(FindPracticeProfile { user: caller.user, practice }).await
    }
}
