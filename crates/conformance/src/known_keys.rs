//! Clauses of [`asteroid_verification::KeyRepository`].

use asteroid_kernel::StorageError;
use asteroid_verification::{
    Challenge, ChallengeState, KeyFingerprint, KeyIdentity, KeyKind, KeyRepository, KnownKey, OpenCodes,
    Purpose,
};

use crate::CompleteStorage;
use crate::fixtures::{TICK, at, challenge, fresh_contact, fresh_number};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

fn key(kind: KeyKind, id: &str, fingerprint: &str) -> KeyIdentity {
    KeyIdentity { kind, id: id.to_owned(), fingerprint: KeyFingerprint::from_stored(fingerprint) }
}

/// Every field of a known key is stored. The keys are listed by kind and id, with and without the lock.
pub async fn a_known_key_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.known_keys().await, []);
    let keys = [
        key(KeyKind::Code, "2026-07 \"ü\"", "5d1f0a"),
        key(KeyKind::Code, "A", "00"),
        key(KeyKind::Code, "a", "ff"),
        key(KeyKind::Token, "a", "5d1f0a"),
    ];
    for (seconds, index) in (0..).zip([3, 1, 0, 2]) {
        store.record_key(&keys[index], at(seconds) + TICK).await;
    }
    let known: Vec<KnownKey> = [2, 1, 3, 0]
        .into_iter()
        .zip(&keys)
        .map(|(seconds, key)| KnownKey { key: key.clone(), recorded_at: at(seconds) + TICK })
        .collect();
    assert_eq!(store.known_keys().await, known);
    assert_eq!(store.lock_known_keys().await, known);
}

/// A key that is known with its kind and id stays as it is.
pub async fn a_key_is_recorded_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let first = key(KeyKind::Token, "a", "00");
    store.record_key(&first, at(1)).await;
    store.record_key(&key(KeyKind::Token, "a", "ff"), at(0)).await;
    assert_eq!(store.known_keys().await, [KnownKey { key: first, recorded_at: at(1) }]);
}

/// A key is forgotten by its kind and id. Forgetting an unknown key returns `false`.
pub async fn a_key_can_be_forgotten(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let kept = key(KeyKind::Token, "a", "00");
    store.record_key(&kept, at(0)).await;
    store.record_key(&key(KeyKind::Code, "a", "00"), at(0)).await;
    assert!(store.forget_key(KeyKind::Code, "a").await);
    assert!(!store.forget_key(KeyKind::Code, "a").await);
    assert!(!store.forget_key(KeyKind::Token, "A").await);
    assert_eq!(store.known_keys().await, [KnownKey { key: kept, recorded_at: at(0) }]);
}

/// Units that lock the known keys run one after another: of several that record a key only if none is known, one does.
pub async fn concurrent_units_that_lock_the_known_keys_see_each_other(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let recorded = run_concurrently((0..4).map(|_| {
            let (store, key) = (store.clone(), key(KeyKind::Code, &fresh_number().to_string(), "00"));
            async move {
                store
                    .write(key, |key, tx| {
                        Box::pin(async move {
                            let is_first = tx.lock_known_keys().await?.is_empty();
                            if is_first {
                                tx.record_key(key, at(0)).await?;
                            }
                            Ok::<_, StorageError>(is_first)
                        })
                    })
                    .await
            }
        }))
        .await;
        assert_eq!(recorded.into_iter().filter(|is_first| *is_first).count(), 1);
        for known in store.known_keys().await {
            store.forget_key(known.key.kind, &known.key.id).await;
        }
    }
}

/// The open challenges are counted by key, with the time when the last one expires. Spent and expired ones do not count.
pub async fn open_codes_are_counted_by_key(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let of = |key: &str, seconds| Challenge {
        key_id: key.to_owned(),
        expires_at: at(seconds),
        ..challenge(&fresh_contact(), Purpose::SignIn, at(0))
    };
    let spent = Challenge { state: ChallengeState::Spent { at: at(1) }, ..of("c", 90) };
    store
        .insert_challenges(&[
            of("b", 50),
            of("a", 20),
            of("a", 40),
            of("a", 30),
            of("a", 10),
            of("d", 10),
            spent,
        ])
        .await;
    let codes = |key: &str, count, seconds| OpenCodes { key_id: key.to_owned(), count, until: at(seconds) };
    assert_eq!(store.open_codes(at(10)).await, [codes("a", 3, 40), codes("b", 1, 50)]);
    assert_eq!(store.open_codes(at(50)).await, []);
}

/// Ending the open challenges of a key spends them, and leaves those of other keys, and spent and expired ones, as they are.
pub async fn the_open_codes_of_a_key_can_be_ended(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let of = |key: &str, state, seconds| Challenge {
        key_id: key.to_owned(),
        state,
        expires_at: at(seconds),
        ..challenge(&fresh_contact(), Purpose::SignIn, at(0))
    };
    let (open, spent) = (ChallengeState::Open, ChallengeState::Spent { at: at(1) });
    let given =
        [of("a", open, 40), of("a", open, 50), of("a", spent, 40), of("a", open, 5), of("b", open, 40)];
    store.insert_challenges(&given).await;
    assert_eq!(store.end_codes_of_key("a", at(5)).await, 2);
    let now_spent = ChallengeState::Spent { at: at(5) };
    for (given, state) in given.iter().zip([now_spent, now_spent, spent, open, open]) {
        assert_eq!(store.find_challenge(given.id).await.map(|found| found.state), Some(state));
    }
    assert_eq!(store.end_codes_of_key("a", at(5)).await, 0);
}
