//! Clauses of [`asteroid_verification::redeem`] on a challenge repository.

use std::net::IpAddr;
use std::sync::Arc;

use asteroid_kernel::{Contact, Network};
use asteroid_verification::{
    Challenge, ChallengeRules, ChallengeState, CodeGuess, CodeKey, CodeKeys, Purpose, PurposeKind,
    Redemption, redeem,
};

use crate::CompleteStorage;
use crate::fixtures::{asker, at, challenge, fresh_contact, ip, register};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

const LOGIN: [PurposeKind; 1] = [PurposeKind::SignIn];

/// A store, and the keys from which codes are derived.
struct Harness<S> {
    store: Store<S>,
    keys: Arc<CodeKeys>,
}

impl<S> Clone for Harness<S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), keys: Arc::clone(&self.keys) }
    }
}

impl<S: CompleteStorage> Harness<S> {
    fn new(storage: S) -> Self {
        let key = CodeKey { id: "key".into(), secret: vec![7; CodeKeys::MIN_KEY_BYTES].into() };
        let keys = CodeKeys::new(vec![key]).expect("a valid key");
        Self { store: Store::new(storage), keys: Arc::new(keys) }
    }

    /// Opens a sign-in challenge for an unused contact.
    async fn open(&self) -> Challenge {
        let opened = challenge(&fresh_contact(), Purpose::SignIn, at(0));
        self.store.insert_challenge(&opened).await;
        opened
    }

    /// The right code of a challenge.
    fn right(&self, challenge: &Challenge) -> CodeGuess {
        CodeGuess::new(self.keys.code(challenge).expect("the key exists").expose())
    }

    async fn redeem(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        guess: CodeGuess,
        guesser: IpAddr,
    ) -> Redemption {
        let context = (Arc::clone(&self.keys), contact.key(), purposes.to_vec(), guess, guesser);
        self.store
            .write(context, |(keys, key, purposes, guess, guesser), tx| {
                Box::pin(async move {
                    let rules = ChallengeRules::default();
                    let guesser = Some(Network::of(*guesser));
                    redeem(tx, keys, key, purposes, guess, guesser, u32::MAX, &rules, at(1)).await
                })
            })
            .await
    }
}

/// A code that is never right.
fn wrong() -> CodeGuess {
    CodeGuess::new("wrong")
}

fn stranger() -> IpAddr {
    ip("198.51.100.1")
}

/// The right code redeems its challenge: the guess is counted, and the challenge is spent.
pub async fn the_right_code_redeems_its_challenge(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    let opened = harness.open().await;
    assert_eq!(
        harness.redeem(&opened.contact, &LOGIN, wrong(), asker()).await,
        Redemption::Wrong { tries: 1 }
    );
    let redemption = harness.redeem(&opened.contact, &LOGIN, harness.right(&opened), asker()).await;
    let counted = Challenge { guesses: 2, ..opened };
    assert_eq!(redemption, Redemption::Redeemed(counted.clone()));
    let spent = Challenge { state: ChallengeState::Spent { at: at(1) }, ..counted };
    assert_eq!(harness.store.find_challenge(spent.id).await, Some(spent));
}

/// Of concurrent redemptions with the right code, one succeeds.
pub async fn concurrent_redemptions_with_the_right_code_succeed_once(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    for _ in 0..ROUNDS {
        let opened = harness.open().await;
        let answers = run_concurrently((0..20).map(|_| {
            let (harness, opened) = (harness.clone(), opened.clone());
            async move { harness.redeem(&opened.contact, &LOGIN, harness.right(&opened), asker()).await }
        }))
        .await;
        let redeemed = answers.iter().filter(|answer| matches!(answer, Redemption::Redeemed(_))).count();
        assert_eq!(redeemed, 1);
    }
}

/// A wrong code is counted. After the last guess the right code is rejected.
pub async fn wrong_codes_are_counted(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    let opened = harness.open().await;
    for guesses in 1..=5 {
        assert_eq!(
            harness.redeem(&opened.contact, &LOGIN, wrong(), asker()).await,
            Redemption::Wrong { tries: 1 }
        );
        let counted = harness.store.find_challenge(opened.id).await.map(|counted| counted.guesses);
        assert_eq!(counted, Some(guesses));
    }
    let late = harness.redeem(&opened.contact, &LOGIN, harness.right(&opened), asker()).await;
    assert_eq!(late, Redemption::NothingOpen);
}

