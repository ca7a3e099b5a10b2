use asteroid_identity::{PendingRegistration, PendingRegistrationRepository};
use asteroid_kernel::{Contact, RegistrationId, Timestamp};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn insert_registration(&self, registration: &PendingRegistration, at_most: usize) {
        self.write((registration.clone(), at_most), |(registration, at_most), tx| {
            Box::pin(tx.insert_registration(registration, *at_most))
        })
        .await;
    }

    pub(crate) async fn newest_registration(
        &self,
        contact: &Contact,
        now: Timestamp,
    ) -> Option<PendingRegistration> {
        self.read((contact.key(), now), |(key, now), tx| Box::pin(tx.newest_registration(key, *now))).await
    }

    pub(crate) async fn take_registration(
        &self,
        id: RegistrationId,
        now: Timestamp,
    ) -> Option<PendingRegistration> {
        self.write((id, now), |(id, now), tx| Box::pin(tx.take_registration(*id, *now))).await
    }

    pub(crate) async fn end_registrations(&self, contact: &Contact) -> u64 {
        self.write(contact.key(), |key, tx| Box::pin(tx.end_registrations(key))).await
    }

    pub(crate) async fn remove_expired_registrations(&self, now: Timestamp) -> u64 {
        self.write(now, |now, tx| Box::pin(tx.remove_expired_registrations(*now))).await
    }
}
