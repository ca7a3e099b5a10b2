//! [`PendingRegistrationRepository`] in memory.

use std::cmp::Reverse;

use asteroid_identity::{ContactClaim, PendingRegistration, PendingRegistrationRepository};
use asteroid_kernel::{ContactKey, Network, RegistrationId, StorageError, Timestamp};

use crate::MemoryTx;
use crate::table::{oldest_beyond, remove_where};

impl PendingRegistrationRepository for MemoryTx {
    async fn insert_registration(
        &mut self,
        registration: &PendingRegistration,
        at_most: usize,
    ) -> Result<(), StorageError> {
        let registrations = &mut self.state_mut()?.registrations;
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

    async fn find_registration(
        &mut self,
        id: RegistrationId,
        now: Timestamp,
    ) -> Result<Option<PendingRegistration>, StorageError> {
        Ok(self.state().registrations.get(&id).filter(|one| one.is_live(now)).cloned())
    }

    async fn live_registrations(
        &mut self,
        contact: &ContactKey,
        now: Timestamp,
    ) -> Result<Vec<PendingRegistration>, StorageError> {
        let registrations = self.state().registrations.values();
        let live = registrations.filter(|one| one.contact.key() == *contact && one.is_live(now));
        let mut live: Vec<_> = live.cloned().collect();
        live.sort_by_key(|one| Reverse((one.created_at, one.id)));
        Ok(live)
    }

    async fn take_registration(
        &mut self,
        id: RegistrationId,
        now: Timestamp,
    ) -> Result<Option<PendingRegistration>, StorageError> {
        let registrations = &mut self.state_mut()?.registrations;
        if registrations.get(&id).is_some_and(|one| one.is_live(now)) {
            Ok(registrations.remove(&id))
        } else {
            Ok(None)
        }
    }

    async fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.registrations, |_, one| one.contact.key() == *contact))
    }

    async fn insert_claim(&mut self, claim: &ContactClaim) -> Result<(), StorageError> {
        self.state_mut()?.claims.insert(claim.id, claim.clone());
        Ok(())
    }

    async fn remove_claims(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_mut()?.claims, |_, claim| claim.contact == *contact))
    }

    async fn claimants(
        &mut self,
        contact: &ContactKey,
        now: Timestamp,
    ) -> Result<Vec<Option<Network>>, StorageError> {
        let claims = self.state().claims.values();
        let live = claims.filter(|claim| claim.contact == *contact && now < claim.expires_at);
        Ok(live.map(|claim| claim.network).collect())
    }

    async fn remove_expired_registrations(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        let state = self.state_mut()?;
        let claims = remove_where(&mut state.claims, |_, claim| claim.expires_at <= now);
        Ok(claims + remove_where(&mut state.registrations, |_, one| !one.is_live(now)))
    }
}
