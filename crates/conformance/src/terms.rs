//! Clauses of [`asteroid_terms::TermsRepository`].

use asteroid_kernel::{Origin, StorageError, UserId};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionTaken};

use crate::CompleteStorage;
use crate::fixtures::{TICK, acceptance, at, fresh_label, ip, label, terms};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

const USER: UserId = UserId(25);

/// Every field of a version is stored: a long text, in any script, with surrounding white space.
pub async fn a_terms_version_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let long = "Être, 要る, 🦀; --\n".repeat(5_000);
    let published_at = at(7) + TICK;
    for text in [" \tThe terms.\r\n\n", "'; DROP TABLE users", &long] {
        let given = TermsVersion { label: fresh_label(), text: text.to_owned(), published_at };
        assert_eq!(store.publish_terms(&given).await, Ok(()));
        assert_eq!(store.current_terms().await, Some(given));
    }
}

/// Before the first version is published, no terms are in force.
pub async fn no_terms_are_in_force_before_the_first_version(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!((store.current_terms().await, store.current_label().await), (None, None));
    assert_eq!(store.list_terms().await, []);
}

/// The version with the latest time of publication is in force; at equal times, the one that was published last,
/// whatever the labels. The current label and the list (latest first) follow the same order.
pub async fn the_terms_version_published_last_is_in_force(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [first, last, early, second_last] =
        [("b", 1), ("z", 5), ("y", 0), ("c", 5)].map(|(name, seconds)| terms(&label(name), at(seconds)));
    for (version, current) in
        [(&first, &first), (&last, &last), (&early, &last), (&second_last, &second_last)]
    {
        store.publish_terms(version).await.expect("the label is free");
        assert_eq!(store.current_terms().await.as_ref(), Some(current));
        assert_eq!(store.current_label().await.as_ref(), Some(&current.label));
    }
    assert_eq!(store.list_terms().await, [second_last, last, first, early]);
}

/// Publishing a taken label is a conflict: nothing is stored, and the transaction stays usable. Labels are compared
/// exactly.
pub async fn publishing_a_taken_label_is_a_conflict(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let first = terms(&label("v1"), at(1));
    store.publish_terms(&first).await.expect("the label is free");
    let again = TermsVersion { text: "Other terms.".to_owned(), ..terms(&label("v1"), at(2)) };
    let other = terms(&label("V1"), at(3));
    let (refused, next) = store
        .write((again, other.clone()), |(again, other), tx| {
            Box::pin(async move { Ok((tx.publish_terms(again).await?, tx.publish_terms(other).await?)) })
        })
        .await;
    assert_eq!((refused, next), (Err(VersionTaken), Ok(())));
    assert_eq!(store.list_terms().await, [other, first]);
}

/// Of concurrent publications of one label, one succeeds.
pub async fn concurrent_publications_of_a_label_succeed_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let label = fresh_label();
        let answers = run_concurrently((0..4).map(|task| {
            let (store, version) = (store.clone(), terms(&label, at(task)));
            async move { store.publish_terms(&version).await.map(|()| version) }
        }))
        .await;
        let published: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
        let mut kept = store.list_terms().await;
        kept.retain(|version| version.label == label);
        assert_eq!(kept, published);
        assert_eq!(kept.len(), 1);
    }
}

/// Every field of an acceptance is stored, with a full and an empty origin. Its user need not exist.
pub async fn an_acceptance_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let label = label("2026-11");
    store.publish_terms(&terms(&label, at(0))).await.expect("the label is free");
    let origins = [
        Origin::default(),
        Origin {
            ip: Some(ip("2001:db8::7")),
            user_agent: Some("Böwser/1.0 \"'".to_owned()),
            request_id: Some("request-1".to_owned()),
        },
        Origin { ip: Some(ip("192.0.2.7")), ..Origin::default() },
    ];
    for (number, origin) in (1..).zip(origins) {
        let given = Acceptance { origin, ..acceptance(UserId(number), &label, at(5) + TICK) };
        assert!(store.accept_terms(&given).await);
        assert_eq!(store.find_acceptance(UserId(number), &label).await, Some(given));
    }
}

/// Of the acceptances of one version by one user, the first is kept, even if a later one has an earlier time.
pub async fn the_first_acceptance_is_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let label = label("v1");
    store.publish_terms(&terms(&label, at(0))).await.expect("the label is free");
    let first = acceptance(USER, &label, at(5));
    assert!(store.accept_terms(&first).await);
    for seconds in [5, 6, 4] {
        let origin = Origin { ip: Some(ip("192.0.2.7")), ..Origin::default() };
        assert!(!store.accept_terms(&Acceptance { origin, ..acceptance(USER, &label, at(seconds)) }).await);
        assert_eq!(store.find_acceptance(USER, &label).await.as_ref(), Some(&first));
    }
}

