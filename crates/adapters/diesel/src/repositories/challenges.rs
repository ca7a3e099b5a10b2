//! [`ChallengeRepository`] by diesel.

use asteroid_kernel::{CLOCK_SKEW, ChallengeId, ContactKey, StorageError, Timestamp};
use asteroid_verification::{Challenge, ChallengeRepository, Guesser, PurposeKind};
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::locks::Locks;
use crate::rows::{ChallengeRow, UnreadableColumn};
use crate::schema::challenges::{
    self, contact_key, created_at, expires_at, guesses, id, purpose, spent_at, stranger_guesses,
};
use crate::sql_types::{At, Id};

fn names(purposes: &[PurposeKind]) -> impl Iterator<Item = &'static str> {
    purposes.iter().map(|one| one.as_str())
}

fn read(rows: Vec<ChallengeRow>) -> Result<Vec<Challenge>, UnreadableColumn> {
    rows.into_iter().map(Challenge::try_from).collect()
}

impl ChallengeRepository for Tx {
    async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError> {
        self.execute(insert_into(challenges::table).values(ChallengeRow::from(challenge))).await?;
        Ok(())
    }

    async fn find_challenge(&mut self, challenge: ChallengeId) -> Result<Option<Challenge>, StorageError> {
        let query = challenges::table.find(Id(challenge.0)).select(ChallengeRow::as_select());
        Ok(self.first(query).await?.map(Challenge::try_from).transpose()?)
    }

    async fn open_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StorageError> {
        self.lock_challenges(contact.as_str()).await?;
        let query = challenges::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(purpose.eq_any(names(purposes)))
            .filter(spent_at.is_null())
            .filter(expires_at.gt(At(now)))
            .filter(created_at.le(At(now + CLOCK_SKEW)))
            .order((created_at.desc(), id.desc()))
            .select(ChallengeRow::as_select());
        Ok(read(self.all(query).await?)?)
    }

    async fn count_guess(
        &mut self,
        contact: &ContactKey,
        of: PurposeKind,
        guesser: Guesser,
        tries: u32,
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        let of_strangers = if guesser == Guesser::Stranger { tries } else { 0 };
        let open = challenges::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(purpose.eq(of.as_str()))
            .filter(spent_at.is_null())
            .filter(expires_at.gt(At(now)))
            .filter(created_at.le(At(now + CLOCK_SKEW)));
        let count = (
            guesses.eq(guesses + i64::from(tries)),
            stranger_guesses.eq(stranger_guesses + i64::from(of_strangers)),
        );
        self.execute(update(open).set(count)).await
    }

    async fn end_expired_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        self.lock_challenges(contact.as_str()).await?;
        let expired = challenges::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(purpose.eq_any(names(purposes)))
            .filter(spent_at.is_null())
            .filter(expires_at.le(At(now)).or(created_at.gt(At(now + CLOCK_SKEW))));
        self.execute(update(expired).set(spent_at.eq(At(now)))).await
    }

    async fn spend_challenge(
        &mut self,
        challenge: ChallengeId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let open = challenges::table.find(Id(challenge.0)).filter(spent_at.is_null());
        Ok(self.execute(update(open).set(spent_at.eq(At(now)))).await? == 1)
    }

    async fn end_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        let open = challenges::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(purpose.eq_any(names(purposes)))
            .filter(spent_at.is_null());
        self.execute(update(open).set(spent_at.eq(At(now)))).await
    }

    async fn remove_challenges(&mut self, contact: &ContactKey) -> Result<u64, StorageError> {
        self.execute(delete(challenges::table.filter(contact_key.eq(contact.as_str())))).await
    }

    async fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        let expired = expires_at.le(At(now)).or(created_at.gt(At(now + CLOCK_SKEW)));
        self.execute(delete(challenges::table.filter(expired))).await
    }
}
