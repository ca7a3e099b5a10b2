//! What operators do with the outbox, on mocks: which messages are tried again, and which are not.

use std::sync::Arc;
use std::time::Duration;

use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::{Outbox, RetriedDead, RetryRefusal};
use asteroid_audit::{Action, Outcome};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{ChallengeId, Contact, MessageId, Randomness, Region, Timestamp};
use asteroid_messaging::{Content, Message, MessageKind, OutboxEntry, OutboxState, OutboxStateKind};
use asteroid_verification::{Challenge, ChallengeRules, ChallengeState, CodeFormat, Purpose};

use crate::operator;

const NOW: &str = "2026-01-02T03:04:05.678Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn outbox(tx: MockTx) -> (Outbox<MockStorage>, Arc<MockStorage>) {
    let storage = Arc::new(MockStorage::of(tx));
    let (clock, randomness) = (Arc::new(ManualClock::at(NOW)), Arc::new(CountingRandomness::default()));
    (Outbox::new(Arc::clone(&storage), clock, randomness), storage)
}

fn contact() -> Contact {
    Contact::parse("george@example.com", Region::US).expect("a contact")
}

fn dead() -> OutboxState {
    OutboxState::Failed { at: now(), reason: "no such mailbox".into() }
}

/// A notice in this state, of use for another moment.
fn notice(state: OutboxState, randomness: &dyn Randomness) -> OutboxEntry {
    let expires_at = now() + Duration::from_micros(1);
    let kind = MessageKind::PasswordChanged;
    let message = Message::new(contact(), kind, Content::Notice, expires_at, now(), randomness);
    OutboxEntry { message, attempts: 1, state }
}

fn challenge(state: ChallengeState) -> Challenge {
    let (rules, randomness) = (ChallengeRules::default(), CountingRandomness::default());
    let format = CodeFormat::Digits { length: 6 };
    let open =
        Challenge::open(contact(), Purpose::SignIn, format, "k", None, &[], &rules, now(), &randomness);
    Challenge { state, ..open }
}

/// What becomes of this message, whose challenge is this one. Nothing may be revived.
async fn refusal(entry: Option<OutboxEntry>, challenge: Option<Challenge>) -> Option<RetryRefusal> {
    let id = MessageId::new(now(), &CountingRandomness::default());
    let mut tx = MockTx::new();
    tx.expect_find_entry().times(1).returning(move |_| Ok(entry.clone()));
    tx.expect_find_challenge().returning(move |_| Ok(challenge.clone()));
    let (outbox, _) = outbox(tx);
    outbox.retry(id, &operator()).await.expect("the store works").err()
}

#[tokio::test]
async fn an_expired_or_spent_message_is_not_retried() {
    let randomness = CountingRandomness::default();
    let in_state = |state| Some(notice(state, &randomness));
    assert_eq!(refusal(None, None).await, Some(RetryRefusal::Unknown));
    let waiting = in_state(OutboxState::Waiting { due_at: now() });
    assert_eq!(refusal(waiting, None).await, Some(RetryRefusal::Waiting));
    let delivered = in_state(OutboxState::Delivered { at: now() });
    assert_eq!(refusal(delivered, None).await, Some(RetryRefusal::Delivered));
    let mut useless = notice(dead(), &randomness);
    useless.message.expires_at = now();
    assert_eq!(refusal(Some(useless), None).await, Some(RetryRefusal::Useless));
    for gone in [None, Some(challenge(ChallengeState::Spent { at: now() }))] {
        let mut code = notice(dead(), &randomness);
        code.message.content =
            Content::Code { challenge: ChallengeId::new(now(), &randomness), autofill: false };
        assert_eq!(refusal(Some(code), gone).await, Some(RetryRefusal::CodeGone));
    }
}

/// A transaction in which these are revived, each with an event.
fn tx_that_revives(ids: Vec<MessageId>) -> MockTx {
    let mut tx = MockTx::new();
    let times = ids.len();
    tx.expect_requeue()
        .times(times)
        .withf(move |id, at| ids.contains(id) && *at == now())
        .returning(|_, _| Ok(true));
    tx.expect_record_event()
        .times(times)
        .withf(|event| {
            (event.action, event.outcome) == (Action::RetryMessage, Outcome::Done)
                && event.contact.as_deref() == Some("g…e@example.com")
                && event.operator.as_deref() == Some("root")
        })
        .returning(|_| Ok(()));
    tx
}

#[tokio::test]
async fn a_dead_message_that_is_of_use_is_tried_again_and_the_trail_says_so() {
    let randomness = CountingRandomness::default();
    let open = challenge(ChallengeState::Open);
    let mut code = notice(dead(), &randomness);
    code.message.content = Content::Code { challenge: open.id, autofill: true };
    for entry in [notice(dead(), &randomness), code] {
        let id = entry.message.id;
        let mut tx = tx_that_revives(vec![id]);
        tx.expect_find_entry().times(1).returning(move |_| Ok(Some(entry.clone())));
        let found = open.clone();
        tx.expect_find_challenge().returning(move |_| Ok(Some(found.clone())));
        let (outbox, storage) = outbox(tx);
        assert_eq!(outbox.retry(id, &operator()).await.expect("the store works"), Ok(()));
        assert_eq!(storage.committed(), 1);
    }
}

#[tokio::test]
async fn of_all_dead_messages_those_that_are_of_use_are_tried_again() {
    let randomness = CountingRandomness::default();
    let useful = [notice(dead(), &randomness), notice(dead(), &randomness)];
    let mut useless = notice(dead(), &randomness);
    useless.message.expires_at = now();
    let ids = useful.each_ref().map(|entry| entry.message.id);
    let mut tx = tx_that_revives(ids.to_vec());
    let oldest = ids[1];
    let [first, second] = useful;
    let mut pages = vec![vec![], vec![first, useless, second]];
    tx.expect_list_entries()
        .times(2)
        .withf(move |filter, before, _| {
            filter.state == Some(OutboxStateKind::Failed) && before.is_none_or(|before| before == oldest)
        })
        .returning(move |_, _, _| Ok(pages.pop().expect("two pages")));
    let (outbox, _) = outbox(tx);
    let all = outbox.retry_dead(&operator()).await.expect("the store works");
    assert_eq!(all, RetriedDead { retried: ids.to_vec(), left: 1 });
}
