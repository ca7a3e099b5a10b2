//! Clauses of [`asteroid_messaging::OutboxRepository`].

use std::time::Duration;

use asteroid_kernel::{ChallengeId, MessageId, Timestamp};
use asteroid_messaging::{Backlog, Channel, Claim, Content, Message, MessageKind, OutboxEntry, OutboxState};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, contact, fresh_contact, notice};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

fn claim(message: &Message, attempt: u32) -> Claim {
    Claim { message: message.clone(), attempt }
}

/// Enqueues one message per second given, in this order.
async fn enqueued<S: CompleteStorage, const N: usize>(store: &Store<S>, seconds: [u64; N]) -> [Message; N] {
    let messages = seconds.map(|seconds| notice(&fresh_contact(), at(seconds)));
    store.enqueue_all(&messages).await;
    messages
}

/// Every field of a message is stored, for every kind, channel and content. An entry and a claim return the same
/// message.
pub async fn a_message_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let challenge = ChallengeId::new(at(0), &*RANDOMNESS);
    let mut given = Vec::new();
    for kind in MessageKind::ALL {
        for to in ["George@Example.com", "555-665-4345"].map(contact) {
            for content in [
                Content::Code { challenge, autofill: true },
                Content::Code { challenge, autofill: false },
                Content::Notice,
            ] {
                let created_at = at(given.len() as u64);
                let expires_at = created_at + TICK;
                given.push(Message::new(to.clone(), kind, content, expires_at, created_at, &*RANDOMNESS));
            }
        }
    }
    store.enqueue_all(&given).await;
    for given in &given {
        let entry = store.find_entry(given.id).await.expect("the entry exists");
        let state = OutboxState::Waiting { due_at: given.created_at };
        assert_eq!(entry, OutboxEntry { message: given.clone(), attempts: 0, state });
        // Equality ignores the spelling of a contact, so the spelling is compared here.
        assert_eq!(entry.message.to.as_str(), given.to.as_str());
    }
    for channel in Channel::ALL {
        let claims = store.claim_due(channel, at(100), at(130), usize::MAX).await;
        let given = given.iter().filter(|message| message.channel() == channel);
        assert_eq!(claims, given.map(|message| claim(message, 1)).collect::<Vec<_>>());
    }
    assert_eq!(store.find_entry(MessageId::new(at(0), &*RANDOMNESS)).await, None);
}

/// A message is due from its creation, and not before.
pub async fn a_message_is_due_from_its_creation(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [message] = enqueued(&store, [5]).await;
    assert_eq!(store.claim_emails(at(5) - TICK, at(35), 10).await, []);
    assert_eq!(store.claim_emails(at(5), at(35), 10).await, [claim(&message, 1)]);
}

/// A leased message is not claimed before the lease ends. Afterwards the next claim starts a new attempt.
pub async fn a_leased_message_is_claimed_again_after_its_lease(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [message] = enqueued(&store, [0]).await;
    let mut lease_end = at(0);
    for attempt in 1..=3 {
        let next_end = lease_end + Duration::from_secs(30);
        if attempt > 1 {
            assert_eq!(store.claim_emails(lease_end - TICK, next_end, 10).await, []);
        }
        assert_eq!(store.claim_emails(lease_end, next_end, 10).await, [claim(&message, attempt)]);
        lease_end = next_end;
        let state = OutboxState::Waiting { due_at: lease_end };
        let entry = OutboxEntry { message: message.clone(), attempts: attempt, state };
        assert_eq!(store.find_entry(message.id).await, Some(entry));
    }
}

/// Messages are claimed in the order in which they became due, up to the requested number.
pub async fn claims_start_with_the_longest_due(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [third, first, fourth, second] = enqueued(&store, [3, 1, 4, 2]).await;
    assert_eq!(store.claim_emails(at(4), at(34), 0).await, []);
    assert_eq!(
        store.claim_emails(at(4), at(34), 3).await,
        [&first, &second, &third].map(|one| claim(one, 1))
    );
    assert_eq!(store.claim_emails(at(4), at(35), 3).await, [claim(&fourth, 1)]);
    // The first three are now due before the fourth.
    assert!(store.complete(second.id, 1, &OutboxState::Waiting { due_at: at(20) }).await);
    let again = [claim(&second, 2), claim(&first, 2)];
    let claims = store.claim_emails(at(40), at(70), 4).await;
    assert_eq!(claims[..1], again[..1]);
    assert_eq!(claims.last(), Some(&claim(&fourth, 2)));
    assert_eq!(claims.len(), 4);
}

