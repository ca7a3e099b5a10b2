//! Clauses of [`asteroid_audit::AuditRepository`].

use asteroid_audit::{Action, AuditEvent, AuditFilter, EventCount, HOUR, Outcome, hour_of};
use asteroid_kernel::{AuditEventId, Origin, UserId};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, contact, ip};
use crate::store::Store;

/// The filter that accepts every event.
const ALL: AuditFilter =
    AuditFilter { user: None, action: None, outcome: None, ip: None, since: None, until: None };

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

/// Every field of an event is stored: every action with every outcome, with and without a user, a contact, an
/// operator and an origin.
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
                _ => bare
                    .of_user(Some(UserId(1)))
                    .with_contact(&contact("555-665-4345"))
                    .by_operator("Zoë root"),
            });
        }
    }
    store.record_events(&given).await;
    given.reverse();
    assert_eq!(store.list_events(&ALL, None, usize::MAX).await, given);
}

/// Events are listed newest first, whatever the order of recording. A page continues after any id, even one that no longer
/// exists, and a new event does not move the others.
pub async fn audit_events_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.list_events(&ALL, None, 10).await, []);
    let between = AuditEventId::new(at(2) + TICK * 5000, &*RANDOMNESS);
    let [second, third, first] = recorded(&store, [2, 3, 1]).await;
    assert_eq!(store.list_events(&ALL, None, 10).await, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(store.list_events(&ALL, None, 2).await, [third.clone(), second.clone()]);
    assert_eq!(store.list_events(&ALL, None, 0).await, []);
    let [_] = recorded(&store, [4]).await;
    assert_eq!(store.list_events(&ALL, Some(third.id), 1).await, std::slice::from_ref(&second));
    assert_eq!(store.list_events(&ALL, Some(between), 10).await, [second, first.clone()]);
    assert_eq!(store.list_events(&ALL, Some(first.id), 10).await, []);
}

/// A listed event satisfies every condition of the filter: each condition alone, and all together.
pub async fn audit_events_are_listed_by_filter(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, address) = (UserId(25), ip("2001:db8::7"));
    let origin = Origin { ip: Some(address), ..Origin::local() };
    let elsewhere = Origin { ip: Some(ip("2001:db8::8")), ..Origin::local() };
    let mut events = vec![event(Action::SignIn, Outcome::Refused, &origin, 10).of_user(Some(user))];
    events.push(event(Action::SignIn, Outcome::Refused, &origin, 11).of_user(Some(UserId(26))));
    events.push(event(Action::SignOut, Outcome::Refused, &origin, 12).of_user(Some(user)));
    events.push(event(Action::SignIn, Outcome::Done, &origin, 13).of_user(Some(user)));
    events.push(event(Action::SignIn, Outcome::Refused, &elsewhere, 14).of_user(Some(user)));
    events.push(event(Action::SignIn, Outcome::Refused, &Origin::local(), 15));
    store.record_events(&events).await;
    let listed = async |filter: AuditFilter| -> Vec<usize> {
        let found = store.list_events(&filter, None, 10).await;
        let place = |found: &AuditEvent| events.iter().position(|event| event == found);
        found.iter().map(|found| place(found).expect("an event that was recorded")).collect()
    };
    assert_eq!(listed(AuditFilter { user: Some(user), ..ALL }).await, [4, 3, 2, 0]);
    assert_eq!(listed(AuditFilter { action: Some(Action::SignOut), ..ALL }).await, [2]);
    assert_eq!(listed(AuditFilter { outcome: Some(Outcome::Done), ..ALL }).await, [3]);
    assert_eq!(listed(AuditFilter { ip: Some(address), ..ALL }).await, [3, 2, 1, 0]);
    // A time is exact to the resolution of stored times, though ids are less exact.
    let at_12 = at(12);
    assert_eq!(listed(AuditFilter { since: Some(at_12), ..ALL }).await, [5, 4, 3, 2]);
    assert_eq!(listed(AuditFilter { since: Some(at_12 + TICK), ..ALL }).await, [5, 4, 3]);
    assert_eq!(listed(AuditFilter { until: Some(at_12), ..ALL }).await, [1, 0]);
    assert_eq!(listed(AuditFilter { until: Some(at_12 + TICK), ..ALL }).await, [2, 1, 0]);
    let all = AuditFilter {
        user: Some(user),
        action: Some(Action::SignIn),
        outcome: Some(Outcome::Refused),
        ip: Some(address),
        since: Some(at(10)),
        until: Some(at(11)),
    };
    assert_eq!(listed(all).await, [0]);
    assert_eq!(listed(AuditFilter { until: Some(at(10)), ..all }).await, [] as [usize; 0]);
    let before = Some(events[3].id);
    let of_user = AuditFilter { user: Some(user), ..ALL };
    assert_eq!(store.list_events(&of_user, before, 1).await, std::slice::from_ref(&events[2]));
}

