//! Clauses of [`asteroid_identity::AdminKeyRepository`] and [`asteroid_identity::IdempotencyRepository`].

use std::collections::BTreeSet;

use asteroid_identity::{
    AdminKey, AdminKeyHash, AdminKeyName, AdminKeySecret, IdempotencyKey, IdempotencyRepository,
    IdempotentRequest, Scope,
};
use asteroid_kernel::{AdminKeyId, StorageError, Timestamp, UserId};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

fn admin_key(name: &str, created_at: Timestamp, scopes: &[Scope]) -> AdminKey {
    AdminKey {
        id: AdminKeyId::new(created_at, &*RANDOMNESS),
        hash: AdminKeySecret::new(&*RANDOMNESS).hash(),
        name: AdminKeyName::parse(name).expect("a name"),
        scopes: scopes.iter().copied().collect(),
        created_at,
        expires_at: at(1000),
        last_used_at: None,
    }
}

/// Every field of a key is stored, whatever its scopes.
pub async fn an_admin_key_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for (seconds, scopes) in (0..).zip([&[][..], &[Scope::UsersRead], &Scope::ALL]) {
        let key = AdminKey {
            last_used_at: (!scopes.is_empty()).then(|| at(5) + TICK),
            expires_at: Timestamp::from_micros(i64::MAX),
            ..admin_key("Zoë's “shop” 🦀", at(seconds) + TICK, scopes)
        };
        store.insert_admin_key(&key).await;
        assert_eq!(store.find_admin_key(&key.hash).await, Some(key));
    }
    assert_eq!(store.find_admin_key(&AdminKeyHash([0; 32])).await, None);
}

/// Keys are listed newest first, and a revoked one is gone.
pub async fn admin_keys_are_listed_and_revoked(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [second, first, third] =
        [(20, "b"), (10, "a"), (30, "c")].map(|(seconds, name)| admin_key(name, at(seconds), &[]));
    for key in [&second, &first, &third] {
        store.insert_admin_key(key).await;
    }
    assert_eq!(store.list_admin_keys().await, [third.clone(), second.clone(), first.clone()]);
    assert!(store.revoke_admin_key(second.id).await);
    assert!(!store.revoke_admin_key(second.id).await);
    assert_eq!(store.find_admin_key(&second.hash).await, None);
    assert_eq!(store.list_admin_keys().await, [third, first]);
}

/// The latest use of a key stays, and no use of another key changes it.
pub async fn the_latest_use_of_an_admin_key_is_recorded(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [used, other] = ["used", "other"].map(|name| admin_key(name, at(0), &[Scope::AuditRead]));
    store.insert_admin_key(&used).await;
    store.insert_admin_key(&other).await;
    for seconds in [10, 30, 20] {
        store.touch_admin_key(used.id, at(seconds)).await;
    }
    store.touch_admin_key(AdminKeyId::new(at(0), &*RANDOMNESS), at(40)).await;
    let last_used_at = Some(at(30));
    assert_eq!(store.find_admin_key(&used.hash).await, Some(AdminKey { last_used_at, ..used }));
    assert_eq!(store.find_admin_key(&other.hash).await, Some(other));
}

fn request(byte: u8, user: i64, seconds: u64) -> IdempotentRequest {
    IdempotentRequest { content: [byte; 32], user: UserId(user), at: at(seconds) }
}

/// A request is found under its key until it is forgotten.
pub async fn an_idempotent_request_is_found_until_it_is_forgotten(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [one, other] = [1, 255].map(|byte| IdempotencyKey([byte; 32]));
    assert_eq!(store.lock_request(&one).await, None);
    store.record_request(&one, &request(7, 25, 10)).await;
    store.record_request(&other, &request(255, 26, 20)).await;
    assert_eq!(store.lock_request(&one).await, Some(request(7, 25, 10)));
    assert_eq!(store.forget_requests(at(10)).await, 0);
    assert_eq!(store.forget_requests(at(10) + TICK).await, 1);
    assert_eq!(store.lock_request(&one).await, None);
    assert_eq!(store.lock_request(&other).await, Some(request(255, 26, 20)));
}

/// Of concurrent units that lock a key, the later ones find the request of the first.
pub async fn concurrent_idempotent_requests_are_one(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for round in 0..ROUNDS {
        let key = IdempotencyKey([u8::try_from(round).expect("few rounds"); 32]);
        let found = run_concurrently((0..8).map(|user| {
            let (store, own) = (store.clone(), request(0, user, 0));
            async move {
                store
                    .write((key, own), |(key, own), tx| {
                        Box::pin(async move {
                            let first = tx.lock_request(key).await?;
                            if first.is_none() {
                                tx.record_request(key, own).await?;
                            }
                            Ok::<_, StorageError>(first.unwrap_or(*own))
                        })
                    })
                    .await
            }
        }))
        .await;
        let users: BTreeSet<UserId> = found.into_iter().map(|request| request.user).collect();
        assert_eq!(users.len(), 1, "{users:?}");
    }
}