/// Messages of one channel do not delay those of another.
pub async fn channels_are_claimed_independently(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [first, second] = enqueued(&store, [0, 1]).await;
    let sms = [2, 3].map(|seconds| notice(&contact("555-665-4345"), at(seconds)));
    assert_eq!(store.next_due(Channel::Sms).await, None);
    store.enqueue_all(&sms).await;
    let due = [Channel::Email, Channel::Sms].map(|channel| store.next_due(channel));
    let [email_due, sms_due] = due;
    assert_eq!((email_due.await, sms_due.await), (Some(at(0)), Some(at(2))));
    assert_eq!(store.claim_due(Channel::Sms, at(5), at(35), 1).await, [claim(&sms[0], 1)]);
    assert_eq!(store.claim_due(Channel::Sms, at(5), at(35), 10).await, [claim(&sms[1], 1)]);
    assert_eq!(store.next_due(Channel::Sms).await, Some(at(35)));
    assert_eq!(store.next_due(Channel::Email).await, Some(at(0)));
    let emails = [&first, &second].map(|message| claim(message, 1));
    assert_eq!(store.claim_due(Channel::Email, at(5), at(36), 10).await, emails);
    assert_eq!(store.next_due(Channel::Sms).await, Some(at(35)));
}

/// Concurrent workers never hold the same message, and together they claim all messages.
pub async fn concurrent_workers_never_claim_the_same_message(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for round in 0..ROUNDS {
        // The leases last longer than all rounds.
        let (now, lease_until) = (at(round), at(1_000_000));
        let messages: Vec<_> = (0..6).map(|_| notice(&fresh_contact(), now)).collect();
        store.enqueue_all(&messages).await;
        let mut claimed: Vec<Claim> = run_concurrently((0..3).map(|_| {
            let store = store.clone();
            async move { store.claim_emails(now, lease_until, 3).await }
        }))
        .await
        .into_iter()
        .flatten()
        .collect();
        claimed.extend(store.claim_emails(now, lease_until, 6).await);
        assert!(claimed.iter().all(|claim| claim.attempt == 1));
        let mut claimed: Vec<MessageId> = claimed.into_iter().map(|claim| claim.message.id).collect();
        let mut enqueued: Vec<MessageId> = messages.into_iter().map(|message| message.id).collect();
        claimed.sort_unstable();
        enqueued.sort_unstable();
        assert_eq!(claimed, enqueued);
    }
}

/// A delivered or failed message keeps its state and is never claimed again.
pub async fn a_completed_message_is_not_claimed_again(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let states = [
        OutboxState::Delivered { at: at(2) + TICK },
        OutboxState::Failed { at: at(3) + TICK, reason: "550 5.1.1 “unbekannt”; DROP TABLE".into() },
    ];
    for state in states {
        let [message] = enqueued(&store, [1]).await;
        assert_eq!(store.claim_emails(at(1), at(31), 10).await, [claim(&message, 1)]);
        assert!(store.complete(message.id, 1, &state).await);
        assert_eq!(store.claim_emails(at(1000), at(1030), 10).await, []);
        let entry = OutboxEntry { message: message.clone(), attempts: 1, state };
        assert_eq!(store.find_entry(message.id).await.as_ref(), Some(&entry));
        let again = OutboxState::Waiting { due_at: at(5) };
        assert!(!store.complete(message.id, 1, &again).await, "a completed message does not change");
        assert_eq!(store.find_entry(message.id).await, Some(entry));
    }
}

/// A message to be retried waits until it is due. The next claim starts a new attempt.
pub async fn a_retry_waits_until_it_is_due(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [message] = enqueued(&store, [0]).await;
    store.claim_emails(at(0), at(30), 10).await;
    let state = OutboxState::Waiting { due_at: at(60) };
    assert!(store.complete(message.id, 1, &state).await);
    assert_eq!(
        store.find_entry(message.id).await,
        Some(OutboxEntry { message: message.clone(), attempts: 1, state })
    );
    assert_eq!(store.claim_emails(at(60) - TICK, at(90), 10).await, []);
    assert_eq!(store.claim_emails(at(60), at(90), 10).await, [claim(&message, 2)]);
}

