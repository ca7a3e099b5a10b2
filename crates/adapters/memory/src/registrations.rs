use asteroid_identity::{PendingRegistration, PendingRegistrationRepository};
use asteroid_kernel::{ContactKey, RegistrationId, StorageError, Timestamp};

use crate::MemoryTx;
use crate::table::{oldest_beyond, remove_where};

impl PendingRegistrationRepository for MemoryTx {
    async fn insert_registration(
        &mut self,
        registration: &PendingRegistration,
        at_most: usize,
    ) -> Result<(), StorageError> {
        let registrations = &mut self.state_to_change()?.registrations;
        registrations.insert(registration.id, registration.clone());
        let now = registration.created_at;
        let live = registrations
            .values()
            .filter(|other| other.contact == registration.contact && other.is_live(now))
            .map(|other| (other.created_at, other.id));
        for id in oldest_beyond(at_most, live) {
            registrations.remove(&id);
        }
        Ok(())
    }

    async fn newest_registration(
        &mut self,
        contact: &ContactKey,
        now: Timestamp,
    ) -> Result<Option<PendingRegistration>, StorageError> {
        let registrations = self.state().registrations.values();
        let live = registrations.filter(|one| one.contact.key() == *contact && one.is_live(now));
        Ok(live.max_by_key(|one| (one.created_at, one.id)).cloned())
    }

    async fn take_registration(
        &mut self,
        id: RegistrationId,
        now: Timestamp,
    ) -> Result<Option<PendingRegistration>, StorageError> {
        let registrations = &mut self.state_to_change()?.registrations;
        if registrations.get(&id).is_some_and(|one| one.is_live(now)) {
            Ok(registrations.remove(&id))
        } else {
            Ok(None)
        }
    }

    async fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_to_change()?.registrations, |one| one.contact.key() == *contact))
    }

    async fn remove_expired_registrations(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_to_change()?.registrations, |one| !one.is_live(now)))
    }
}
