//! Clauses of [`asteroid_audit::AuditRepository`].

use asteroid_audit::{Action, AuditEvent, Outcome};
use asteroid_kernel::{Origin, UserId};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, contact, ip};
use crate::store::Store;

/// Records one event per second given, in this order.
async fn recorded<S: CompleteStorage, const N: usize>(
    store: &Store<S>,
    seconds: [u64; N],
) -> [AuditEvent; N] {
    let events = seconds.map(|seconds| event(Action::SignIn, Outcome::Done, &Origin::local(), seconds));
    store.record_events(&events).await;
    events
}

fn event(action: Action, outcome: Outcome, origin: &Origin, seconds: u64) -> AuditEvent {
    AuditEvent::new(action, outcome, origin, at(seconds), &*RANDOMNESS)
}

/// Every field of an event is stored: every action with every outcome, with and without a user, a contact and an
/// origin.
pub async fn an_audit_event_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let origins = [
        Origin::local(),
        Origin {
            ip: Some(ip("2001:db8::7")),
            user_agent: Some("Zoë's 🦀/1.0 (\"x\"; y)".into()),
            request_id: Some("request-1".into()),
        },
        Origin { ip: Some(ip("192.0.2.7")), ..Origin::local() },
    ];
    let mut given = Vec::new();
    for action in Action::ALL {
        for outcome in Outcome::ALL {
            let seconds = given.len() as u64;
            let bare = event(action, outcome, &origins[given.len() % 3], seconds);
            given.push(match seconds % 4 {
                0 => bare,
                1 => bare.of_user(Some(UserId(i64::MAX))),
                2 => bare.with_contact(&contact("george@example.com")),
                _ => bare.of_user(Some(UserId(1))).with_contact(&contact("555-665-4345")),
            });
        }
    }
    store.record_events(&given).await;
    given.reverse();
    assert_eq!(store.latest_events(usize::MAX).await, given);
}

/// The latest events are listed newest first, whatever the order of recording, up to the requested number.
pub async fn audit_events_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.latest_events(10).await, []);
    let [second, third, first] = recorded(&store, [2, 3, 1]).await;
    assert_eq!(store.latest_events(10).await, [third.clone(), second.clone(), first]);
    assert_eq!(store.latest_events(2).await, [third, second]);
    assert_eq!(store.latest_events(0).await, []);
}

/// Events from before the given time are removed, and no others.
pub async fn audit_events_are_removed_after_retention(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [_, _, third, fourth] = recorded(&store, [1, 2, 3, 4]).await;
    assert_eq!(store.forget_events(at(1)).await, 0);
    assert_eq!(store.forget_events(at(2) + TICK).await, 2);
    assert_eq!(store.forget_events(at(3)).await, 0);
    assert_eq!(store.latest_events(10).await, [fourth, third]);
}
