use asteroid_kernel::{ChallengeId, Contact, Timestamp};
use asteroid_verification::{Challenge, ChallengeRepository, ChallengeRules, Guesser, PurposeKind};

use super::{CompleteStorage, Store};

/// The default rules are those of every clause.
fn rules() -> ChallengeRules {
    ChallengeRules::default()
}

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn insert_challenges(&self, challenges: &[Challenge]) {
        self.write(challenges.to_vec(), |challenges, tx| {
            Box::pin(async move {
                for challenge in challenges {
                    tx.insert_challenge(challenge).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    pub(crate) async fn insert_challenge(&self, challenge: &Challenge) {
        self.insert_challenges(std::slice::from_ref(challenge)).await;
    }

    pub(crate) async fn find_challenge(&self, id: ChallengeId) -> Option<Challenge> {
        self.read(id, |id, tx| Box::pin(tx.find_challenge(*id))).await
    }

    pub(crate) async fn live_challenges(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Vec<Challenge> {
        self.read((contact.key(), purposes.to_vec(), now, rules()), |(key, purposes, now, rules), tx| {
            Box::pin(tx.live_challenges(key, purposes, rules, *now))
        })
        .await
    }

    pub(crate) async fn count_guess(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        guesser: Guesser,
        now: Timestamp,
    ) -> Vec<Challenge> {
        let context = (contact.key(), purposes.to_vec(), guesser, rules(), now);
        self.write(context, |(key, purposes, guesser, rules, now), tx| {
            Box::pin(tx.count_guess(key, purposes, *guesser, rules, *now))
        })
        .await
    }

    pub(crate) async fn spend_challenge(&self, id: ChallengeId, now: Timestamp) -> bool {
        self.write((id, now), |(id, now), tx| Box::pin(tx.spend_challenge(*id, *now))).await
    }

    pub(crate) async fn end_challenges(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> u64 {
        self.write((contact.key(), purposes.to_vec(), now), |(key, purposes, now), tx| {
            Box::pin(tx.end_challenges(key, purposes, *now))
        })
        .await
    }

    pub(crate) async fn remove_expired_challenges(&self, now: Timestamp) -> u64 {
        self.write(now, |now, tx| Box::pin(tx.remove_expired_challenges(*now))).await
    }
}
