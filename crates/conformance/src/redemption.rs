//! Clauses of [`asteroid_verification::redeem`]: what its repository makes of it, end to end.

use std::net::IpAddr;
use std::sync::Arc;

use asteroid_kernel::Contact;
use asteroid_verification::{
    Challenge, ChallengeRules, ChallengeState, CodeGuess, CodeKey, CodeKeys, Purpose, PurposeKind,
    Redemption, redeem,
};

use crate::CompleteStorage;
use crate::fixtures::{asker, at, challenge, fresh_contact, ip, register};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

const LOGIN: [PurposeKind; 1] = [PurposeKind::SignIn];

/// A store with the keys that codes are derived with.
struct Desk<S> {
    store: Store<S>,
    keys: Arc<CodeKeys>,
}

impl<S> Clone for Desk<S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), keys: Arc::clone(&self.keys) }
    }
}

impl<S: CompleteStorage> Desk<S> {
    fn new(storage: S) -> Self {
        let key = CodeKey { id: "key".into(), secret: vec![7; CodeKeys::MIN_KEY_BYTES].into() };
        let keys = CodeKeys::new(vec![key]).expect("a good key");
        Self { store: Store::new(storage), keys: Arc::new(keys) }
    }

    /// Opens a challenge for a sign-in by somebody new.
    async fn open(&self) -> Challenge {
        let opened = challenge(&fresh_contact(), Purpose::SignIn, at(0));
        self.store.insert_challenge(&opened).await;
        opened
    }

    fn right(&self, challenge: &Challenge) -> CodeGuess {
        CodeGuess::new(self.keys.code(challenge).expect("its key is there").expose())
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
                    redeem(tx, keys, key, purposes, guess, Some(*guesser), &rules, at(1)).await
                })
            })
            .await
    }
}

/// What is no code at all.
fn wrong() -> CodeGuess {
    CodeGuess::new("wrong")
}

fn stranger() -> IpAddr {
    ip("198.51.100.1")
}

/// The right code redeems its challenge, with the guess in its count, and leaves it spent.
pub async fn the_right_code_redeems(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    let opened = desk.open().await;
    assert_eq!(desk.redeem(&opened.contact, &LOGIN, wrong(), asker()).await, Redemption::Wrong);
    let redemption = desk.redeem(&opened.contact, &LOGIN, desk.right(&opened), asker()).await;
    let counted = Challenge { guesses: 2, ..opened };
    assert_eq!(redemption, Redemption::Redeemed(counted.clone()));
    let spent = Challenge { state: ChallengeState::Spent { at: at(1) }, ..counted };
    assert_eq!(desk.store.find_challenge(spent.id).await, Some(spent));
}

/// Of many who send the right code at once, one redeems it.
pub async fn the_right_code_redeems_once(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    for _ in 0..ROUNDS {
        let opened = desk.open().await;
        let answers = at_once((0..20).map(|_| {
            let (desk, opened) = (desk.clone(), opened.clone());
            async move { desk.redeem(&opened.contact, &LOGIN, desk.right(&opened), asker()).await }
        }))
        .await;
        let redeemed = answers.iter().filter(|answer| matches!(answer, Redemption::Redeemed(_))).count();
        assert_eq!(redeemed, 1);
    }
}

/// A wrong code is counted, and after the last one the right code comes too late.
pub async fn wrong_codes_are_counted(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    let opened = desk.open().await;
    for guesses in 1..=5 {
        assert_eq!(desk.redeem(&opened.contact, &LOGIN, wrong(), asker()).await, Redemption::Wrong);
        let counted = desk.store.find_challenge(opened.id).await.map(|counted| counted.guesses);
        assert_eq!(counted, Some(guesses));
    }
    let late = desk.redeem(&opened.contact, &LOGIN, desk.right(&opened), asker()).await;
    assert_eq!(late, Redemption::NothingOpen);
}

/// The last guess may be the right one.
pub async fn the_last_guess_may_be_right(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    let opened = desk.open().await;
    for _ in 1..=4 {
        desk.redeem(&opened.contact, &LOGIN, wrong(), asker()).await;
    }
    let last = desk.redeem(&opened.contact, &LOGIN, desk.right(&opened), asker()).await;
    assert_eq!(last, Redemption::Redeemed(Challenge { guesses: 5, ..opened }));
}

/// Of wrong codes sent at once, no more are compared than guesses are left.
pub async fn wrong_codes_at_once_are_all_counted(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    for _ in 0..ROUNDS {
        let opened = desk.open().await;
        let answers = at_once((0..8).map(|_| {
            let (desk, contact) = (desk.clone(), opened.contact.clone());
            async move { desk.redeem(&contact, &LOGIN, wrong(), asker()).await }
        }))
        .await;
        let compared = answers.iter().filter(|answer| **answer == Redemption::Wrong).count();
        assert_eq!(compared, 5);
    }
}

/// Strangers use up their own guesses and leave the asker theirs.
pub async fn strangers_leave_the_asker_their_guesses(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    let opened = desk.open().await;
    for expected in [Redemption::Wrong, Redemption::Wrong, Redemption::NothingOpen] {
        assert_eq!(desk.redeem(&opened.contact, &LOGIN, wrong(), stranger()).await, expected);
    }
    let right = desk.redeem(&opened.contact, &LOGIN, desk.right(&opened), stranger()).await;
    assert_eq!(right, Redemption::NothingOpen, "a stranger who guesses on learns nothing");
    let redemption = desk.redeem(&opened.contact, &LOGIN, desk.right(&opened), asker()).await;
    assert_eq!(redemption, Redemption::Redeemed(Challenge { guesses: 3, stranger_guesses: 2, ..opened }));
}

/// A code opens its own purpose only, and its own contact's.
pub async fn a_code_opens_its_own_purpose_only(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    let opened = desk.open().await;
    let guess = desk.right(&opened);
    let for_reset = desk.redeem(&opened.contact, &[PurposeKind::Reset], guess.clone(), asker()).await;
    assert_eq!(for_reset, Redemption::NothingOpen);
    let other = desk.open().await;
    assert_eq!(desk.redeem(&other.contact, &LOGIN, guess, asker()).await, Redemption::Wrong);
}

/// The challenge that is redeemed is spent alone: its contact's others bear the guess, those for another purpose not
/// even that.
pub async fn a_redemption_leaves_the_others_open(storage: impl CompleteStorage) {
    let desk = Desk::new(storage);
    let contact = fresh_contact();
    let [login, registers, reset] =
        [Purpose::SignIn, register(), Purpose::Reset].map(|purpose| challenge(&contact, purpose, at(0)));
    desk.store.insert_challenges(&[login.clone(), registers.clone(), reset.clone()]).await;
    let purposes = [PurposeKind::SignIn, PurposeKind::Register];
    let redemption = desk.redeem(&contact, &purposes, desk.right(&registers), asker()).await;
    assert_eq!(redemption, Redemption::Redeemed(Challenge { guesses: 1, ..registers }));
    assert_eq!(desk.store.find_challenge(login.id).await, Some(Challenge { guesses: 1, ..login }));
    assert_eq!(desk.store.find_challenge(reset.id).await, Some(reset));
}