/// The last guess within the limit redeems the challenge if it is right.
pub async fn the_last_guess_within_the_limit_can_redeem(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    let opened = harness.open().await;
    for _ in 1..=4 {
        harness.redeem(&opened.contact, &LOGIN, wrong(), asker()).await;
    }
    let last = harness.redeem(&opened.contact, &LOGIN, harness.right(&opened), asker()).await;
    assert_eq!(last, Redemption::Redeemed(Challenge { guesses: 5, ..opened }));
}

/// Of concurrent wrong codes, no more are compared than guesses are left.
pub async fn concurrent_wrong_codes_stay_within_the_guess_limit(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    for _ in 0..ROUNDS {
        let opened = harness.open().await;
        let answers = run_concurrently((0..8).map(|_| {
            let (harness, contact) = (harness.clone(), opened.contact.clone());
            async move { harness.redeem(&contact, &LOGIN, wrong(), asker()).await }
        }))
        .await;
        let compared = answers.iter().filter(|answer| matches!(answer, Redemption::Wrong { .. })).count();
        assert_eq!(compared, 5);
    }
}

/// Strangers use up their own guesses. The asker keeps the rest.
pub async fn strangers_leave_the_asker_guesses(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    let opened = harness.open().await;
    let one = || Redemption::Wrong { tries: 1 };
    for expected in [one(), one(), Redemption::NothingOpen] {
        assert_eq!(harness.redeem(&opened.contact, &LOGIN, wrong(), stranger()).await, expected);
    }
    let right = harness.redeem(&opened.contact, &LOGIN, harness.right(&opened), stranger()).await;
    assert_eq!(
        right,
        Redemption::NothingOpen,
        "a stranger over the limit cannot tell a right code from a wrong one"
    );
    let redemption = harness.redeem(&opened.contact, &LOGIN, harness.right(&opened), asker()).await;
    assert_eq!(redemption, Redemption::Redeemed(Challenge { guesses: 3, stranger_guesses: 2, ..opened }));
}

/// A code does not redeem a challenge for another purpose or of another contact.
pub async fn a_code_redeems_only_its_own_purpose_and_contact(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    let opened = harness.open().await;
    let guess = harness.right(&opened);
    let for_reset = harness.redeem(&opened.contact, &[PurposeKind::Reset], guess.clone(), asker()).await;
    assert_eq!(for_reset, Redemption::NothingOpen);
    let other = harness.open().await;
    assert_eq!(harness.redeem(&other.contact, &LOGIN, guess, asker()).await, Redemption::Wrong { tries: 1 });
}

/// A redemption spends one challenge. It is counted as a guess against others of the contact for the same purposes, and
/// does not change those for other purposes.
pub async fn a_redemption_leaves_other_challenges_open(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    let contact = fresh_contact();
    let [login, registers, reset] =
        [Purpose::SignIn, register(), Purpose::Reset].map(|purpose| challenge(&contact, purpose, at(0)));
    harness.store.insert_challenges(&[login.clone(), registers.clone(), reset.clone()]).await;
    let purposes = [PurposeKind::SignIn, PurposeKind::Register];
    let redemption = harness.redeem(&contact, &purposes, harness.right(&registers), asker()).await;
    assert_eq!(redemption, Redemption::Redeemed(Challenge { guesses: 1, ..registers }));
    assert_eq!(harness.store.find_challenge(login.id).await, Some(Challenge { guesses: 1, ..login }));
    assert_eq!(harness.store.find_challenge(reset.id).await, Some(reset));
}

/// A guess that is compared with two codes counts as two tries, and concurrent guesses of both kinds stay within the limit.
pub async fn guesses_at_two_codes_stay_within_the_guess_limit(storage: impl CompleteStorage) {
    let harness = Harness::new(storage);
    for _ in 0..ROUNDS {
        let older = harness.open().await;
        let newer = challenge(&older.contact, Purpose::SignIn, at(0));
        harness.store.insert_challenge(&newer).await;
        let answers = run_concurrently((0..8).map(|_| {
            let (harness, contact) = (harness.clone(), older.contact.clone());
            async move { harness.redeem(&contact, &LOGIN, wrong(), asker()).await }
        }))
        .await;
        let tries: Vec<u32> = answers
            .iter()
            .filter_map(|answer| if let Redemption::Wrong { tries } = answer { Some(*tries) } else { None })
            .collect();
        assert_eq!((tries.len(), tries.iter().sum()), (3, 5));
        for challenge in [older, newer] {
            let counted = harness.store.find_challenge(challenge.id).await.map(|counted| counted.guesses);
            assert_eq!(counted, Some(5));
        }
    }
}
