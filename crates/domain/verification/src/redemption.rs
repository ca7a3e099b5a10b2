use asteroid_kernel::{ContactKey, Network, StorageError, Timestamp};

use crate::repository::ChallengeRepository;
use crate::{Challenge, ChallengeRules, CodeGuess, CodeKeys, Guesser, Purpose, PurposeKind};

/// The outcome of a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The guess is the code of this challenge, which is now spent.
    ///
    /// The caller [ends](ChallengeRepository::end_challenges) the other challenges of the contact once the purpose is
    /// fulfilled, not before: if the registration has expired, its code must not end the codes of other registrations.
    Redeemed(Challenge),
    /// The guess is none of the codes that it was compared with. It was counted.
    Wrong {
        /// The number of codes that it was compared with.
        tries: u32,
    },
    /// There is no live challenge, or no guess is left for this guesser. Nothing was compared or counted.
    NothingOpen,
}

/// The most registrations of a contact whose codes a guess is compared with.
const REGISTRATIONS: usize = 3;

/// Redeems a guess against the live challenges of a contact for any of these purposes.
///
/// The guess is compared with few codes, so that open challenges do not add to a guesser's chance: with the newest code of
/// each of the newest three registrations; for other purposes with the newest code and, within its
/// [overlap](ChallengeRules::overlap), the one before. It counts as a try for each of them, against all live challenges of
/// the purpose, and is compared with at most `most` of them. So the chance to guess a code depends on the tries alone.
///
/// The tries are counted before the comparison (NIST SP 800-63B-4, 3.2.2). The caller commits [`Redemption::Wrong`] like
/// any other outcome: a rollback would discard the count. `guesser` is the network that the guess comes from.
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
    guesser: Option<Network>,
    most: u32,
    rules: &ChallengeRules,
    now: Timestamp,
) -> Result<Redemption, StorageError> {
    tx.end_expired_challenges(contact, purposes, now).await?;
    let open = tx.open_challenges(contact, purposes, now).await?;
    let (mut redeemed, mut tries) = (None, 0);
    for purpose in purposes {
        let live = open.iter().filter(|one| one.purpose.kind() == *purpose && one.is_live(now, rules));
        let mut compared = Comparison::of(live.collect(), guesser, rules, now);
        compared.challenges.truncate((most - tries) as usize);
        let counted = u32::try_from(compared.challenges.len()).unwrap_or(u32::MAX);
        // Written even if there is nothing to count, so that the time does not tell.
        tx.count_guess(contact, *purpose, compared.guesser, counted, now).await?;
        tries += counted;
        // Compares with all of them, so that the time does not depend on which one matches.
        for challenge in compared.challenges {
            if keys.is_code_of(guess, challenge) {
                redeemed = Some(counted_in(challenge, compared.guesser, counted));
            }
        }
    }
    match redeemed {
        Some(challenge) if tx.spend_challenge(challenge.id, now).await? => {
            Ok(Redemption::Redeemed(challenge))
        }
        _ if tries == 0 => Ok(Redemption::NothingOpen),
        _ => Ok(Redemption::Wrong { tries }),
    }
}

/// The challenges of one purpose that a guess is compared with.
struct Comparison<'a> {
    challenges: Vec<&'a Challenge>,
    guesser: Guesser,
}

impl<'a> Comparison<'a> {
    /// Selects from the live challenges of a purpose, newest first.
    fn of(
        live: Vec<&'a Challenge>,
        guesser: Option<Network>,
        rules: &ChallengeRules,
        now: Timestamp,
    ) -> Self {
        let is_asker = live.iter().any(|challenge| challenge.is_asked_from(guesser));
        let guesser = if is_asker { Guesser::Asker } else { Guesser::Stranger };
        let left = live.iter().map(|challenge| {
            let left = rules.guesses.saturating_sub(challenge.guesses);
            match guesser {
                Guesser::Asker => left,
                Guesser::Stranger => {
                    left.min(rules.stranger_guesses.saturating_sub(challenge.stranger_guesses))
                }
            }
        });
        let left = left.min().unwrap_or(0) as usize;
        let mut challenges: Vec<&Challenge> = Vec::new();
        for challenge in live {
            let is_compared = match (challenge.purpose, challenges.as_slice()) {
                (_, []) => true,
                (Purpose::Register(_), newer) => {
                    newer.len() < REGISTRATIONS
                        && newer.iter().all(|newer| newer.purpose != challenge.purpose)
                }
                (_, [newest]) => now < newest.created_at + rules.overlap,
                _ => false,
            };
            if is_compared {
                challenges.push(challenge);
            }
        }
        challenges.truncate(left);
        Self { challenges, guesser }
    }
}

