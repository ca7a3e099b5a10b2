use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use asteroid_kernel::{ChallengeId, Contact, Network, Randomness, RegistrationId, Timestamp, random_bytes};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::CodeFormat;

/// What a code may be used for. A code of one purpose is not valid for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Completes this pending registration, but no other one of the same contact.
    Register(RegistrationId),
    /// Signs in the user who owns the contact.
    SignIn,
    /// Sets a new password for the user who owns the contact.
    Reset,
}

/// A [`Purpose`] without its data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum PurposeKind {
    /// See [`Purpose::Register`].
    Register,
    /// See [`Purpose::SignIn`].
    #[strum(serialize = "login")]
    SignIn,
    /// See [`Purpose::Reset`].
    Reset,
}

impl Purpose {
    /// The kind of this purpose.
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
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in stores and in the derivation of codes: `register`, `login`, `reset`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The kind of this name; [`None`] if there is no such kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The nonce of a challenge: 128 random bits, so that each challenge has a different code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// The lifetime of challenges, and the limits of guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeRules {
    /// The time from opening to expiry (OWASP ASVS 5.0, 6.5.5: at most 10 minutes).
    pub life: Duration,
    /// How long after the opening of a challenge the code before it can be redeemed, too.
    pub overlap: Duration,
    /// The number of guesses at which every live challenge of a contact and purpose stops being live.
    pub guesses: u32,
    /// The most of them that may come from networks that did not request a code. The rest is left to the owner of the
    /// contact, whatever strangers guess.
    pub stranger_guesses: u32,
}

impl Default for ChallengeRules {
    /// 10 minutes with an overlap of one, and 5 guesses, 2 of them from strangers.
    fn default() -> Self {
        Self {
            life: Duration::from_mins(10),
            overlap: Duration::from_mins(1),
            guesses: 5,
            stranger_guesses: 2,
        }
    }
}

/// Whether a challenge is open or spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeState {
    /// The code has been neither redeemed nor ended.
    Open,
    /// The code was redeemed, or ended together with another one of the same contact.
    Spent {
        /// When it was redeemed or ended.
        at: Timestamp,
    },
}

/// A challenge to prove control of a contact by a code. It holds all inputs of the code's derivation except the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The challenge's id.
    pub id: ChallengeId,
    /// The contact that the code is sent to.
    pub contact: Contact,
    /// What the code may be used for.
    pub purpose: Purpose,
    /// The format of the code.
    pub format: CodeFormat,
    /// The random input of the code's derivation.
    pub nonce: Nonce,
    /// The id of the key that the code is derived with.
    pub key_id: String,
    /// The address that requested the code; [`None`] if it is not known.
    pub asked_from: Option<IpAddr>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When the code expires.
    pub expires_at: Timestamp,
    /// The number of guesses that were counted against it.
    pub guesses: u32,
    /// The number of them that came from strangers.
    pub stranger_guesses: u32,
    /// Whether it is open or spent.
    pub state: ChallengeState,
}

impl Challenge {
    /// Creates a challenge.
    ///
    /// It inherits the guesses that were counted against the `live` challenges of its contact and purpose, so that a new
    /// request does not give a guesser more guesses.
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

    /// The challenge as a decoy: it has no guess left from the first, so that it is never live, and is stored and counted
    /// like any other.
    #[must_use]
    pub fn into_decoy(self) -> Self {
        Self { guesses: Self::DECOY, ..self }
    }

    /// Whether it is a [decoy](Self::into_decoy).
    #[must_use]
    pub fn is_decoy(&self) -> bool {
        self.guesses >= Self::DECOY
    }

    /// More guesses than any rule allows, and far from the largest number that is stored.
    const DECOY: u32 = 1 << 20;

    /// Whether the code can be redeemed: the challenge is open, not expired and has guesses left.
    #[must_use]
    pub fn is_live(&self, now: Timestamp, rules: &ChallengeRules) -> bool {
        self.state == ChallengeState::Open && !self.is_expired(now) && self.guesses < rules.guesses
    }

