//! Clauses of [`asteroid_identity::UserAdministrationRepository`]: listing users.

use asteroid_clients::Membership;
use asteroid_identity::{NewUser, PersonName, UserCursor, UserFilter, UserSearch, UserStatus};
use asteroid_kernel::{Contact, ContactKey, Region, UserId};

use crate::CompleteStorage;
use crate::fixtures::practice::{OTHER_PRACTICE, PRACTICE, membership, with_practices};
use crate::fixtures::{at, contact, fresh_contact, new_user};
use crate::store::Store;

/// Inserts a user with this name and contact.
async fn insert(store: &Store<impl CompleteStorage>, first: &str, last: &str, contact: &Contact) -> UserId {
    let name = PersonName::partial(first, last).expect("a name");
    store.insert_user(&NewUser { name, ..new_user(contact) }).await.expect("the contact is free")
}

async fn insert_fresh(store: &Store<impl CompleteStorage>) -> UserId {
    store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free")
}

fn search(text: &str) -> UserFilter {
    UserFilter { search: UserSearch::parse(text, Region::US), ..UserFilter::default() }
}

/// The ids of all users of a listing, read page by page. Each listed user is its profile, and each page begins after the
/// one before.
async fn walk(store: &Store<impl CompleteStorage>, filter: &UserFilter, page: usize) -> Vec<UserId> {
    let (mut ids, mut after) = (Vec::new(), None::<UserCursor>);
    loop {
        let listed = store.list_users(filter, after.as_ref(), page).await;
        for (profile, cursor) in &listed {
            assert_eq!(cursor.user, profile.user.id);
            assert_eq!(store.find_profile(cursor.user).await.as_ref(), Some(profile));
            ids.push(cursor.user);
        }
        match listed.into_iter().last() {
            Some((_, cursor)) => after = Some(cursor),
            None => return ids,
        }
    }
}

/// Without a search, users are listed newest first, up to the requested number.
pub async fn users_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let all = UserFilter::default();
    assert_eq!(store.list_users(&all, None, 10).await, []);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(insert_fresh(&store).await);
    }
    ids.sort_unstable();
    ids.reverse();
    for page in [1, 2, 5, 6] {
        assert_eq!(walk(&store, &all, page).await, ids, "{page}");
    }
    assert_eq!(store.list_users(&all, None, 0).await, []);
}

/// A listed user satisfies every condition of the filter, alone and together, and every page is complete.
pub async fn users_are_listed_by_filter(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let mut users = Vec::new();
    for _ in 0..4 {
        users.push(insert_fresh(&store).await);
    }
    for user in [users[0], users[1], users[2]] {
        store.put_membership(&membership(user, "1")).await;
    }
    store.put_membership(&Membership { practice: OTHER_PRACTICE, ..membership(users[0], "1") }).await;
    for user in [users[1], users[3]] {
        assert!(store.set_status(user, UserStatus::Disabled).await);
    }
    let all = UserFilter::default();
    let of = |practice, status| UserFilter { practice, status, ..UserFilter::default() };
    let (practice, other) = (Some(PRACTICE.0), Some(OTHER_PRACTICE.0));
    let (enabled, disabled) = (Some(UserStatus::Enabled), Some(UserStatus::Disabled));
    for page in [1, 2, 10] {
        assert_eq!(walk(&store, &of(None, disabled), page).await, [users[3], users[1]]);
        assert_eq!(walk(&store, &of(None, enabled), page).await, [users[2], users[0]]);
        assert_eq!(walk(&store, &of(practice, None), page).await, [users[2], users[1], users[0]]);
        assert_eq!(walk(&store, &of(other, None), page).await, [users[0]]);
        assert_eq!(walk(&store, &of(practice, disabled), page).await, [users[1]]);
        assert_eq!(walk(&store, &of(Some(99), None), page).await, []);
        let george = |practice, status| UserFilter { practice, status, ..search("george") };
        assert_eq!(walk(&store, &george(practice, enabled), page).await, [users[0], users[2]]);
        assert_eq!(walk(&store, &george(None, disabled), page).await, [users[1], users[3]]);
    }
    let by_id = |user: UserId| UserFilter { search: Some(UserSearch::Id(user)), ..all.clone() };
    assert_eq!(walk(&store, &by_id(users[1]), 10).await, [users[1]]);
    assert_eq!(walk(&store, &by_id(UserId(987_654_321)), 10).await, []);
    assert_eq!(walk(&store, &UserFilter { practice, ..by_id(users[3]) }, 10).await, []);
    assert_eq!(
        walk(&store, &UserFilter { practice, status: disabled, ..by_id(users[1]) }, 10).await,
        [users[1]]
    );
    assert_eq!(walk(&store, &UserFilter { status: enabled, ..by_id(users[1]) }, 10).await, []);
}