/// The challenge with these tries counted against it.
fn counted_in(challenge: &Challenge, guesser: Guesser, tries: u32) -> Challenge {
    let of_strangers = if guesser == Guesser::Stranger { tries } else { 0 };
    Challenge {
        guesses: challenge.guesses + tries,
        stranger_guesses: challenge.stranger_guesses + of_strangers,
        ..challenge.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::IpAddr;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{ChallengeId, Contact, Region, RegistrationId};

    use super::*;
    use crate::{ChallengeState, CodeFormat, CodeKey, Purpose};

    const START: Timestamp = Timestamp::from_micros(0);
    const PURPOSES: [PurposeKind; 2] = [PurposeKind::SignIn, PurposeKind::Register];
    const WRONG: &str = "000000000000";
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

        async fn open_challenges(
            &mut self,
            contact: &ContactKey,
            purposes: &[PurposeKind],
            now: Timestamp,
        ) -> Result<Vec<Challenge>, StorageError> {
            let mut open = self.all.clone();
            open.retain(|challenge| {
                challenge.contact.key() == *contact
                    && purposes.contains(&challenge.purpose.kind())
                    && challenge.state == ChallengeState::Open
                    && !challenge.is_expired(now)
            });
            open.reverse();
            Ok(open)
        }

        async fn count_guess(
            &mut self,
            contact: &ContactKey,
            purpose: PurposeKind,
            guesser: Guesser,
            tries: u32,
            now: Timestamp,
        ) -> Result<u64, StorageError> {
            let open = self.open_challenges(contact, &[purpose], now).await?;
            for challenge in self.all.iter_mut().filter(|challenge| open.contains(challenge)) {
                *challenge = counted_in(challenge, guesser, tries);
            }
            Ok(open.len() as u64)
        }

        async fn end_expired_challenges(
            &mut self,
            _: &ContactKey,
            _: &[PurposeKind],
            now: Timestamp,
        ) -> Result<u64, StorageError> {
            for challenge in self.all.iter_mut().filter(|challenge| challenge.is_expired(now)) {
                challenge.state = ChallengeState::Spent { at: now };
            }
            Ok(0)
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

        async fn remove_challenges(&mut self, _: &ContactKey) -> Result<u64, StorageError> {
            unreachable!("a redemption removes nothing")
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
        now: Timestamp,
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
                now: START,
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
                self.now,
                &self.randomness,
            );
            self.tx.all.push(challenge.clone());
            let code = self.keys.code(&challenge).expect("a key").expose().to_owned();
            (challenge, code)
        }

        fn registration(&self) -> Purpose {
            Purpose::Register(RegistrationId::new(self.now, &self.randomness))
        }

        fn wait(&mut self, seconds: u64) {
            self.now = self.now + Duration::from_secs(seconds);
        }

        fn redeem(&mut self, guess: &str, guesser: IpAddr) -> Redemption {
            self.redeem_at_most(guess, guesser, u32::MAX)
        }

        fn redeem_at_most(&mut self, guess: &str, guesser: IpAddr, most: u32) -> Redemption {
            let (contact, guess) = (self.contact.key(), CodeGuess::new(guess));
            let redemption = redeem(
                &mut self.tx,
                &self.keys,
                &contact,
                &PURPOSES,
                &guess,
                Some(Network::of(guesser)),
                most,
                &self.rules,
                self.now,
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
        fixture.open(fixture.registration());
        assert_eq!(fixture.redeem(WRONG, OWNER), Redemption::Wrong { tries: 2 });
        assert_eq!((fixture.guesses(), fixture.spent()), (vec![(1, 0), (1, 0)], vec![false, false]));
    }

    #[test]
    fn a_code_spends_its_own_challenge_and_no_other() {
        for right in 0..3 {
            let mut fixture = Fixture::new();
            let purposes = [Purpose::SignIn, fixture.registration(), Purpose::SignIn];
            let codes = purposes.map(|purpose| fixture.open(purpose));
            let (challenge, code) = &codes[right];
            let Redemption::Redeemed(redeemed) = fixture.redeem(code, OWNER) else {
                panic!("it is the code")
            };
            assert_eq!(redeemed.id, challenge.id);
            assert_eq!(fixture.spent(), [0, 1, 2].map(|index| index == right));
        }
    }

    #[test]
    fn the_code_before_the_newest_is_redeemed_within_the_overlap_only() {
        for (seconds, is_redeemed) in [(0, true), (59, true), (60, false)] {
            let mut fixture = Fixture::new();
            let (_, code) = fixture.open(Purpose::SignIn);
            fixture.wait(300);
            fixture.open(Purpose::SignIn);
            fixture.wait(seconds);
            let redemption = fixture.redeem(&code, OWNER);
            assert_eq!(matches!(redemption, Redemption::Redeemed(_)), is_redeemed, "{seconds} s");
        }
    }

    #[test]
    fn a_guess_is_compared_with_two_codes_at_most_and_counts_as_a_try_for_each() {
        let mut fixture = Fixture::new();
        let codes = [(); 3].map(|()| fixture.open(Purpose::SignIn).1);
        assert_eq!(fixture.redeem(&codes[0], OWNER), Redemption::Wrong { tries: 2 });
        assert_eq!(fixture.guesses(), [(2, 0); 3]);
        fixture.wait(60);
        assert_eq!(fixture.redeem(&codes[1], OWNER), Redemption::Wrong { tries: 1 });
        assert_eq!(
            fixture.guesses(),
            [(3, 0); 3],
            "counted against those, too, with which it is not compared"
        );
    }

    #[test]
    fn no_guess_is_compared_with_more_codes_than_tries_are_left() {
        let mut fixture = Fixture::new();
        let (_, older) = fixture.open(Purpose::SignIn);
        let (_, newer) = fixture.open(Purpose::SignIn);
        for challenge in &mut fixture.tx.all {
            challenge.guesses = 4;
        }
        assert_eq!(fixture.redeem(&older, OWNER), Redemption::Wrong { tries: 1 });
        assert_eq!(fixture.guesses(), [(5, 0); 2]);
        assert_eq!(fixture.redeem(&newer, OWNER), Redemption::NothingOpen);

        let mut fixture = Fixture::new();
        let (_, older) = fixture.open(Purpose::SignIn);
        fixture.open(Purpose::SignIn);
        assert_eq!(fixture.redeem_at_most(&older, OWNER, 1), Redemption::Wrong { tries: 1 });
        assert_eq!(fixture.redeem_at_most(&older, OWNER, 0), Redemption::NothingOpen);
        assert_eq!(fixture.guesses(), [(1, 0); 2]);
    }

    #[test]
    fn a_guess_is_compared_with_the_newest_code_of_three_registrations() {
        let mut fixture = Fixture::new();
        let registrations = [(); 4].map(|()| fixture.registration());
        let codes = registrations.map(|registration| fixture.open(registration).1);
        let (_, again) = fixture.open(registrations[2]);
        for not_compared in [&codes[0], &codes[2]] {
            for challenge in &mut fixture.tx.all {
                challenge.guesses = 0;
            }
            assert_eq!(fixture.redeem(not_compared, OWNER), Redemption::Wrong { tries: 3 });
        }
        for code in [&codes[1], &codes[3], &again] {
            for challenge in &mut fixture.tx.all {
                challenge.guesses = 0;
            }
            assert!(matches!(fixture.redeem(code, OWNER), Redemption::Redeemed(_)));
        }
    }

    #[test]
    fn a_code_once_expired_stays_expired() {
        let mut fixture = Fixture::new();
        fixture.wait(3600);
        let (_, code) = fixture.open(Purpose::SignIn);
        fixture.wait(600);
        assert_eq!(fixture.redeem(WRONG, OWNER), Redemption::NothingOpen);
        fixture.now = START + Duration::from_hours(1);
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::NothingOpen, "the clock was set back");
    }

    #[test]
    fn who_requested_a_code_for_one_purpose_is_a_stranger_for_another() {
        let mut fixture = Fixture::new();
        fixture.open(Purpose::SignIn);
        fixture.open(fixture.registration());
        fixture.tx.all[1].asked_from = Some(STRANGER);
        assert_eq!(fixture.redeem(WRONG, STRANGER), Redemption::Wrong { tries: 2 });
        assert_eq!(fixture.guesses(), [(1, 1), (1, 0)]);
    }

    #[test]
    fn a_code_that_a_concurrent_redemption_spent_is_wrong() {
        let mut fixture = Fixture::new();
        let (challenge, code) = fixture.open(Purpose::SignIn);
        fixture.tx.spent_elsewhere.insert(challenge.id);
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::Wrong { tries: 1 });
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
        assert_eq!(fixture.redeem(WRONG, STRANGER), Redemption::Wrong { tries: 1 });
        assert_eq!(fixture.redeem(WRONG, STRANGER), Redemption::Wrong { tries: 1 });
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
        assert_eq!(fixture.redeem(WRONG, OWNER), Redemption::NothingOpen);
        let (_, code) = fixture.open(Purpose::Reset);
        assert_eq!(fixture.redeem(&code, OWNER), Redemption::NothingOpen, "the purpose is another one");
        assert_eq!(fixture.guesses(), [(0, 0)]);
    }
}
