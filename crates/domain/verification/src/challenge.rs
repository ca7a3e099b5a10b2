use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use asteroid_kernel::{ChallengeId, Contact, Randomness, RegistrationId, Timestamp, random_bytes};

use crate::CodeFormat;

/// What a code is good for, and for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Completes this pending registration, and no other of the same contact.
    Register(RegistrationId),
    /// Signs the contact's owner in.
    SignIn,
    /// Sets a new password for the contact's owner.
    Reset,
}

/// A [`Purpose`] without what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PurposeKind {
    /// See [`Purpose::Register`].
    Register,
    /// See [`Purpose::SignIn`].
    SignIn,
    /// See [`Purpose::Reset`].
    Reset,
}

impl Purpose {
    /// Which kind of purpose it is.
    #[must_use]
    pub const fn kind(self) -> PurposeKind {
        match self {
            Self::Register(_) => PurposeKind::Register,
            Self::SignIn => PurposeKind::SignIn,
            Self::Reset => PurposeKind::Reset,
        }
    }
}

impl PurposeKind {
    /// Its name in stores and in the derivation of codes: `register`, `login`, `reset`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "login",
            Self::Reset => "reset",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Register, Self::SignIn, Self::Reset].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// 128 random bits that make each challenge's code its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// How long challenges live and how many wrong guesses they bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeRules {
    /// From the challenge's opening to its end (ASVS 5.0, 6.5.5: at most ten minutes).
    pub life: Duration,
    /// So many wrong guesses kill every live challenge of a contact and purpose.
    pub guesses: u32,
    /// So many of them may come from addresses that did not ask for a code, so that a stranger cannot use up the
    /// owner's guesses.
    pub stranger_guesses: u32,
}

impl Default for ChallengeRules {
    /// 10 minutes, 5 guesses, 2 of them for strangers.
    fn default() -> Self {
        Self { life: Duration::from_mins(10), guesses: 5, stranger_guesses: 2 }
    }
}

/// What has become of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeState {
    /// Its code was neither redeemed nor ended.
    Open,
    /// Its code was redeemed, or ended with another of its contact and purpose.
    Spent {
        /// When.
        at: Timestamp,
    },
}

/// A demand to prove a contact by a code. It holds all that its code is derived from, but for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Names it.
    pub id: ChallengeId,
    /// Where the code is sent.
    pub contact: Contact,
    /// What the code is good for.
    pub purpose: Purpose,
    /// What the code looks like.
    pub format: CodeFormat,
    /// What makes its code its own.
    pub nonce: Nonce,
    /// Which key derives its code.
    pub key_id: String,
    /// From where the code was asked for.
    pub asked_from: Option<IpAddr>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its code stops working.
    pub expires_at: Timestamp,
    /// How many guesses were counted against it.
    pub guesses: u32,
    /// How many of them came from strangers.
    pub stranger_guesses: u32,
    /// What has become of it.
    pub state: ChallengeState,
}

impl Challenge {
    /// A new challenge.
    ///
    /// It takes over the guesses that were counted against the `live` ones of its contact and purpose, so that
    /// asking again gives a guesser no new life.
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a fact of its own, and none has a sensible default"
    )]
    pub fn open(
        contact: Contact,
        purpose: Purpose,
        format: CodeFormat,
        key_id: &str,
        asked_from: Option<IpAddr>,
        live: &[Self],
        rules: &ChallengeRules,
        now: Timestamp,
        randomness: &dyn Randomness,
    ) -> Self {
        Self {
            id: ChallengeId::new(now, randomness),
            contact,
            purpose,
            format,
            nonce: Nonce(random_bytes(randomness)),
            key_id: key_id.to_owned(),
            asked_from,
            created_at: now,
            expires_at: now + rules.life,
            guesses: live.iter().map(|challenge| challenge.guesses).max().unwrap_or(0),
            stranger_guesses: live.iter().map(|challenge| challenge.stranger_guesses).max().unwrap_or(0),
            state: ChallengeState::Open,
        }
    }

    /// Whether its code can be redeemed.
    #[must_use]
    pub fn is_live(&self, now: Timestamp, rules: &ChallengeRules) -> bool {
        self.state == ChallengeState::Open && now < self.expires_at && self.guesses < rules.guesses
    }

    /// Whether asking for a code sends this one's again: same purpose and format, in the first half of its life.
    #[must_use]
    pub fn is_sent_again(&self, purpose: Purpose, format: CodeFormat, now: Timestamp) -> bool {
        let half = self.expires_at.since(self.created_at) / 2;
        self.purpose == purpose && self.format == format && now < self.created_at + half
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::Region;
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;

    const FORMAT: CodeFormat = CodeFormat::Digits { length: 6 };

    fn open(live: &[Challenge], now: Timestamp) -> Challenge {
        let contact = Contact::parse("george@example.com", Region::US).expect("a contact");
        let (rules, randomness) = (ChallengeRules::default(), CountingRandomness::default());
        Challenge::open(contact, Purpose::SignIn, FORMAT, "k", None, live, &rules, now, &randomness)
    }

    #[test]
    fn a_challenge_dies_at_its_expiry() {
        let (rules, now) = (ChallengeRules::default(), Timestamp::from_micros(0));
        let challenge = open(&[], now);
        assert!(challenge.is_live(now + Duration::from_secs(600) - Duration::from_micros(1), &rules));
        assert!(!challenge.is_live(now + Duration::from_secs(600), &rules));
    }

    #[test]
    fn a_challenge_dies_of_its_fifth_guess_and_when_spent() {
        let (rules, now) = (ChallengeRules::default(), Timestamp::from_micros(0));
        let challenge = open(&[], now);
        assert!(Challenge { guesses: 4, ..challenge.clone() }.is_live(now, &rules));
        assert!(!Challenge { guesses: 5, ..challenge.clone() }.is_live(now, &rules));
        assert!(!Challenge { state: ChallengeState::Spent { at: now }, ..challenge }.is_live(now, &rules));
    }

    #[test]
    fn the_same_code_is_sent_again_in_the_first_half_of_its_life_only() {
        let now = Timestamp::from_micros(0);
        let challenge = open(&[], now);
        let half = now + Duration::from_secs(300);
        assert!(challenge.is_sent_again(Purpose::SignIn, FORMAT, half - Duration::from_micros(1)));
        assert!(!challenge.is_sent_again(Purpose::SignIn, FORMAT, half));
        assert!(!challenge.is_sent_again(Purpose::Reset, FORMAT, now));
        assert!(!challenge.is_sent_again(Purpose::SignIn, CodeFormat::Crockford { length: 6 }, now));
    }

    #[test]
    fn asking_again_gives_a_guesser_no_new_life() {
        let now = Timestamp::from_micros(0);
        let old = Challenge { guesses: 4, stranger_guesses: 2, ..open(&[], now) };
        let new = open(&[old], now);
        assert_eq!((new.guesses, new.stranger_guesses), (4, 2));
    }
}