/// Events from before the given time are removed, and no others.
pub async fn audit_events_are_removed_after_retention(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [_, _, third, fourth] = recorded(&store, [1, 2, 3, 4]).await;
    assert_eq!(store.forget_events(at(1)).await, 0);
    assert_eq!(store.forget_events(at(2) + TICK).await, 2);
    assert_eq!(store.forget_events(at(3)).await, 0);
    assert_eq!(store.list_events(&ALL, None, 10).await, [fourth, third]);
}

/// Events are counted by action and outcome, of one hour alone: from its first moment to its last.
pub async fn events_are_counted_by_hour_action_and_outcome(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let hour = hour_of(at(0)) + HOUR;
    let event_at =
        |action, outcome, time| AuditEvent::new(action, outcome, &Origin::local(), time, &*RANDOMNESS);
    let last = hour + HOUR - TICK;
    let events = [
        event_at(Action::SignIn, Outcome::Done, hour),
        event_at(Action::SignIn, Outcome::Done, last),
        event_at(Action::SignIn, Outcome::Limited, hour + TICK),
        event_at(Action::Register, Outcome::Done, last),
        event_at(Action::Register, Outcome::Done, hour - TICK),
        event_at(Action::Register, Outcome::Done, hour + HOUR),
    ];
    store.record_events(&events).await;
    let count = |action, outcome, number| EventCount { hour, action, outcome, number };
    let expected = [
        count(Action::Register, Outcome::Done, 1),
        count(Action::SignIn, Outcome::Done, 2),
        count(Action::SignIn, Outcome::Limited, 1),
    ];
    assert_eq!(store.count_events(hour).await, expected);
    assert_eq!(store.count_events(hour + 2 * HOUR).await, []);
}

/// Counts are stored and replaced by hour, action and outcome, listed from an hour on, and forgotten before one.
pub async fn counts_are_stored_replaced_and_forgotten(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let first = hour_of(at(0));
    assert_eq!(store.last_counted_hour().await, None);
    let count =
        |hours, action, outcome, number| EventCount { hour: first + hours * HOUR, action, outcome, number };
    let stored = [
        count(0, Action::SignIn, Outcome::Done, 0),
        count(1, Action::Register, Outcome::Refused, 7),
        count(1, Action::SignIn, Outcome::Done, 5),
        count(2, Action::SignIn, Outcome::Done, u64::from(u32::MAX)),
    ];
    store.store_counts(&stored[1..]).await;
    store.store_counts(&[count(0, Action::SignIn, Outcome::Done, 3)]).await;
    store.store_counts(&stored[..1]).await;
    store.store_counts(&[]).await;
    assert_eq!(store.stored_counts(first).await, stored);
    assert_eq!(store.stored_counts(first + HOUR).await, stored[1..]);
    assert_eq!(store.last_counted_hour().await, Some(first + 2 * HOUR));
    assert_eq!(store.forget_counts(first + HOUR).await, 1);
    assert_eq!(store.stored_counts(first).await, stored[1..]);
}
