//! Clauses of [`asteroid_identity::PendingRegistrationRepository`].

use std::time::Duration;

use asteroid_identity::{ContactType, PendingRegistration, PersonName};
use asteroid_kernel::RegistrationId;

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, claim, contact, fresh_contact, hash, network, registration};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

/// Every field of a registration is stored, for an e-mail address and a phone.
pub async fn a_registration_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let registrations = [
        PendingRegistration {
            network: Some(network("2001:db8:0:7::1")),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64)".to_owned()),
            ..registration(&contact("George.Washington@Example.com"), at(0))
        },
        PendingRegistration {
            contact_type: ContactType::Personal,
            name: PersonName::new("Zoë 🦀", "O'Neil").expect("a name"),
            password_hash: hash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
            network: None,
            user_agent: None,
            expires_at: at(90) + TICK,
            ..registration(&contact("555-665-4345"), at(3))
        },
    ];
    for given in registrations {
        store.insert_registration(&given, 3).await;
        let found =
            store.find_registration(given.id, given.created_at).await.expect("the registration exists");
        assert_eq!(found, given);
        assert_eq!(
            store.live_registrations(&given.contact.key(), given.created_at).await,
            std::slice::from_ref(&found)
        );
        // Equality ignores the spelling of a contact, so the spelling is compared here.
        assert_eq!(found.contact.as_str(), given.contact.as_str());
        assert_eq!(store.take_registration(given.id, given.created_at).await, Some(given));
    }
}

/// The live registrations of a contact are listed newest first, whatever the order of insertion, and those of other
/// contacts are not.
pub async fn live_registrations_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [second, third, first] =
        [2, 3, 1].map(|seconds| registration(&contact("George@example.com"), at(seconds)));
    for registration in [&second, &third, &first] {
        store.insert_registration(registration, 3).await;
    }
    store.insert_registration(&registration(&fresh_contact(), at(4)), 3).await;
    let other_spelling = contact("GEORGE@EXAMPLE.COM");
    assert_eq!(store.live_registrations(&other_spelling.key(), at(5)).await, [third, second, first]);
    assert_eq!(store.live_registrations(&fresh_contact().key(), at(5)).await, []);
}

/// From its expiry on, a registration is neither found nor taken. One that expires later still is.
pub async fn an_expired_registration_is_neither_found_nor_taken(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let long = registration(&contact, at(0));
    let short = PendingRegistration { expires_at: at(60), ..registration(&contact, at(1)) };
    store.insert_registration(&long, 3).await;
    store.insert_registration(&short, 3).await;
    assert_eq!(store.live_registrations(&contact.key(), at(60) - TICK).await, [short.clone(), long.clone()]);
    assert_eq!(store.live_registrations(&contact.key(), at(60)).await, std::slice::from_ref(&long));
    assert_eq!(store.find_registration(short.id, at(60) - TICK).await.as_ref(), Some(&short));
    assert_eq!(store.find_registration(short.id, at(60)).await, None);
    assert_eq!(store.take_registration(short.id, at(60)).await, None);
    assert_eq!(store.take_registration(short.id, at(60) - TICK).await, Some(short));
    assert_eq!(store.live_registrations(&contact.key(), long.expires_at).await, []);
}

/// A registration over the limit of its contact ends the oldest one of that contact.
pub async fn a_registration_over_the_limit_ends_the_oldest(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (contact, other) = (fresh_contact(), fresh_contact());
    let bystander = registration(&other, at(0));
    store.insert_registration(&bystander, 3).await;
    let [second, first, third, fourth] = [2, 1, 3, 4].map(|seconds| registration(&contact, at(seconds)));
    for registration in [&second, &first, &third, &fourth] {
        store.insert_registration(registration, 3).await;
    }
    assert_eq!(store.take_registration(first.id, at(5)).await, None);
    for kept in [&second, &third, &fourth, &bystander] {
        assert_eq!(store.take_registration(kept.id, at(5)).await.as_ref(), Some(kept));
    }
}

/// If several registrations exceed the limit, all the oldest end.
pub async fn registrations_over_the_limit_all_end(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|seconds| registration(&contact, at(seconds)));
    for registration in [&first, &second, &third] {
        store.insert_registration(registration, usize::MAX).await;
    }
    store.insert_registration(&fourth, 1).await;
    for ended in [first, second, third] {
        assert_eq!(store.take_registration(ended.id, at(5)).await, None);
    }
    assert_eq!(store.take_registration(fourth.id, at(5)).await, Some(fourth));
}

/// A registration that had expired when another was inserted does not count towards the limit.
pub async fn an_expired_registration_does_not_count_towards_the_limit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let long = registration(&contact, at(0));
    let short = PendingRegistration { expires_at: at(60), ..registration(&contact, at(1)) };
    let late = registration(&contact, at(60));
    for registration in [&long, &short, &late] {
        store.insert_registration(registration, 2).await;
    }
    for kept in [long, late] {
        assert_eq!(store.take_registration(kept.id, at(61)).await, Some(kept));
    }
}

