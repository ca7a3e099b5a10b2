//! Clauses of [`asteroid_clients::MembershipRepository`].

use asteroid_clients::{GoogleApiKey, Membership, MembershipRepository, PracticeId, Role, SourceId};
use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::CompleteStorage;
use crate::fixtures::practice::{
    OTHER_PRACTICE, OTHER_SOURCE, PRACTICE, client_key, external_id, membership, with_practices,
};
use crate::fixtures::{fresh_contact, new_user};
use crate::store::Store;

async fn enrol(store: &Store<impl CompleteStorage>) -> UserId {
    store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free")
}

/// A membership comes back as it was put, with all that it may have and with nothing of it.
pub async fn a_membership_comes_back_as_it_was_put(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (client, staff) = (enrol(&store).await, enrol(&store).await);
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

/// Putting a membership says whether it is new, another than before, or the same. It takes the place of the user's one
/// in the same practice, and of no other.
pub async fn a_user_has_one_membership_in_a_practice(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (user, other) = (enrol(&store).await, enrol(&store).await);
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

/// Of a user's memberships the oldest is found where no practice is named, however often they are put again; another
/// practice's user has none there.
pub async fn the_oldest_membership_is_found_first(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (user, other) = (enrol(&store).await, enrol(&store).await);
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

/// The users of a client are those whose memberships name it, in its practice and of its source, the oldest first.
pub async fn the_users_of_a_client_are_found(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let key = client_key("1");
    assert!(store.users_of_client(PRACTICE, &key).await.is_empty());
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(enrol(&store).await);
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

/// A membership is of a user and in a practice that are there: otherwise the store fails.
pub async fn a_membership_of_nobody_or_nowhere_is_refused(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let user = enrol(&store).await;
    let nobody = UserId(user.0 + 1);
    let nowhere = Membership { practice: PracticeId(987), ..membership(user, "1") };
    for given in [membership(nobody, "1"), nowhere] {
        let answer =
            store.try_write(given.clone(), |membership, tx| Box::pin(tx.put_membership(membership))).await;
        assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
        assert_eq!(store.find_membership(given.user, None).await, None);
    }
}
