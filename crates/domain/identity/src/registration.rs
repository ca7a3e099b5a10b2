use std::future::Future;

use asteroid_kernel::{Contact, ContactKey, RegistrationId, StorageError, Timestamp};

use crate::{ContactType, PasswordHash, PersonName};

/// Somebody who wants to become a user, and has not proved the contact yet.
///
/// Several may live for one contact: each has its own code, and none sees or replaces another's password
/// (account pre-hijacking, Sudhodanan and Paverd 2022).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRegistration {
    /// Names it; its challenge names it in turn.
    pub id: RegistrationId,
    /// The contact to be proved.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// What the person is called.
    pub name: PersonName,
    /// The password, hashed already.
    pub password_hash: PasswordHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it can no longer be completed.
    pub expires_at: Timestamp,
}

impl PendingRegistration {
    /// Whether it can still be completed.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

/// Keeps pending registrations.
pub trait PendingRegistrationRepository: Send {
    /// Keeps a registration; if more than `at_most` then live for its contact, the oldest end. Which live is judged at
    /// the new one's `created_at`. The bound holds for registrations that are kept at once, too.
    fn insert_registration(
        &mut self,
        registration: &PendingRegistration,
        at_most: usize,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// The live registration of the contact that was made last.
    fn newest_registration(
        &mut self,
        contact: &ContactKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<PendingRegistration>, StorageError>> + Send;

    /// Takes a live registration out of the store. Of several that try at once, one gets it.
    fn take_registration(
        &mut self,
        id: RegistrationId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<PendingRegistration>, StorageError>> + Send;

    /// Ends every registration of the contact, expired ones too; says how many.
    fn end_registrations(
        &mut self,
        contact: &ContactKey,
    ) -> impl Future<Output = Result<u64, StorageError>> + Send;

    /// Removes the registrations that had expired by then; says how many.
    fn remove_expired_registrations(
        &mut self,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, StorageError>> + Send;
}
