//! Unlocking users.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{FamiliarAddressRepository, UserRepository};
use asteroid_kernel::{StorageError, UnitOfWork, UserId};
use asteroid_limits::LimitRepository;

use super::UserReference;
use crate::LimitRules;
use crate::accounts::{FailedAttempts, failed_attempts, forget_failed_attempts};
use crate::operator::Act;

/// A user whose failed attempts were forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockedUser {
    /// The user.
    pub user: UserId,
    /// What was forgotten.
    pub forgotten: Vec<FailedAttempts>,
}

pub(super) struct UnlockUser {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) limits: LimitRules,
}

impl<Tx> UnitOfWork<Tx> for UnlockUser
where
    Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository + Send,
{
    type Output = Option<UnlockedUser>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UnlockedUser>, StorageError> {
        let Some(profile) = self.user.find(tx).await? else { return Ok(None) };
        let forgotten = failed_attempts(tx, &profile, &self.limits, self.act.now).await?;
        forget_failed_attempts(tx, &profile).await?;
        self.act.record(tx, Action::UnlockUser, profile.user.id).await?;
        Ok(Some(UnlockedUser { user: profile.user.id, forgotten }))
    }
}
