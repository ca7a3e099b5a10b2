//! The rendered messages, and the checks of templates.

mod overrides;
mod texts;

use std::collections::BTreeMap;

use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{ChallengeId, Contact, Region, Timestamp};
use asteroid_messaging::{
    Branding, Content, Language, Message, MessageKind, MessageRenderer, OutgoingMessage, RegistrationDetails,
};

const EMAIL: &str = "george@example.com";
const PHONE: &str = "555-665-4345";

/// The branding of a deployment.
fn branding(language: Language) -> Branding {
    Branding {
        language,
        domain: "example.com".to_owned(),
        support: Some("help@example.com".to_owned()),
        ..Branding::default()
    }
}

fn renderer(branding: Branding) -> MessageRenderer {
    MessageRenderer::new(branding, &BTreeMap::new()).unwrap_or_else(|flaws| panic!("{flaws}"))
}

/// A message ten minutes before its expiry, with the time.
fn message(to: &str, kind: MessageKind, autofill: bool) -> (Message, Timestamp) {
    let (now, randomness) = (Timestamp::from_micros(0), CountingRandomness::default());
    let challenge = ChallengeId::new(now, &randomness);
    let content = if kind.carries_code() { Content::Code { challenge, autofill } } else { Content::Notice };
    let to = Contact::parse(to, Region::US).expect("a contact");
    let expires_at = now + std::time::Duration::from_mins(10);
    (Message::new(to, kind, content, expires_at, now, &randomness), now)
}

/// The registration of the samples.
fn registration() -> RegistrationDetails {
    RegistrationDetails {
        first_name: "George".to_owned(),
        requested_at: Timestamp::parse("2026-01-01T00:00:00Z").expect("a time"),
        user_agent: Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64)".to_owned()),
    }
}

fn rendered(renderer: &MessageRenderer, to: &str, kind: MessageKind, autofill: bool) -> OutgoingMessage {
    let (message, now) = message(to, kind, autofill);
    let code = if autofill { "042137" } else { "7G2KD" };
    let registration = (kind == MessageKind::RegistrationCode).then(registration);
    renderer.render(&message, Some(code), registration.as_ref(), now).expect("it can be rendered")
}
