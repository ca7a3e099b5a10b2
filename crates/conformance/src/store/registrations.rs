use asteroid_identity::{ContactClaim, PendingRegistration, PendingRegistrationRepository};
use asteroid_kernel::{Contact, Network, RegistrationId, Timestamp};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn insert_registration(&self, registration: &PendingRegistration, at_most: usize) {
        self.write((registration.clone(), at_most), |(registration, at_most), tx| {
            Box::pin(tx.insert_registration(registration, *at_most))
        })
        .await;
    }

    pub(crate) async fn find_registration(
        &self,
        id: RegistrationId,
        now: Timestamp,
    ) -> Option<PendingRegistration> {
        self.read((id, now), |(id, now), tx| Box::pin(tx.find_registration(*id, *now))).await
    }

    pub(crate) async fn live_registrations(
        &self,
        contact: &Contact,
        now: Timestamp,
    ) -> Vec<PendingRegistration> {
        self.read((contact.key(), now), |(key, now), tx| Box::pin(tx.live_registrations(key, *now))).await
    }

    pub(crate) async fn insert_claim(&self, claim: &ContactClaim) {
        self.write(claim.clone(), |claim, tx| Box::pin(tx.insert_claim(claim))).await;
    }

    pub(crate) async fn claimants(&self, contact: &Contact, now: Timestamp) -> Vec<Option<Network>> {
        self.read((contact.key(), now), |(key, now), tx| Box::pin(tx.claimants(key, *now))).await
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
