//! Clauses of [`asteroid_messaging::OutboxRepository`] for operators: listing and requeueing messages.

use asteroid_kernel::{MessageId, Timestamp};
use asteroid_messaging::{Channel, Message, OutboxEntry, OutboxFilter, OutboxState, OutboxStateKind};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, contact, fresh_contact, notice};
use crate::store::Store;

const ALL: OutboxFilter = OutboxFilter { state: None, channel: None };

fn failed(at: Timestamp) -> OutboxState {
    OutboxState::Failed { at, reason: "no such mailbox".into() }
}

/// Enqueues a message, and completes its first attempt with this state unless the state is waiting.
async fn completed<S: CompleteStorage>(
    store: &Store<S>,
    to: &str,
    seconds: u64,
    state: OutboxState,
) -> OutboxEntry {
    let message = notice(&contact(to), at(seconds));
    store.enqueue_all(std::slice::from_ref(&message)).await;
    if matches!(state, OutboxState::Waiting { .. }) {
        return OutboxEntry { message, attempts: 0, state };
    }
    let claims = store.claim_due(message.channel(), at(seconds), at(seconds + 30), 10).await;
    assert_eq!(claims.len(), 1, "no other message is due");
    assert!(store.complete(message.id, 1, &state).await);
    OutboxEntry { message, attempts: 1, state }
}

async fn waiting<S: CompleteStorage, const N: usize>(store: &Store<S>, seconds: [u64; N]) -> [Message; N] {
    let messages = seconds.map(|seconds| notice(&fresh_contact(), at(seconds)));
    store.enqueue_all(&messages).await;
    messages
}

/// Messages are listed newest first. A page continues after any id, even one that no longer exists.
pub async fn messages_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.list_entries(&ALL, None, 10).await, []);
    let between = MessageId::new(at(25), &*RANDOMNESS);
    let [third, first, second] = waiting(&store, [30, 10, 20]).await;
    let ids = |entries: Vec<OutboxEntry>| -> Vec<MessageId> {
        entries.into_iter().map(|entry| entry.message.id).collect()
    };
    assert_eq!(ids(store.list_entries(&ALL, None, 10).await), [third.id, second.id, first.id]);
    assert_eq!(ids(store.list_entries(&ALL, None, 2).await), [third.id, second.id]);
    assert_eq!(ids(store.list_entries(&ALL, Some(second.id), 10).await), [first.id]);
    assert_eq!(ids(store.list_entries(&ALL, Some(between), 1).await), [second.id]);
    assert_eq!(ids(store.list_entries(&ALL, Some(first.id), 10).await), []);
    assert_eq!(ids(store.list_entries(&ALL, None, 0).await), []);
}

/// A listed message satisfies every condition of the filter and is returned unchanged.
pub async fn messages_are_listed_by_filter(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (email, phone) = ("George@Example.com", "555-665-4345");
    let mut entries = Vec::new();
    for (number, to) in [email, phone].into_iter().enumerate() {
        let now = |seconds: u64| 10 * number as u64 + seconds;
        let delivered = OutboxState::Delivered { at: at(now(1)) + TICK };
        entries.push(completed(&store, to, now(1), delivered).await);
        entries.push(completed(&store, to, now(2), failed(at(now(2)) + TICK)).await);
        entries.push(completed(&store, to, now(3), OutboxState::Waiting { due_at: at(now(3)) }).await);
    }
    entries.reverse();
    let states = OutboxStateKind::ALL.map(Some).into_iter().chain([None]);
    for state in states {
        for channel in [None, Some(Channel::Email), Some(Channel::Sms)] {
            let filter = OutboxFilter { state, channel };
            let wanted: Vec<_> = entries.iter().filter(|entry| filter.wants(entry)).cloned().collect();
            assert!(!wanted.is_empty());
            assert_eq!(store.list_entries(&filter, None, 10).await, wanted, "{filter:?}");
        }
    }
}

/// The messages to a contact, in any spelling, are listed newest first, up to the requested number.
pub async fn messages_are_listed_by_recipient(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let george = contact("George@Example.com");
    let to = ["George@Example.com", "GEORGE@example.com", "martha@example.com"];
    let messages: Vec<Message> =
        (0..).zip(to).map(|(seconds, to)| notice(&contact(to), at(seconds))).collect();
    store.enqueue_all(&messages).await;
    let ids = async |at_most| -> Vec<MessageId> {
        let entries = store.messages_to(&george.key(), at_most).await;
        entries.into_iter().map(|entry| entry.message.id).collect()
    };
    assert_eq!(ids(10).await, [messages[1].id, messages[0].id]);
    assert_eq!(ids(1).await, [messages[1].id]);
    assert_eq!(store.messages_to(&contact("unknown@example.com").key(), 10).await, []);
}

/// A requeued message is due immediately on its own channel. From its expiry on, it cannot be requeued.
pub async fn a_failed_message_can_be_requeued_until_expired(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for to in ["George@Example.com", "555-665-4345"] {
        let entry = completed(&store, to, 0, failed(at(1))).await;
        let (id, channel) = (entry.message.id, entry.message.channel());
        assert!(!store.requeue(id, entry.message.expires_at).await, "the message has expired");
        assert_eq!(store.find_entry(id).await, Some(entry.clone()));
        let now = entry.message.expires_at - TICK;
        assert!(store.requeue(id, now).await);
        let state = OutboxState::Waiting { due_at: now };
        assert_eq!(store.find_entry(id).await, Some(OutboxEntry { state, ..entry.clone() }));
        assert_eq!(store.claim_due(channel, now - TICK, at(999_999), 10).await, []);
        let claims = store.claim_due(channel, now, at(999_999), 10).await;
        let claims: Vec<_> = claims.into_iter().map(|claim| (claim.message, claim.attempt)).collect();
        assert_eq!(claims, [(entry.message, 2)]);
    }
}

/// A waiting, delivered or unknown message is not requeued and does not change.
pub async fn only_a_failed_message_can_be_requeued(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let email = "George@Example.com";
    let delivered = completed(&store, email, 0, OutboxState::Delivered { at: at(1) }).await;
    let waiting = completed(&store, email, 5, OutboxState::Waiting { due_at: at(5) }).await;
    for entry in [delivered, waiting] {
        assert!(!store.requeue(entry.message.id, at(9)).await);
        assert_eq!(store.find_entry(entry.message.id).await, Some(entry));
    }
    let unknown = MessageId::new(at(0), &*RANDOMNESS);
    assert!(!store.requeue(unknown, at(9)).await);
    assert_eq!(store.find_entry(unknown).await, None);
}

/// The attempt number continues after a requeue, so an earlier attempt cannot complete the message.
pub async fn an_attempt_from_before_a_requeue_completes_nothing(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let entry = completed(&store, "George@Example.com", 0, failed(at(1))).await;
    let id = entry.message.id;
    assert!(store.requeue(id, at(9)).await);
    store.claim_emails(at(9), at(39), 1).await;
    let delivered = OutboxState::Delivered { at: at(10) };
    assert!(!store.complete(id, 1, &delivered).await);
    assert!(store.complete(id, 2, &delivered).await);
}
