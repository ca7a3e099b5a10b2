//! Clauses of [`asteroid_terms::TermsRepository`].

use asteroid_kernel::{Origin, StorageError, UserId};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionTaken};

use crate::CompleteStorage;
use crate::fixtures::{TICK, acceptance, at, fresh_label, ip, label, terms};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

const USER: UserId = UserId(25);

/// FullFixture comes back as it was published: a long text, in every script, with white space around.
pub async fn a_version_comes_back_as_it_was_published(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let long = "Être, 要る, 🦀; --\n".repeat(5_000);
    let published_at = at(7) + TICK;
    for text in [" \tThe terms.\r\n\n", "'; DROP TABLE users", &long] {
        let given = TermsVersion { label: fresh_label(), text: text.to_owned(), published_at };
        assert_eq!(store.publish_terms(&given).await, Ok(()));
        assert_eq!(store.current_terms().await, Some(given));
    }
}

/// Before the first version there is none in force.
pub async fn no_terms_are_in_force_before_the_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!((store.current_terms().await, store.current_label().await), (None, None));
    assert_eq!(store.list_terms().await, []);
}

/// In force is the version published last, by time; at the same time, by the order of publishing, whatever the labels.
/// Its label alone is found by the same rule. All are listed so, the latest first.
pub async fn the_version_published_last_is_in_force(storage: impl CompleteStorage) {
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

/// A label that was published is taken: nothing is kept, and the transaction stays usable. Labels are told apart by
/// every character.
pub async fn a_label_is_published_once(storage: impl CompleteStorage) {
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

/// Of several that try at once to publish a label, one succeeds.
pub async fn of_many_who_publish_a_label_one_succeeds(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let label = fresh_label();
        let answers = at_once((0..4).map(|task| {
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

/// An acceptance comes back as it was given, with all and with nothing of its origin. Its user may be gone.
pub async fn an_acceptance_comes_back_as_it_was_given(storage: impl CompleteStorage) {
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

/// Of a user's acceptances of a version the first is kept, even if a later one names an earlier time.
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

/// An acceptance is of one user and one version: it says nothing of other users, nor of versions before or after.
pub async fn an_acceptance_is_of_one_user_and_one_version(storage: impl CompleteStorage) {
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

/// Of acceptances at once, one is kept, and it is the one that was told so.
pub async fn of_many_acceptances_at_once_one_is_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let label = label("v1");
    store.publish_terms(&terms(&label, at(0))).await.expect("the label is free");
    for round in 0..ROUNDS {
        let user = UserId(i64::try_from(round).expect("few rounds"));
        let answers = at_once((0..4).map(|task| {
            let (store, given) = (store.clone(), acceptance(user, &label, at(task)));
            async move { store.accept_terms(&given).await.then_some(given) }
        }))
        .await;
        let kept: Vec<_> = answers.into_iter().flatten().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(store.find_acceptance(user, &label).await.as_ref(), kept.first());
    }
}

/// What was never published cannot be accepted: the store fails.
pub async fn nobody_accepts_what_was_never_published(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let given = acceptance(USER, &label("v1"), at(1));
    let answer = store.try_write(given.clone(), |acceptance, tx| Box::pin(tx.accept_terms(acceptance))).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(store.find_acceptance(USER, &given.label).await, None);
}
