//! What a developer is shown of the outbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asteroid_application::OpenOutbox;
use asteroid_application::development::{ClearedMessages, DevelopmentOutbox, ShownCode, ShownMessage};
use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{Contact, Region, Timestamp};
use asteroid_messaging::{
    Branding, Content, Message, MessageKind, MessageRenderer, OutboxEntry, OutboxState,
};
use asteroid_verification::mocks::sample_keys;
use asteroid_verification::{Challenge, ChallengeRules, ChallengeState, CodeFormat, Purpose};

const NOW: &str = "2026-01-02T03:04:05.678Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn challenge() -> Challenge {
    let contact = Contact::parse("george@example.com", Region::US).expect("a contact");
    let (keys, rules) = (sample_keys(), ChallengeRules::default());
    let (format, randomness) = (CodeFormat::Digits { length: 6 }, CountingRandomness::default());
    let key = keys.current_id();
    Challenge::open(contact, Purpose::SignIn, format, &key, None, &[], &rules, now(), &randomness)
}

/// What is shown, now, of a message about this challenge.
async fn shown(challenge: Challenge, found: Option<Challenge>, content: Content) -> ShownMessage {
    let (kind, expires_at) = match content {
        Content::Code { .. } => (MessageKind::SignInCode, challenge.expires_at),
        Content::Notice => (MessageKind::PasswordChanged, now() + Message::NOTICE_LIFE),
    };
    let randomness = CountingRandomness::default();
    let message = Message::new(challenge.contact, kind, content, expires_at, now(), &randomness);
    let entry = OutboxEntry { message, attempts: 1, state: OutboxState::Delivered { at: now() } };
    let mut tx = MockTx::new();
    tx.expect_list_entries()
        .times(1)
        .withf(|filter, before, at_most| {
            (filter.state, filter.channel, *before, *at_most) == (None, None, None, 20)
        })
        .returning(move |_, _, _| Ok(vec![entry.clone()]));
    tx.expect_find_challenge().returning(move |_| Ok(found.clone()));
    let outbox = OpenOutbox {
        storage: Arc::new(MockStorage::of(tx)),
        renderer: MessageRenderer::new(Branding::default(), &BTreeMap::new())
            .expect("what comes along is good"),
        keys: Arc::new(sample_keys()),
        clock: Arc::new(ManualClock::at(NOW)),
        challenges: ChallengeRules::default(),
        cleared: ClearedMessages::default(),
    };
    outbox.latest_messages(20).await.expect("the store works").remove(0)
}

async fn shown_code(found: Option<Challenge>) -> ShownMessage {
    let content = Content::Code { challenge: challenge().id, autofill: false };
    shown(challenge(), found, content).await
}

#[tokio::test]
async fn a_code_that_works_is_shown_with_the_text_that_left() {
    let open = challenge();
    let code = sample_keys().code(&open).expect("a key").expose().to_owned();
    let message = shown_code(Some(open.clone())).await;
    let Some(ShownCode::Works { code: shown, until }) = message.code else { panic!("it works") };
    assert_eq!((shown.expose(), until), (code.as_str(), open.expires_at));
    let text = message.text.expect("its words");
    assert!(text.subject.is_some_and(|subject| subject.contains(&code)));
    assert!(text.body.contains(&code) && text.body.contains("10 minutes"), "{}", text.body);
    assert!(text.html.is_some_and(|html| html.contains(&code)));
}

#[tokio::test]
async fn a_code_that_does_not_work_is_not_shown() {
    let open = challenge();
    let spent = Challenge { state: ChallengeState::Spent { at: now() }, ..open.clone() };
    let guessed = Challenge { guesses: 5, ..open.clone() };
    let expired = Challenge { expires_at: now(), ..open.clone() };
    let keyless = Challenge { key_id: "retired".into(), ..open };
    let mut told = Vec::new();
    for found in [Some(spent), Some(guessed), Some(expired), Some(keyless), None] {
        let message = shown_code(found).await;
        assert!(message.text.is_none());
        told.push(format!("{:?}", message.code.expect("it carried one")));
    }
    assert_eq!(told, ["Spent", "Guessed", "Expired", "Lost", "Expired"]);
}

#[tokio::test]
async fn a_notice_is_shown_with_its_text_and_without_a_code() {
    let message = shown(challenge(), None, Content::Notice).await;
    assert!(message.code.is_none());
    assert!(message.text.is_some_and(|text| !text.body.is_empty()));
}

#[tokio::test]
async fn a_decoy_message_has_neither_code_nor_text() {
    let spent = Challenge { state: ChallengeState::Spent { at: now() }, ..challenge() };
    let decoy = Challenge { expires_at: now() - Duration::from_micros(1), ..spent.clone() };
    let content = Content::Code { challenge: spent.id, autofill: false };
    let message = shown(decoy, Some(spent), content).await;
    assert!(message.code.is_none() && message.text.is_none());
}

#[tokio::test]
async fn messages_are_hidden_once_they_are_cleared() {
    let clock = Arc::new(ManualClock::at(NOW));
    let contact = challenge().contact;
    let at = |seconds| now() + Duration::from_secs(seconds);
    let entries: Vec<OutboxEntry> = [60, 0]
        .into_iter()
        .map(|seconds| {
            let randomness = CountingRandomness::default();
            let (kind, created_at) = (MessageKind::PasswordChanged, at(seconds));
            let expires_at = created_at + Message::NOTICE_LIFE;
            let message =
                Message::new(contact.clone(), kind, Content::Notice, expires_at, created_at, &randomness);
            OutboxEntry { message, attempts: 1, state: OutboxState::Delivered { at: created_at } }
        })
        .collect();
    let mut tx = MockTx::new();
    tx.expect_list_entries().returning(move |_, _, _| Ok(entries.clone()));
    let outbox = OpenOutbox {
        storage: Arc::new(MockStorage::of(tx)),
        renderer: MessageRenderer::new(Branding::default(), &BTreeMap::new()).expect("valid templates"),
        keys: Arc::new(sample_keys()),
        clock: clock.clone(),
        challenges: ChallengeRules::default(),
        cleared: ClearedMessages::default(),
    };
    let shown = async || -> Vec<Timestamp> {
        let latest = outbox.latest_messages(20).await.expect("the store works");
        latest.into_iter().map(|shown| shown.message.created_at).collect()
    };
    assert_eq!(shown().await, [at(60), at(0)]);
    outbox.clear().await.expect("cleared");
    assert_eq!(shown().await, [at(60)], "a later message");
    clock.advance(Duration::from_secs(60));
    outbox.clear().await.expect("cleared");
    assert_eq!(shown().await, []);
}
