//! Values that clauses store.

pub(crate) mod practice;

use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use asteroid_identity::{
    ContactClaim, ContactSource, ContactType, ImportScope, NewUser, PasswordHash, PendingRegistration,
    PersonName, Session, SessionToken,
};
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{Contact, Network, Origin, Region, RegistrationId, SessionId, Timestamp, UserId};
use asteroid_limits::LimitKey;
use asteroid_messaging::{Content, Message, MessageKind};
use asteroid_terms::{Acceptance, TermsVersion, VersionLabel};
use asteroid_verification::{Challenge, ChallengeRules, CodeFormat, Purpose};

/// The resolution of stored times.
pub(crate) const TICK: Duration = Duration::from_micros(1);

/// Deterministic, without repetition in a process.
pub(crate) static RANDOMNESS: LazyLock<CountingRandomness> = LazyLock::new(CountingRandomness::default);

/// A time in seconds since the start of a clause, with microseconds in it.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_767_225_599_999_999) + Duration::from_secs(seconds)
}

pub(crate) fn contact(text: &str) -> Contact {
    Contact::parse(text, Region::US).expect("a contact")
}

/// A number that is unique in this process.
pub(crate) fn fresh_number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A contact that no user has yet.
pub(crate) fn fresh_contact() -> Contact {
    contact(&format!("Person-{}@Example.com", fresh_number()))
}

/// An unused key.
pub(crate) fn fresh_key() -> LimitKey {
    LimitKey::new("sends", fresh_number())
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(crate) fn network(address: &str) -> Network {
    Network::of(ip(address))
}

/// A claim from this network with a life of an hour.
pub(crate) fn claim(contact: &Contact, network: Option<Network>, now: Timestamp) -> ContactClaim {
    ContactClaim::new(contact, network, now + Duration::from_hours(1), now, &*RANDOMNESS)
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(text)
}

pub(crate) fn person() -> PersonName {
    PersonName::new("George", "Washington").expect("a name")
}

pub(crate) fn new_user(contact: &Contact) -> NewUser {
    NewUser {
        name: person(),
        password_hash: Some(hash("first")),
        contact: contact.clone(),
        contact_type: ContactType::Personal,
        source: ContactSource::Verified,
        created_at: at(0),
    }
}

/// The source of a contact that was imported for the practice with this id.
pub(crate) const fn imported(practice: Option<i64>) -> ContactSource {
    ContactSource::Imported(ImportScope(practice))
}

/// A registration with a life of an hour.
pub(crate) fn registration(contact: &Contact, created_at: Timestamp) -> PendingRegistration {
    PendingRegistration {
        id: RegistrationId::new(created_at, &*RANDOMNESS),
        contact: contact.clone(),
        contact_type: ContactType::Work,
        name: person(),
        password_hash: hash("first"),
        network: Some(network("192.0.2.1")),
        user_agent: None,
        created_at,
        expires_at: created_at + Duration::from_hours(1),
    }
}

/// A session with a life of a day.
pub(crate) fn session(user: UserId, created_at: Timestamp) -> Session {
    Session {
        id: SessionId::new(created_at, &*RANDOMNESS),
        user,
        token: Some(SessionToken::new(&*RANDOMNESS).hash()),
        created_at,
        expires_at: created_at + Duration::from_hours(24),
        last_used_at: created_at,
        origin: Origin::default(),
    }
}

/// The address from which clauses request codes.
pub(crate) fn asker() -> IpAddr {
    ip("192.0.2.1")
}

pub(crate) fn challenge(contact: &Contact, purpose: Purpose, created_at: Timestamp) -> Challenge {
    Challenge::open(
        contact.clone(),
        purpose,
        CodeFormat::Digits { length: 6 },
        "key",
        Some(asker()),
        &[],
        &ChallengeRules::default(),
        created_at,
        &*RANDOMNESS,
    )
}

/// The purpose of a registration that is not in the store: challenges do not reference one.
pub(crate) fn register() -> Purpose {
    Purpose::Register(RegistrationId::new(at(0), &*RANDOMNESS))
}

pub(crate) fn label(text: &str) -> VersionLabel {
    VersionLabel::parse(text).expect("a label")
}

/// An unused label.
pub(crate) fn fresh_label() -> VersionLabel {
    label(&format!("v{}", fresh_number()))
}

pub(crate) fn terms(label: &VersionLabel, published_at: Timestamp) -> TermsVersion {
    let text = format!("The terms {label}.");
    TermsVersion { label: label.clone(), text, published_at }
}

pub(crate) fn acceptance(user: UserId, label: &VersionLabel, at: Timestamp) -> Acceptance {
    Acceptance { user, label: label.clone(), at, origin: Origin::default() }
}

pub(crate) fn notice(to: &Contact, created_at: Timestamp) -> Message {
    let expires_at = created_at + Message::NOTICE_LIFE;
    Message::new(
        to.clone(),
        MessageKind::PasswordChanged,
        Content::Notice,
        expires_at,
        created_at,
        &*RANDOMNESS,
    )
}