    /// Whether its lifetime is over. That of a challenge that was opened ahead of now is over, too: the clock was set back
    /// since, and the challenge may have expired before.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now || self.created_at.is_ahead_of(now)
    }

    /// Whether the code was requested from this network.
    #[must_use]
    pub fn is_asked_from(&self, network: Option<Network>) -> bool {
        self.asked_from.map(Network::of) == network
    }

    /// Whether a new request resends this challenge's code instead of opening a new challenge: it has the same purpose and
    /// format, and is in the first half of its lifetime.
    #[must_use]
    pub fn is_sent_again(&self, purpose: Purpose, format: CodeFormat, now: Timestamp) -> bool {
        let half = self.expires_at.since(self.created_at) / 2;
        self.purpose == purpose && self.format == format && now < self.created_at + half
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{CLOCK_SKEW, Region};

    use super::*;

    const FORMAT: CodeFormat = CodeFormat::Digits { length: 6 };

    fn open(live: &[Challenge], now: Timestamp) -> Challenge {
        let contact = Contact::parse("george@example.com", Region::US).expect("a contact");
        let (rules, randomness) = (ChallengeRules::default(), CountingRandomness::default());
        Challenge::open(contact, Purpose::SignIn, FORMAT, "k", None, live, &rules, now, &randomness)
    }

    #[test]
    fn a_challenge_is_live_until_its_expiry() {
        let (rules, now) = (ChallengeRules::default(), Timestamp::from_micros(0));
        let challenge = open(&[], now);
        assert!(challenge.is_live(now + Duration::from_secs(600) - Duration::from_micros(1), &rules));
        assert!(!challenge.is_live(now + Duration::from_secs(600), &rules));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_challenge_live_again() {
        let (rules, now) = (ChallengeRules::default(), Timestamp::from_micros(0) + Duration::from_hours(1));
        let challenge = open(&[], now);
        assert!(challenge.is_live(now - CLOCK_SKEW, &rules), "clocks of servers differ a little");
        assert!(!challenge.is_live(now - Duration::from_secs(6), &rules));
        assert!(challenge.is_expired(now - Duration::from_secs(6)));
    }

    #[test]
    fn addresses_of_one_network_are_one_requester() {
        let network = |text: &str| Some(Network::of(text.parse().expect("an address")));
        let asked_from = Some("2001:db8:0:1::1".parse().expect("an address"));
        let challenge = Challenge { asked_from, ..open(&[], Timestamp::from_micros(0)) };
        assert!(challenge.is_asked_from(network("2001:db8:0:1:ffff::2")));
        assert!(!challenge.is_asked_from(network("2001:db8:0:2::1")));
        assert!(!challenge.is_asked_from(None));
    }

    #[test]
    fn a_challenge_is_no_longer_live_after_its_fifth_guess_or_once_spent() {
        let (rules, now) = (ChallengeRules::default(), Timestamp::from_micros(0));
        let challenge = open(&[], now);
        assert!(Challenge { guesses: 4, ..challenge.clone() }.is_live(now, &rules));
        assert!(!Challenge { guesses: 5, ..challenge.clone() }.is_live(now, &rules));
        assert!(!Challenge { state: ChallengeState::Spent { at: now }, ..challenge }.is_live(now, &rules));
    }

    #[test]
    fn the_same_code_is_resent_in_the_first_half_of_its_lifetime_only() {
        let now = Timestamp::from_micros(0);
        let challenge = open(&[], now);
        let half = now + Duration::from_secs(300);
        assert!(challenge.is_sent_again(Purpose::SignIn, FORMAT, half - Duration::from_micros(1)));
        assert!(!challenge.is_sent_again(Purpose::SignIn, FORMAT, half));
        assert!(!challenge.is_sent_again(Purpose::Reset, FORMAT, now));
        assert!(!challenge.is_sent_again(Purpose::SignIn, CodeFormat::Crockford { length: 6 }, now));
    }

    #[test]
    fn a_new_request_gives_a_guesser_no_more_guesses() {
        let now = Timestamp::from_micros(0);
        let old = Challenge { guesses: 4, stranger_guesses: 2, ..open(&[], now) };
        let new = open(&[old], now);
        assert_eq!((new.guesses, new.stranger_guesses), (4, 2));
    }

    #[test]
    fn a_stored_purpose_is_read_back_by_its_name() {
        let registration = RegistrationId::new(Timestamp::from_micros(0), &CountingRandomness::default());
        let purposes = [
            (Purpose::Register(registration), "register"),
            (Purpose::SignIn, "login"),
            (Purpose::Reset, "reset"),
        ];
        for (purpose, name) in purposes {
            assert_eq!(purpose.kind().as_str(), name);
            assert_eq!(PurposeKind::parse(name), Some(purpose.kind()));
        }
        assert_eq!(PurposeKind::parse("sign_in"), None);
    }

    #[test]
    fn a_decoy_is_never_live() {
        let (rules, now) = (ChallengeRules::default(), Timestamp::from_micros(0));
        let decoy = open(&[], now).into_decoy();
        assert!(decoy.is_decoy() && !decoy.is_live(now, &rules));
        assert!(!open(&[], now).is_decoy());
    }

    #[test]
    fn a_nonce_is_not_printed() {
        assert_eq!(format!("{:?}", Nonce([7; 16])), "Nonce(..)");
    }
}