/// A search finds users by the beginning of a name, from its first or its last part on, and of a contact, without case. It
/// lists each user once, in the order of what it found. A prefix is not a pattern.
pub async fn users_are_found_by_prefix(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let george = insert(&store, "George", "Georgeson", &contact("george@example.com")).await;
    let zoe = insert(&store, "ZOË", "Ångström", &contact("555-665-4345")).await;
    let percent = insert(&store, "", "100%_x", &contact("george_2@example.com")).await;
    for (text, found) in [
        ("geo", vec![george, percent]),
        ("GEORGE geo", vec![george]),
        ("georgeson george", vec![george]),
        ("george@example.com", vec![george]),
        ("George_2@", vec![percent]),
        ("zoë a\u{30a}ng", vec![zoe]),
        ("ångström zo", vec![zoe]),
        ("(555) 665-4345", vec![zoe]),
        ("+1 555 66", vec![zoe]),
        ("100%", vec![percent]),
        ("1%", vec![]),
        ("eorge", vec![]),
        ("george g_", vec![]),
    ] {
        for page in [1, 10] {
            assert_eq!(walk(&store, &search(text), page).await, found, "{text}");
        }
    }
}

/// A search uses the current name and contacts.
pub async fn users_are_found_by_their_current_name_and_contacts(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert(&store, "George", "Washington", &contact("george@example.com")).await;
    assert!(store.rename_user(user, &PersonName::new("Martha", "Dandridge").expect("a name")).await);
    let more = contact("martha.w@example.com");
    let source = new_user(&more).source;
    let personal = new_user(&more).contact_type;
    assert_eq!(store.add_contact(user, &more, personal, source, at(1)).await, Ok(()));
    let key: ContactKey = contact("george@example.com").key();
    assert!(store.remove_contact(user, &key).await.is_some());
    for (text, found) in
        [("washington", false), ("george", false), ("martha d", true), ("dandr", true), ("martha.w@", true)]
    {
        assert_eq!(walk(&store, &search(text), 10).await, Vec::from_iter(found.then_some(user)), "{text}");
    }
}

/// Users that come, change or go between two pages do not move the others: a page continues after its place, even if its
/// user is found no longer.
pub async fn pages_of_users_are_stable_during_writes(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let mut users = Vec::new();
    for name in ["b1", "b2", "b3", "b4"] {
        users.push(insert(&store, name, "", &fresh_contact()).await);
    }
    let all = UserFilter::default();
    let (by_id, by_name) =
        (store.list_users(&all, None, 2).await, store.list_users(&search("b"), None, 2).await);
    let place = |page: &[(_, UserCursor)]| page.last().map(|(_, cursor)| cursor.clone());
    // The user of either place is found by the search no longer; others come before and behind.
    for user in [users[1], users[2]] {
        assert!(store.rename_user(user, &PersonName::single("c").expect("a name")).await);
    }
    insert(&store, "b0", "", &fresh_contact()).await;
    let last = insert(&store, "b5", "", &fresh_contact()).await;
    let rest = store.list_users(&all, place(&by_id).as_ref(), 10).await;
    let ids = |page: Vec<(asteroid_identity::Profile, UserCursor)>| -> Vec<UserId> {
        page.into_iter().map(|(_, cursor)| cursor.user).collect()
    };
    assert_eq!(ids(rest), [users[1], users[0]]);
    let rest = store.list_users(&search("b"), place(&by_name).as_ref(), 10).await;
    assert_eq!(ids(rest), [users[3], last]);
}