/// Concurrent registrations of one contact leave no more live ones than the limit.
pub async fn concurrent_registrations_stay_within_the_limit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let contact = fresh_contact();
        let all: Vec<_> = (0..6).map(|seconds| registration(&contact, at(seconds))).collect();
        run_concurrently(all.clone().into_iter().map(|registration| {
            let store = store.clone();
            async move { store.insert_registration(&registration, 3).await }
        }))
        .await;
        assert_eq!(store.end_registrations(&contact.key()).await, 3);
    }
}

/// A registration can be taken once. Afterwards it is neither found nor listed.
pub async fn a_registration_can_be_taken_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let registration = registration(&fresh_contact(), at(0));
    store.insert_registration(&registration, 3).await;
    assert_eq!(store.take_registration(RegistrationId::new(at(0), &*RANDOMNESS), at(1)).await, None);
    assert_eq!(store.take_registration(registration.id, at(1)).await.as_ref(), Some(&registration));
    assert_eq!(store.take_registration(registration.id, at(1)).await, None);
    assert_eq!(store.find_registration(registration.id, at(1)).await, None);
    assert_eq!(store.live_registrations(&registration.contact.key(), at(1)).await, []);
}

/// Of concurrent attempts to take a registration, one gets it.
pub async fn concurrent_takes_of_a_registration_succeed_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let registration = registration(&fresh_contact(), at(0));
        store.insert_registration(&registration, 3).await;
        let answers = run_concurrently((0..8).map(|_| {
            let (store, id) = (store.clone(), registration.id);
            async move { store.take_registration(id, at(1)).await }
        }))
        .await;
        let taken: Vec<_> = answers.into_iter().flatten().collect();
        assert_eq!(taken, [registration]);
    }
}

/// All registrations of a contact end, expired or not. Those of other contacts stay.
pub async fn all_registrations_of_a_contact_can_be_ended(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let bystander = registration(&fresh_contact(), at(0));
    store.insert_registration(&bystander, 3).await;
    let expired =
        PendingRegistration { expires_at: at(2), ..registration(&contact("George@example.com"), at(1)) };
    let all = [
        expired,
        registration(&contact("george@Example.com"), at(3)),
        registration(&contact("george@example.com"), at(4)),
    ];
    for registration in &all {
        store.insert_registration(registration, 3).await;
    }
    assert_eq!(store.end_registrations(&contact("GEORGE@example.com").key()).await, 3);
    for registration in all {
        assert_eq!(store.take_registration(registration.id, registration.created_at).await, None);
    }
    assert_eq!(store.end_registrations(&contact("GEORGE@example.com").key()).await, 0);
    assert_eq!(store.take_registration(bystander.id, at(5)).await, Some(bystander));
}

/// Registrations that have expired by the given time are removed, and no others.
pub async fn expired_registrations_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let all: Vec<_> = (0..4).map(|seconds| registration(&fresh_contact(), at(seconds))).collect();
    for registration in &all {
        store.insert_registration(registration, 3).await;
    }
    let now = at(1) + Duration::from_hours(1);
    assert_eq!(store.remove_expired_registrations(now).await, 2);
    let mut kept = Vec::new();
    for registration in &all {
        kept.push(store.take_registration(registration.id, at(4)).await.is_some());
    }
    assert_eq!(kept, [false, false, true, true]);
    assert_eq!(store.remove_expired_registrations(now).await, 0);
}

/// Claims to a contact, in any spelling, are found until they expire. Claims to other contacts are not.
pub async fn claims_to_a_contact_are_found_until_expired(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let claimed = contact("George@example.com");
    let (v4, v6) = (Some(network("192.0.2.1")), Some(network("2001:db8:0:7::1")));
    for (claimant, seconds) in [(v4, 0), (v6, 10), (None, 20), (None, 20), (v4, 30)] {
        store.insert_claim(&claim(&claimed, claimant, at(seconds))).await;
    }
    store.insert_claim(&claim(&fresh_contact(), v6, at(0))).await;
    let hour = Duration::from_hours(1);
    for (now, mut expected) in [
        (at(0), vec![v4, v6, None, None, v4]),
        (at(0) + hour - TICK, vec![v4, v6, None, None, v4]),
        (at(0) + hour, vec![v6, None, None, v4]),
        (at(20) + hour, vec![v4]),
        (at(30) + hour, vec![]),
    ] {
        let mut found = store.claimants(&contact("GEORGE@EXAMPLE.com").key(), now).await;
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{now:?}");
    }
}

/// Claims stay when the registrations of their contact end, and are removed once expired.
pub async fn claims_outlive_registrations_and_are_removed_once_expired(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let claimant = Some(network("192.0.2.1"));
    store.insert_registration(&registration(&contact, at(0)), 3).await;
    store.insert_claim(&claim(&contact, claimant, at(0))).await;
    store.insert_claim(&claim(&contact, None, at(1))).await;
    assert_eq!(store.end_registrations(&contact.key()).await, 1);
    assert_eq!(store.claimants(&contact.key(), at(1)).await.len(), 2);
    assert_eq!(store.remove_expired_registrations(at(0) + Duration::from_hours(1)).await, 1);
    assert_eq!(store.claimants(&contact.key(), at(1)).await, [None]);
}