/// An acceptance does not cover other users or other versions.
pub async fn an_acceptance_covers_one_user_and_one_version(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let labels = [label("v1"), label("V1"), label("v2")];
    for (seconds, label) in (0..).zip(&labels) {
        store.publish_terms(&terms(label, at(seconds))).await.expect("the label is free");
    }
    assert!(store.accept_terms(&acceptance(USER, &labels[0], at(5))).await);
    for (user, label) in [(USER, &labels[1]), (USER, &labels[2]), (UserId(26), &labels[0])] {
        assert_eq!(store.find_acceptance(user, label).await, None);
        assert!(store.accept_terms(&acceptance(user, label, at(6))).await);
    }
    assert_eq!(store.find_acceptance(USER, &labels[0]).await.map(|one| one.at), Some(at(5)));
}

/// The acceptances of a user are listed latest first, and none of other users.
pub async fn the_acceptances_of_a_user_are_listed_latest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let labels = [label("v1"), label("v2"), label("V2"), label("v3")];
    for (seconds, label) in (0..).zip(&labels) {
        store.publish_terms(&terms(label, at(seconds))).await.expect("the label is free");
    }
    let given = [(3, 9), (1, 7), (2, 7), (0, 8)].map(|(index, seconds): (usize, u64)| {
        let origin = Origin { ip: Some(ip("192.0.2.7")), ..Origin::default() };
        Acceptance { origin, ..acceptance(USER, &labels[index], at(seconds)) }
    });
    for index in [1, 0, 3, 2] {
        assert!(store.accept_terms(&given[index]).await);
    }
    assert!(store.accept_terms(&acceptance(UserId(26), &labels[0], at(9))).await);
    // Of one time, in the reverse order of their labels.
    let expected = [0, 3, 1, 2].map(|index: usize| given[index].clone());
    assert_eq!(store.acceptances_of(USER).await, expected);
    assert_eq!(store.acceptances_of(UserId(27)).await, []);
}

/// The acceptances of a version are listed in the order of the users, page by page, and none of other versions.
pub async fn the_acceptances_of_a_version_are_listed_by_user(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let labels = [label("v1"), label("V1")];
    for label in &labels {
        store.publish_terms(&terms(label, at(0))).await.expect("the label is free");
    }
    for user in [30, -1, 25] {
        assert!(store.accept_terms(&acceptance(UserId(user), &labels[0], at(5))).await);
    }
    assert!(store.accept_terms(&acceptance(UserId(26), &labels[1], at(5))).await);
    let all = [-1, 25, 30].map(|user| acceptance(UserId(user), &labels[0], at(5)));
    assert_eq!(store.list_acceptances(&labels[0], None, usize::MAX).await, all);
    assert_eq!(store.list_acceptances(&labels[0], None, 1).await, all[..1]);
    assert_eq!(store.list_acceptances(&labels[0], Some(UserId(24)), 1).await, all[1..2]);
    assert_eq!(store.list_acceptances(&labels[0], Some(UserId(25)), 5).await, all[2..]);
    assert_eq!(store.list_acceptances(&label("v2"), None, 5).await, []);
}

/// Of concurrent acceptances one is kept: the one whose call returned `true`.
pub async fn concurrent_acceptances_keep_one(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let label = label("v1");
    store.publish_terms(&terms(&label, at(0))).await.expect("the label is free");
    for round in 0..ROUNDS {
        let user = UserId(i64::try_from(round).expect("few rounds"));
        let answers = run_concurrently((0..4).map(|task| {
            let (store, given) = (store.clone(), acceptance(user, &label, at(task)));
            async move { store.accept_terms(&given).await.then_some(given) }
        }))
        .await;
        let kept: Vec<_> = answers.into_iter().flatten().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(store.find_acceptance(user, &label).await.as_ref(), kept.first());
    }
}

/// Accepting an unpublished version fails with [`StorageError::Failed`].
pub async fn accepting_an_unpublished_version_fails(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let given = acceptance(USER, &label("v1"), at(1));
    let answer = store.try_write(given.clone(), |acceptance, tx| Box::pin(tx.accept_terms(acceptance))).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(store.find_acceptance(USER, &given.label).await, None);
}
