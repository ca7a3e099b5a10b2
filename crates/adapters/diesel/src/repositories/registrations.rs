//! [`PendingRegistrationRepository`] by diesel.

use asteroid_identity::{ContactClaim, PendingRegistration, PendingRegistrationRepository};
use asteroid_kernel::{ContactKey, Network, RegistrationId, StorageError, Timestamp};
use diesel::prelude::*;
use diesel::{alias, delete, insert_into};

use super::Tx;
use crate::locks::Locks;
use crate::rows::{ClaimRow, RegistrationRow, claimant};
use crate::schema::contact_claims;
use crate::schema::pending_registrations::{self as registrations, contact_key, created_at, expires_at, id};
use crate::sql_types::{At, Id};

impl PendingRegistrationRepository for Tx {
    async fn insert_registration(
        &mut self,
        registration: &PendingRegistration,
        at_most: usize,
    ) -> Result<(), StorageError> {
        // Serializes concurrent registrations, so that each sees the others.
        self.lock_registrations(registration.contact.key().as_str()).await?;
        let row = RegistrationRow::from(registration);
        self.execute(insert_into(registrations::table).values(row)).await?;
        let live = alias!(registrations as live);
        let too_many = live
            .filter(live.field(contact_key).eq(registration.contact.key().as_str().to_owned()))
            .filter(live.field(expires_at).gt(At(registration.created_at)))
            .order((live.field(created_at).desc(), live.field(id).desc()))
            .select(live.field(id))
            .offset(super::rows(at_most));
        self.execute(delete(registrations::table.filter(id.eq_any(too_many)))).await?;
        Ok(())
    }

    async fn find_registration(
        &mut self,
        wanted: RegistrationId,
        now: Timestamp,
    ) -> Result<Option<PendingRegistration>, StorageError> {
        let live = registrations::table.find(Id(wanted.0)).filter(expires_at.gt(At(now)));
        let found = self.first(live.select(RegistrationRow::as_select())).await?;
        Ok(found.map(PendingRegistration::try_from).transpose()?)
    }

    async fn live_registrations(
        &mut self,
        contact: &ContactKey,
        now: Timestamp,
    ) -> Result<Vec<PendingRegistration>, StorageError> {
        let query = registrations::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(expires_at.gt(At(now)))
            .order((created_at.desc(), id.desc()))
            .select(RegistrationRow::as_select());
        let rows = self.all(query).await?;
        Ok(rows.into_iter().map(PendingRegistration::try_from).collect::<Result<_, _>>()?)
    }

    async fn take_registration(
        &mut self,
        taken: RegistrationId,
        now: Timestamp,
    ) -> Result<Option<PendingRegistration>, StorageError> {
        let live = registrations::table.find(Id(taken.0)).filter(expires_at.gt(At(now)));
        let statement = delete(live).returning(RegistrationRow::as_returning());
        Ok(self.first(statement).await?.map(PendingRegistration::try_from).transpose()?)
    }

    async fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        self.execute(delete(registrations::table.filter(contact_key.eq(contact.as_str())))).await
    }

    async fn insert_claim(&mut self, claim: &ContactClaim) -> Result<(), StorageError> {
        self.execute(insert_into(contact_claims::table).values(ClaimRow::from(claim))).await?;
        Ok(())
    }

    async fn remove_claims(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        let claims = contact_claims::table.filter(contact_claims::contact_key.eq(contact.as_str()));
        self.execute(delete(claims)).await
    }

    async fn claimants(
        &mut self,
        contact: &ContactKey,
        now: Timestamp,
    ) -> Result<Vec<Option<Network>>, StorageError> {
        let query = contact_claims::table
            .filter(contact_claims::contact_key.eq(contact.as_str()))
            .filter(contact_claims::expires_at.gt(At(now)))
            .select(contact_claims::network);
        let stored: Vec<Option<String>> = self.all(query).await?;
        Ok(stored.iter().map(|network| claimant(network.as_deref())).collect::<Result<_, _>>()?)
    }

    async fn remove_expired_registrations(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        let claims = contact_claims::table.filter(contact_claims::expires_at.le(At(now)));
        let removed = self.execute(delete(claims)).await?;
        Ok(removed + self.execute(delete(registrations::table.filter(expires_at.le(At(now))))).await?)
    }
}
