//! Clauses of [`asteroid_messaging::OutboxRepository`] that those depend on who look after it.

use asteroid_kernel::{MessageId, Timestamp};
use asteroid_messaging::{Channel, Message, OutboxEntry, OutboxFilter, OutboxState, OutboxStateKind};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, contact, fresh_contact, notice};
use crate::store::Store;

const ALL: OutboxFilter = OutboxFilter { state: None, channel: None };

fn dead(at: Timestamp) -> OutboxState {
    OutboxState::Failed { at, reason: "no such mailbox".into() }
}

/// A message to this contact that was brought into this state by its first attempt; one that waits is left as it is.
async fn settled<S: CompleteStorage>(
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
    assert_eq!(claims.len(), 1, "nothing else is due");
    assert!(store.complete(message.id, 1, &state).await);
    OutboxEntry { message, attempts: 1, state }
}

async fn waiting<S: CompleteStorage, const N: usize>(store: &Store<S>, seconds: [u64; N]) -> [Message; N] {
    let messages = seconds.map(|seconds| notice(&fresh_contact(), at(seconds)));
    store.enqueue_all(&messages).await;
    messages
}

/// The newest message comes first, and a list goes on behind any message, also one that is gone.
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

/// Every condition of a filter holds for every message that is listed, which comes as it is.
pub async fn messages_are_listed_as_the_filter_wants(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (email, phone) = ("George@Example.com", "555-665-4345");
    let mut entries = Vec::new();
    for (number, to) in [email, phone].into_iter().enumerate() {
        let now = |seconds: u64| 10 * number as u64 + seconds;
        let delivered = OutboxState::Delivered { at: at(now(1)) + TICK };
        entries.push(settled(&store, to, now(1), delivered).await);
        entries.push(settled(&store, to, now(2), dead(at(now(2)) + TICK)).await);
        entries.push(settled(&store, to, now(3), OutboxState::Waiting { due_at: at(now(3)) }).await);
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

/// A dead message is due again at once, on its own channel; at the moment when it becomes useless it no longer is.
pub async fn a_dead_message_is_revived_as_long_as_it_is_useful(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for to in ["George@Example.com", "555-665-4345"] {
        let entry = settled(&store, to, 0, dead(at(1))).await;
        let (id, channel) = (entry.message.id, entry.message.channel());
        assert!(!store.requeue(id, entry.message.expires_at).await, "it is useless by then");
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

/// What waits, what was delivered and what is not there is left as it is.
pub async fn only_a_dead_message_is_revived(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let email = "George@Example.com";
    let delivered = settled(&store, email, 0, OutboxState::Delivered { at: at(1) }).await;
    let waiting = settled(&store, email, 5, OutboxState::Waiting { due_at: at(5) }).await;
    for entry in [delivered, waiting] {
        assert!(!store.requeue(entry.message.id, at(9)).await);
        assert_eq!(store.find_entry(entry.message.id).await, Some(entry));
    }
    let unknown = MessageId::new(at(0), &*RANDOMNESS);
    assert!(!store.requeue(unknown, at(9)).await);
    assert_eq!(store.find_entry(unknown).await, None);
}

/// Attempts go on counting: whoever held the message before its death holds nothing now.
pub async fn no_attempt_from_before_its_death_settles_a_revived_message(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let entry = settled(&store, "George@Example.com", 0, dead(at(1))).await;
    let id = entry.message.id;
    assert!(store.requeue(id, at(9)).await);
    store.claim_emails(at(9), at(39), 1).await;
    let delivered = OutboxState::Delivered { at: at(10) };
    assert!(!store.complete(id, 1, &delivered).await);
    assert!(store.complete(id, 2, &delivered).await);
}
