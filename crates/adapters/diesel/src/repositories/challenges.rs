//! [`ChallengeRepository`] by diesel.

use asteroid_kernel::{ChallengeId, ContactKey, StorageError, Timestamp};
use asteroid_verification::{Challenge, ChallengeRepository, ChallengeRules, Guesser, PurposeKind};
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

    async fn live_challenges(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StorageError> {
        let query = challenges::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(purpose.eq_any(names(purposes)))
            .filter(spent_at.is_null())
            .filter(expires_at.gt(At(now)))
            .filter(guesses.lt(i64::from(rules.guesses)))
            .order((created_at.desc(), id.desc()))
            .select(ChallengeRow::as_select());
        Ok(read(self.all(query).await?)?)
    }

    async fn count_guess(
        &mut self,
        contact: &ContactKey,
        purposes: &[PurposeKind],
        guesser: Guesser,
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StorageError> {
        self.lock_challenges(contact.as_str()).await?;
        let live = challenges::table
            .filter(contact_key.eq(contact.as_str()))
            .filter(purpose.eq_any(names(purposes)))
            .filter(spent_at.is_null())
            .filter(expires_at.gt(At(now)))
            .filter(guesses.lt(i64::from(rules.guesses)));
        let rows = match guesser {
            Guesser::Asker => {
                let count = update(live).set(guesses.eq(guesses + 1));
                self.all(count.returning(ChallengeRow::as_returning())).await?
            }
            Guesser::Stranger => {
                let left = live.filter(stranger_guesses.lt(i64::from(rules.stranger_guesses)));
                let both = (guesses.eq(guesses + 1), stranger_guesses.eq(stranger_guesses + 1));
                self.all(update(left).set(both).returning(ChallengeRow::as_returning())).await?
            }
        };
        let mut counted = read(rows)?;
        counted.sort_unstable_by_key(|challenge| std::cmp::Reverse((challenge.created_at, challenge.id)));
        Ok(counted)
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

    async fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        self.execute(delete(challenges::table.filter(expires_at.le(At(now))))).await
    }
}
