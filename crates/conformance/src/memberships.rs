//! Clauses of [`asteroid_clients::MembershipRepository`].

use asteroid_clients::{GoogleApiKey, Membership, MembershipRepository, PracticeId, Role, SourceId};
use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::CompleteStorage;
use crate::fixtures::practice::{
    OTHER_PRACTICE, OTHER_SOURCE, PRACTICE, client_key, external_id, membership, with_practices,
};
use crate::fixtures::{fresh_contact, new_user};
use crate::store::Store;

async fn insert_fresh_user(store: &Store<impl CompleteStorage>) -> UserId {
    store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free")
}

/// Every field of a membership is stored, with and without the optional ones.
pub async fn a_membership_is_stored_in_full(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (client, staff) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    assert_eq!(store.find_membership(client, None).await, None);
    let client = Membership {
        roles: ["client", "", "groomer, \"ü\"", "client"].map(Role::new).to_vec(),
        client: Some(external_id(" xzy-ÄBC 🦀")),
        google_api_key: Some(GoogleApiKey::new("key")),
        ..membership(client, "1")
    };
    let staff = Membership {
        practice: OTHER_PRACTICE,
        source: SourceId(i64::MIN),
        primary_role: Role::new(""),
        roles: Vec::new(),
        client: None,
        ..membership(staff, "1")
    };
    for given in [client, staff] {
        assert_eq!(store.put_membership(&given).await, Upsert::Created);
        assert_eq!(store.find_membership(given.user, None).await, Some(given.clone()));
        assert_eq!(store.find_membership(given.user, Some(given.practice)).await, Some(given));
    }
}

/// Upserting a membership reports created, updated or unchanged. It replaces the membership of the user in that
/// practice and no other.
pub async fn a_user_has_one_membership_per_practice(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let bystanders =
        [membership(other, "1"), Membership { practice: OTHER_PRACTICE, ..membership(user, "1") }];
    for bystander in &bystanders {
        store.put_membership(bystander).await;
    }
    let base = membership(user, "1");
    assert_eq!(store.put_membership(&base).await, Upsert::Created);
    assert_eq!(store.put_membership(&base).await, Upsert::Unchanged);
    let others = [
        Membership { source: OTHER_SOURCE, ..base.clone() },
        Membership { primary_role: Role::new("client"), ..base.clone() },
        Membership { roles: Vec::new(), ..base.clone() },
        Membership { roles: ["client", "staff"].map(Role::new).to_vec(), ..base.clone() },
        Membership { roles: ["staff", "client"].map(Role::new).to_vec(), ..base.clone() },
        Membership { client: None, ..base.clone() },
        Membership { client: Some(external_id("01")), ..base.clone() },
        Membership { google_api_key: Some(GoogleApiKey::new("")), ..base.clone() },
        base.clone(),
    ];
    for other in others {
        assert_eq!(store.put_membership(&other).await, Upsert::Updated, "{other:?}");
        assert_eq!(store.put_membership(&other).await, Upsert::Unchanged, "{other:?}");
        assert_eq!(store.find_membership(user, Some(PRACTICE)).await, Some(other));
    }
    for bystander in bystanders {
        assert_eq!(store.find_membership(bystander.user, Some(bystander.practice)).await, Some(bystander));
    }
}

/// Without a practice, the oldest membership of the user is found, even after an update. With a practice, only a
/// membership in it is found.
pub async fn the_oldest_membership_is_found_first(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let second = membership(user, "1");
    let first = Membership { practice: OTHER_PRACTICE, ..membership(user, "2") };
    for given in [&first, &second] {
        store.put_membership(given).await;
    }
    assert_eq!(store.find_membership(user, None).await, Some(first.clone()));
    let changed = Membership { roles: Vec::new(), ..first };
    assert_eq!(store.put_membership(&changed).await, Upsert::Updated);
    assert_eq!(store.find_membership(user, None).await, Some(changed));
    assert_eq!(store.find_membership(user, Some(PRACTICE)).await, Some(second));
    store.put_membership(&membership(other, "3")).await;
    assert_eq!(store.find_membership(other, Some(OTHER_PRACTICE)).await, None);
}

/// The users of a client are those whose membership names its practice, source and id, oldest membership first.
pub async fn the_users_of_a_client_are_listed(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let key = client_key("1");
    assert!(store.users_of_client(PRACTICE, &key).await.is_empty());
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(insert_fresh_user(&store).await);
    }
    for user in [users[2], users[0]] {
        store.put_membership(&membership(user, "1")).await;
    }
    let others = [
        Membership { practice: OTHER_PRACTICE, ..membership(users[1], "1") },
        Membership { source: OTHER_SOURCE, ..membership(users[1], "1") },
    ];
    for other in others {
        store.put_membership(&other).await;
    }
    assert_eq!(store.users_of_client(PRACTICE, &key).await, [users[2], users[0]]);
    assert_eq!(store.users_of_client(OTHER_PRACTICE, &key).await, [users[1]]);
    store.put_membership(&membership(users[2], "2")).await;
    assert_eq!(store.users_of_client(PRACTICE, &key).await, [users[0]]);
}

/// The memberships of a user are listed oldest first, and no others.
pub async fn the_memberships_of_a_user_are_listed_oldest_first(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    assert_eq!(store.memberships_of(user).await, []);
    let second = membership(user, "1");
    let first = Membership { practice: OTHER_PRACTICE, ..second.clone() };
    for one in [&first, &second, &membership(other, "1")] {
        store.put_membership(one).await;
    }
    assert_eq!(store.memberships_of(user).await, [first, second]);
}

/// A membership of an unknown user or in an unknown practice fails with [`StorageError::Failed`].
pub async fn a_membership_of_an_unknown_user_or_practice_fails(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let user = insert_fresh_user(&store).await;
    let unknown_user = UserId(user.0 + 1);
    let unknown_practice = Membership { practice: PracticeId(987), ..membership(user, "1") };
    for given in [membership(unknown_user, "1"), unknown_practice] {
        let answer =
            store.try_write(given.clone(), |membership, tx| Box::pin(tx.put_membership(membership))).await;
        assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
        assert_eq!(store.find_membership(given.user, None).await, None);
    }
}
