//! Deleting users for good.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{
    Deleted, FamiliarAddressRepository, PendingRegistrationRepository, TombstoneKeys, TombstoneRepository,
    UserAdministrationRepository, UserRepository,
};
use asteroid_kernel::{StorageError, UnitOfWork, UserId};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_terms::TermsRepository;
use asteroid_verification::ChallengeRepository;

use super::UserReference;
use crate::accounts::forget_failed_attempts;
use crate::operator::Act;

/// Removes everything personal that is kept about a user. The audit trail and the acceptances of terms keep the id alone, and
/// each contact leaves a tombstone.
pub(super) struct DeleteUser {
    pub(super) user: UserReference,
    pub(super) act: Act,
    pub(super) keys: TombstoneKeys,
}

impl DeleteUser {
    async fn leave_tombstone<Tx: TombstoneRepository>(
        &self,
        tx: &mut Tx,
        deleted: impl Into<Deleted<'_>> + Send,
    ) -> Result<(), StorageError> {
        match self.keys.tombstone(deleted) {
            Some(tombstone) => tx.insert_tombstone(&tombstone, self.act.now).await,
            None => Ok(()),
        }
    }
}

impl<Tx> UnitOfWork<Tx> for DeleteUser
where
    Tx: UserRepository
        + UserAdministrationRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + TombstoneRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + TermsRepository
        + AuditRepository
        + Send,
{
    type Output = Option<UserId>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, StorageError> {
        let Some(found) = self.user.find(tx).await? else { return Ok(None) };
        // Locked, so that no contact comes meanwhile.
        let Some(profile) = tx.lock_profile(found.user.id).await? else { return Ok(None) };
        let user = profile.user.id;
        forget_failed_attempts(tx, &profile).await?;
        self.leave_tombstone(tx, user).await?;
        let mut masked = Vec::new();
        for own in &profile.contacts {
            let key = own.contact.key();
            self.leave_tombstone(tx, &key).await?;
            tx.remove_challenges(&key).await?;
            tx.end_registrations(&key).await?;
            tx.remove_claims(&key).await?;
            tx.remove_messages_to(&key).await?;
            tx.remove_limits_of(key.as_str()).await?;
            masked.push(own.contact.masked());
        }
        tx.anonymize_acceptances(user).await?;
        tx.anonymize_events(user, &masked).await?;
        tx.delete_user(user).await?;
        self.act.record(tx, Action::DeleteUser, user).await?;
        Ok(Some(user))
    }
}
