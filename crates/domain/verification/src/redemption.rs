use std::net::IpAddr;

use asteroid_kernel::{ContactKey, StorageError, Timestamp};

use crate::repository::ChallengeRepository;
use crate::{Challenge, ChallengeRules, CodeGuess, CodeKeys, Guesser, PurposeKind};

/// The outcome of a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The guess is the code of this challenge, which is now spent.
    ///
    /// The caller [ends](ChallengeRepository::end_challenges) the other challenges of the contact once the purpose is
    /// fulfilled, not before: if the registration has expired, its code must not end the codes of other registrations.
    Redeemed(Challenge),
    /// The guess is not the code of any live challenge. It was counted.
    Wrong,
    /// There is no live challenge, or no guess is left for this guesser. Nothing was counted.
    NothingOpen,
}

/// Redeems a guess against the live challenges of a contact for any of these purposes.
///
/// The guess is counted before it is compared (NIST SP 800-63B-4, 3.2.2). The caller commits [`Redemption::Wrong`] like any
/// other outcome: a rollback would discard the count. `guesser` is the address that the guess comes from.
///
/// # Errors
///
/// If the storage fails.
#[expect(clippy::too_many_arguments, reason = "each is a fact of its own, and none has a sensible default")]
pub async fn redeem<Tx: ChallengeRepository>(
    tx: &mut Tx,
    keys: &CodeKeys,
    contact: &ContactKey,
    purposes: &[PurposeKind],
    guess: &CodeGuess,
    guesser: Option<IpAddr>,
    rules: &ChallengeRules,
    now: Timestamp,
) -> Result<Redemption, StorageError> {
    let live = tx.live_challenges(contact, purposes, rules, now).await?;
    let requested_here = live.iter().any(|challenge| challenge.asked_from == guesser);
    let guesser = if requested_here { Guesser::Asker } else { Guesser::Stranger };
    let counted = tx.count_guess(contact, purposes, guesser, rules, now).await?;
    // Compares with all of them, so that the time does not depend on which one matches.
    let mut redeemed = None;
    for challenge in &counted {
        if keys.is_code_of(guess, challenge) {
            redeemed = Some(challenge);
        }
    }
    match redeemed {
        Some(challenge) if tx.spend_challenge(challenge.id, now).await? => {
            Ok(Redemption::Redeemed(challenge.clone()))
        }
        _ if counted.is_empty() => Ok(Redemption::NothingOpen),
        _ => Ok(Redemption::Wrong),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{ChallengeId, Contact, Region};

    use super::*;
    use crate::{ChallengeState, CodeFormat, CodeKey, Purpose};

    const NOW: Timestamp = Timestamp::from_micros(0);
    const PURPOSES: [PurposeKind; 2] = [PurposeKind::SignIn, PurposeKind::Reset];
    const OWNER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

    /// The challenges of one contact in memory.
    #[derive(Default)]
    struct Challenges {
        all: Vec<Challenge>,
        /// Challenges that a concurrent redemption spends before this one does.
        spent_elsewhere: BTreeSet<ChallengeId>,
    }

    impl ChallengeRepository for Challenges {
        async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError> {
            self.all.push(challenge.clone());
            Ok(())
        }

        async fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError> {
            Ok(self.all.iter().find(|challenge| challenge.id == id).cloned())
        }

        async fn live_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            rules: &ChallengeRules,
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError> {
            let mut live = self.all.clone();
            live.retain(|challenge| {
                challenge.contact.key() == *contact
                    && purposes.contains(&challenge.purpose.kind())
                    && challenge.is_live(now, rules)
            });
            Ok(live)
        }

        async fn count_guess(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            guesser: Guesser,
            rules: &ChallengeRules,
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError> {
            let live = self.live_challenges(contact, purposes, rules, now).await?;
            let is_stranger = guesser == Guesser::Stranger;
            let mut counted = Vec::new();
            for challenge in self.all.iter_mut().filter(|challenge| live.contains(challenge)) {
                if is_stranger && challenge.stranger_guesses >= rules.stranger_guesses {
                    continue;
                }
                challenge.guesses += 1;
                challenge.stranger_guesses += u32::from(is_stranger);
                counted.push(challenge.clone());
            }
            Ok(counted)
        }

        async fn spend_challenge(&mut self, id: ChallengeId, now: Timestamp) -> Result<bool, StorageError> {
            let open = self.all.iter_mut().find(|challenge| {
                challenge.id == id
                    && challenge.state == ChallengeState::Open
                    && !self.spent_elsewhere.contains(&id)
            });
            Ok(open.map(|challenge| challenge.state = ChallengeState::Spent { at: now }).is_some())
        }

        async fn end_challenges(
            &mut self,
            _: &ContactKey,
            _: &[PurposeKind],
            _: Timestamp,
        ) -> Result<u64, StorageError> {
            unreachable!("ending the others is the caller's decision")
        }

        async fn remove_expired_challenges(&mut self, _: Timestamp) -> Result<u64, StorageError> {
            unreachable!("a redemption removes nothing")
        }
    }

    struct Fixture {
        tx: Challenges,
        keys: CodeKeys,
        contact: Contact,
        rules: ChallengeRules,
        randomness: CountingRandomness,
    }

    impl Fixture {
        fn new() -> Self {
            let key = CodeKey { id: "k".into(), secret: vec![7; 32].into() };
            Self {
                tx: Challenges::default(),
                keys: CodeKeys::new(vec![key]).expect("good keys"),
                contact: Contact::parse("george@example.com", Region::US).expect("a contact"),
                rules: ChallengeRules::default(),
                randomness: CountingRandomness::default(),
            }
        }

        /// Opens a challenge that the owner of the contact requested. Returns it with its code.
        fn open(&mut self, purpose: Purpose) -> (Challenge, String) {
            let format = CodeFormat::Crockford { length: 12 };
            let challenge = Challenge::open(
                self.contact.clone(),
                purpose,
                format,
                "k",
                Some(OWNER),
                &[],
                &self.rules,
                NOW,
                &self.randomness,
            );
            self.tx.all.push(challenge.clone());
            let code = self.keys.code(&challenge).expect("a key").expose().to_owned();
            (challenge, code)
        }

        fn redeem(&mut self, guess: &str, guesser: IpAddr) -> Redemption {
            let (contact, guess) = (self.contact.key(), CodeGuess::new(guess));
            let redemption = redeem(
                &mut self.tx,
                &self.keys,
                &contact,
                &PURPOSES,
                &guess,
                Some(guesser),
                &self.rules,
                NOW,
            );
            let Poll::Ready(outcome) = pin!(redemption).poll(&mut Context::from_waker(Waker::noop())) else {
                unreachable!("the fake never waits")
            };
            outcome.expect("the fake never fails")
        }

        fn guesses(&self) -> Vec<(u32, u32)> {
            self.tx.all.iter().map(|challenge| (challenge.guesses, challenge.stranger_guesses)).collect()
        }

        fn spent(&self) -> Vec<bool> {
            self.tx.all.iter().map(|challenge| challenge.state != ChallengeState::Open).collect()
        }
    }

    #[test]
    fn a_code_is_redeemed_once() {
        let mut fixture = Fixture::new();
        let (challenge, code) = fixture.open(Purpose::SignIn);
        let counted = Challenge { guesses: 1, ..challenge };
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::Redeemed(counted));
        assert_eq!(fixture.spent(), [true]);
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::NothingOpen);
    }

    #[test]
    fn a_wrong_guess_is_counted_and_spends_no_challenge() {
        let mut fixture = Fixture::new();
        fixture.open(Purpose::SignIn);
        fixture.open(Purpose::Reset);
        assert_eq!(fixture.redeem("000000000000", OWNER), Redemption::Wrong);
        assert_eq!((fixture.guesses(), fixture.spent()), (vec![(1, 0), (1, 0)], vec![false, false]));
    }

    #[test]
    fn a_code_spends_its_own_challenge_and_no_other() {
        for right in 0..3 {
            let mut fixture = Fixture::new();
            let codes =
                [Purpose::SignIn, Purpose::Reset, Purpose::SignIn].map(|purpose| fixture.open(purpose));
            let (challenge, code) = &codes[right];
            let Redemption::Redeemed(redeemed) = fixture.redeem(code, OWNER) else {
                panic!("it is the code")
            };
            assert_eq!(redeemed.id, challenge.id);
            assert_eq!(fixture.spent(), [0, 1, 2].map(|index| index == right));
        }
    }

    #[test]
    fn a_code_that_a_concurrent_redemption_spent_is_wrong() {
        let mut fixture = Fixture::new();
        let (challenge, code) = fixture.open(Purpose::SignIn);
        fixture.tx.spent_elsewhere.insert(challenge.id);
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::Wrong);
        assert_eq!(fixture.guesses(), [(1, 0)], "it is counted like any wrong guess");
    }

    #[test]
    fn the_last_guess_may_be_right_but_none_after_it() {
        let mut fixture = Fixture::new();
        let (_, code) = fixture.open(Purpose::SignIn);
        fixture.tx.all[0].guesses = 4;
        assert!(matches!(fixture.redeem(&code, OWNER), Redemption::Redeemed(_)));
        let (_, code) = fixture.open(Purpose::SignIn);
        fixture.tx.all[1].guesses = 5;
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::NothingOpen);
    }

    #[test]
    fn strangers_cannot_use_up_the_guesses_of_the_owner() {
        let mut fixture = Fixture::new();
        let (_, code) = fixture.open(Purpose::SignIn);
        assert_eq!(fixture.redeem("000000000000", STRANGER), Redemption::Wrong);
        assert_eq!(fixture.redeem("000000000000", STRANGER), Redemption::Wrong);
        assert_eq!(
            fixture.redeem(&code, STRANGER),
            Redemption::NothingOpen,
            "no guess is left for strangers"
        );
        assert_eq!(fixture.guesses(), [(2, 2)]);
        assert!(matches!(fixture.redeem(&code, OWNER), Redemption::Redeemed(_)));
    }

    #[test]
    fn without_a_live_challenge_nothing_is_redeemed() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.redeem("000000000000", OWNER), Redemption::NothingOpen);
        let registration = asteroid_kernel::RegistrationId::new(NOW, &fixture.randomness);
        let (_, code) = fixture.open(Purpose::Register(registration));
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::NothingOpen, "the purpose is another one");
        assert_eq!(fixture.guesses(), [(0, 0)]);
    }
}