/// Only the latest attempt completes a message, even after its lease.
pub async fn only_the_latest_attempt_completes_a_message(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [message, other] = enqueued(&store, [0, 1]).await;
    let delivered = OutboxState::Delivered { at: at(99) };
    assert!(!store.complete(message.id, 1, &delivered).await, "no attempt has claimed it");
    assert!(!store.complete(MessageId::new(at(0), &*RANDOMNESS), 1, &delivered).await);
    store.claim_emails(at(0), at(30), 1).await;
    store.claim_emails(at(30), at(60), 2).await;
    let before = store.find_entry(message.id).await.expect("the entry exists");
    assert_eq!(before.attempts, 2);
    for attempt in [0, 1, 3] {
        assert!(!store.complete(message.id, attempt, &delivered).await);
        assert_eq!(store.find_entry(message.id).await.as_ref(), Some(&before), "the entry is unchanged");
    }
    assert!(
        store.complete(message.id, 2, &delivered).await,
        "the lease has ended, but no later attempt has claimed it"
    );
    let untouched = OutboxState::Waiting { due_at: at(60) };
    assert_eq!(store.find_entry(other.id).await.map(|entry| entry.state), Some(untouched));
}

/// The next due time is the earliest one of the waiting messages. A leased message is due when its lease ends.
pub async fn next_due_is_the_earliest_waiting_message(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.next_email_due().await, None);
    let [second, first] = enqueued(&store, [2, 1]).await;
    assert_eq!(store.next_email_due().await, Some(at(1)));
    store.claim_emails(at(1), at(31), 10).await;
    assert_eq!(store.next_email_due().await, Some(at(2)));
    store.claim_emails(at(2), at(32), 10).await;
    assert_eq!(store.next_email_due().await, Some(at(31)));
    assert!(store.complete(first.id, 1, &OutboxState::Delivered { at: at(3) }).await);
    assert_eq!(store.next_email_due().await, Some(at(32)));
    assert!(store.complete(second.id, 1, &OutboxState::Failed { at: at(3), reason: "gone".into() }).await);
    assert_eq!(store.next_email_due().await, None);
}

/// The backlog of a channel has its waiting messages, whether they are due or leased, and of many the earliest due.
pub async fn the_backlog_has_the_waiting_messages_of_a_channel(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.backlog(Channel::Email, 10).await, Backlog::default());
    let [_, second, first] = enqueued(&store, [3, 2, 1]).await;
    assert_eq!(store.backlog(Channel::Email, 10).await, Backlog { waiting: 3, oldest: Some(at(1)) });
    assert_eq!(store.backlog(Channel::Sms, 10).await, Backlog::default());
    store.claim_emails(at(1), at(31), 10).await;
    assert_eq!(store.backlog(Channel::Email, 10).await, Backlog { waiting: 3, oldest: Some(at(1)) });
    assert_eq!(store.backlog(Channel::Email, 2).await, Backlog { waiting: 2, oldest: Some(at(2)) });
    store.claim_emails(at(2), at(32), 10).await;
    assert!(store.complete(first.id, 1, &OutboxState::Delivered { at: at(3) }).await);
    assert!(store.complete(second.id, 1, &OutboxState::Failed { at: at(3), reason: "gone".into() }).await);
    assert_eq!(store.backlog(Channel::Email, 10).await, Backlog { waiting: 1, oldest: Some(at(3)) });
}

/// Messages that were delivered or failed before the given time are removed, and no others.
pub async fn completed_messages_are_removed_after_retention(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let messages = enqueued(&store, [0, 1, 2, 3, 4]).await;
    store.claim_emails(at(4), at(34), 10).await;
    let before = at(10);
    let failed = |at: Timestamp| OutboxState::Failed { at, reason: "gone".into() };
    let states = [
        OutboxState::Delivered { at: before - TICK },
        failed(before - TICK),
        OutboxState::Delivered { at: before },
        failed(before),
        OutboxState::Waiting { due_at: at(5) },
    ];
    for (message, state) in messages.iter().zip(&states) {
        assert!(store.complete(message.id, 1, state).await);
    }
    assert_eq!(store.remove_completed(before).await, 2);
    let mut kept = Vec::new();
    for message in &messages {
        kept.push(store.find_entry(message.id).await.is_some());
    }
    assert_eq!(kept, [false, false, true, true, true]);
    assert_eq!(store.remove_completed(before).await, 0);
}
