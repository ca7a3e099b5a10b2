use asteroid_clients::{MembershipRepository, PracticeId, PracticeRepository};
use asteroid_identity::UserRepository;
use asteroid_kernel::{Storage, StorageError, UnitOfWork, UserId};

use super::Practices;
use crate::ports::Caller;
use crate::ports::practice::{PracticeProfile, PracticeProfiles};

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
