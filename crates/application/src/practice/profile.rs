//! The profile of a user in a practice.

use asteroid_clients::{Membership, MembershipRepository, Practice, PracticeId, PracticeRepository};
use asteroid_identity::{Profile, UserRepository};
use asteroid_kernel::{Storage, StorageError, UserId, unit_of_work};

use super::Practices;
use crate::accounts::Caller;

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

/// The user in this practice, or in the one that the user has been in longest. [`None`] if there is no such user.
pub(crate) async fn find_practice_profile<Tx>(
    tx: &mut Tx,
    user: UserId,
    practice: Option<PracticeId>,
) -> Result<Option<PracticeProfile>, StorageError>
where
    Tx: UserRepository + MembershipRepository + PracticeRepository,
{
    let Some(profile) = tx.find_profile(user).await? else { return Ok(None) };
    let membership = tx.find_membership(user, practice).await?;
    let practice = match &membership {
        Some(membership) => tx.find_practice(membership.practice).await?,
        None => None,
    };
    Ok(Some(PracticeProfile { profile, membership: membership.zip(practice) }))
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
        let find = unit_of_work((caller.user, practice), |(user, practice), tx: &mut S::Tx| {
            Box::pin(find_practice_profile(tx, *user, *practice))
        });
        self.storage.read(find).await
    }
}
