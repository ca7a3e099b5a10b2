//! Clauses of [`asteroid_identity::UserRepository`]: users, their contacts, passwords and addresses.

use asteroid_identity::{
    ContactTaken, ContactType, NewUser, PersonName, Profile, User, UserAdministrationRepository, UserContact,
    UserRegistrationRepository, UserRepository, UserStatus,
};
use asteroid_kernel::{ContactId, StorageError, Timestamp, UserId};

use crate::CompleteStorage;
use crate::fixtures::{TICK, at, contact, fresh_contact, hash, imported, ip, new_user};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

/// The user that nobody is.
const NO_USER: UserId = UserId(987_654_321);

/// A new user is enabled, has never signed in, and has the one contact, verified and primary. FullFixture comes back
/// as it was given, in either kind of contact, with and without a password.
pub async fn a_new_user_comes_back_as_it_was_given(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let users = [
        new_user(&contact("George.Washington@Example.com")),
        NewUser {
            name: PersonName::new("Zoë 🦀", "O'Neil \"; --").expect("a name"),
            password_hash: None,
            contact_type: ContactType::Work,
            source: imported(None),
            created_at: at(7) + TICK,
            ..new_user(&contact("555-665-4345"))
        },
        NewUser {
            name: PersonName::single("Teller").expect("a name"),
            source: imported(Some(i64::MAX)),
            ..new_user(&contact("teller@example.com"))
        },
    ];
    for new in users {
        let id = store.insert_user(&new).await.expect("the contact is free");
        let profile = store.find_profile(id).await.expect("the user is there");
        let contact_id = profile.contacts.first().map_or(ContactId(0), |contact| contact.id);
        let user = User {
            id,
            name: new.name.clone(),
            status: UserStatus::Enabled,
            password_hash: new.password_hash.clone(),
            last_login: None,
            created_at: new.created_at,
        };
        let only_contact = UserContact {
            id: contact_id,
            contact: new.contact.clone(),
            contact_type: new.contact_type,
            primary: true,
            source: new.source,
            verified_at: new.created_at,
        };
        assert_eq!(profile, Profile { user: user.clone(), contacts: vec![only_contact] });
        // Contacts are equal however they are written; this one has to be written as it was given.
        assert_eq!(profile.contacts[0].contact.as_str(), new.contact.as_str());
        assert_eq!(store.find_user_by_contact(&new.contact.key()).await, Some(user));
    }
}

/// Users and contacts get ids of their own.
pub async fn ids_are_given_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (mut users, mut contacts) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let id = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
        users.push(id);
        contacts
            .extend(store.find_profile(id).await.expect("the user is there").contacts.iter().map(|c| c.id));
    }
    users.sort_unstable();
    users.dedup();
    contacts.sort_unstable();
    contacts.dedup();
    assert_eq!((users.len(), contacts.len()), (10, 10));
}

/// A contact of a user is taken, in whatever spelling: nothing is made, and the transaction stays usable.
pub async fn a_contact_belongs_to_one_user(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for (given, other) in [
        ("George@Example.com", "GEORGE@example.COM"),
        ("Straße@example.com", "STRAẞE@example.com"),
        ("info@dömäin.example", "info@xn--dmin-moa0i.example"),
    ] {
        let first = store.insert_user(&new_user(&contact(given))).await.expect("the contact is free");
        let again = NewUser {
            name: PersonName::new("Martha", "Dandridge").expect("a name"),
            ..new_user(&contact(other))
        };
        let next = new_user(&fresh_contact());
        let (refused, next) = store
            .write((again, next), |(again, next), tx| {
                Box::pin(async move { Ok((tx.insert_user(again).await?, tx.insert_user(next).await?)) })
            })
            .await;
        assert_eq!(refused, Err(ContactTaken));
        let next = next.expect("the transaction stays usable");
        assert!(store.find_profile(next).await.is_some(), "what followed in the transaction was committed");
        let owner = store.find_user_by_contact(&contact(other).key()).await.expect("the owner is there");
        assert_eq!((owner.id, owner.name.first()), (first, "George"));
        for id in first.0 + 1..next.0 {
            assert_eq!(store.find_profile(UserId(id)).await, None, "nobody was made");
        }
    }
}

/// A unit meets the contacts that it took itself.
pub async fn a_contact_is_taken_within_the_unit_that_took_it(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = new_user(&fresh_contact());
    let (first, second) = store
        .write(user.clone(), |user, tx| {
            Box::pin(async move { Ok((tx.insert_user(user).await?, tx.insert_user(user).await?)) })
        })
        .await;
    assert_eq!(second, Err(ContactTaken));
    assert_eq!(store.find_user_by_contact(&user.contact.key()).await.map(|user| user.id), first.ok());
}

/// Of several that try at once to make a user with a contact, one succeeds.
pub async fn of_many_who_want_a_contact_one_gets_it(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let contact = fresh_contact();
        let answers = at_once((0..8).map(|_| {
            let (store, user) = (store.clone(), new_user(&contact));
            async move { store.insert_user(&user).await }
        }))
        .await;
        let made: Vec<UserId> = answers.into_iter().filter_map(Result::ok).collect();
        assert_eq!(made.len(), 1);
        assert_eq!(store.find_user_by_contact(&contact.key()).await.map(|user| user.id), Some(made[0]));
    }
}

/// A user gets the id that is given, and is otherwise as any other; later users get higher ids than all that were given.
pub async fn a_user_gets_the_id_that_is_given(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let by_store = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let mut ids = vec![by_store];
    for id in [by_store.0 + 1_000, by_store.0 + 1_001, by_store.0 + 500].map(UserId) {
        let new = new_user(&fresh_contact());
        assert_eq!(store.insert_user_with_id(id, &new).await, Ok(()));
        let found = store.find_user_by_contact(&new.contact.key()).await.expect("the user is there");
        assert_eq!((found.id, found.status, found.created_at), (id, UserStatus::Enabled, new.created_at));
        let profile = store.find_profile(id).await.expect("the user is there");
        assert_eq!((profile.user, profile.contacts.len()), (found, 1));
        assert!(profile.contacts[0].primary && profile.contacts[0].contact == new.contact);
        ids.push(id);
    }
    for _ in 0..2 {
        let next = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
        assert!(ids.iter().all(|id| *id < next), "{next} after {ids:?}");
        ids.push(next);
    }
}

/// With a contact that is taken no user is made, the transaction stays usable, and the id can still be given.
pub async fn a_given_id_is_free_until_its_user_is_made(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let taken = new_user(&fresh_contact());
    store.insert_user(&taken).await.expect("the contact is free");
    let (id, free) = (UserId(1_000), new_user(&fresh_contact()));
    let (refused, made) = store
        .write((taken, free.clone()), move |(taken, free), tx| {
            Box::pin(async move {
                let refused = tx.insert_user_with_id(id, taken).await?;
                assert!(tx.find_profile(id).await?.is_none(), "nobody was made");
                Ok((refused, tx.insert_user_with_id(id, free).await?))
            })
        })
        .await;
    assert_eq!((refused, made), (Err(ContactTaken), Ok(())));
    assert_eq!(store.find_user_by_contact(&free.contact.key()).await.map(|user| user.id), Some(id));
}

/// An id that a user has cannot be given again: the store fails, and the user stays as it was.
pub async fn an_id_is_not_given_twice(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let id = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let before = store.find_profile(id).await;
    let second = new_user(&fresh_contact());
    let answer = store
        .try_write((id, second.clone()), |(id, second), tx| Box::pin(tx.insert_user_with_id(*id, second)))
        .await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(store.find_profile(id).await, before);
    assert_eq!(store.find_user_by_contact(&second.contact.key()).await, None);
}

/// A user is called by another name, and nothing else changes. Nobody is not.
pub async fn a_user_is_renamed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let bystander = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let (mut expected, others) = (store.find_profile(user).await, store.find_profile(bystander).await);
    let name = PersonName::new("Zoë 🦀", "O'Neil").expect("a name");
    for _ in 0..2 {
        assert!(store.rename_user(user, &name).await);
        if let Some(profile) = &mut expected {
            profile.user.name = name.clone();
        }
        assert_eq!(store.find_profile(user).await, expected);
    }
    assert_eq!(store.find_profile(bystander).await, others);
    assert!(!store.rename_user(NO_USER, &name).await);
}

/// A user is found by the contact in any spelling, and by no other.
pub async fn a_user_is_found_by_the_contact(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let ids = [
        store.insert_user(&new_user(&contact("George@Example.com"))).await,
        store.insert_user(&new_user(&contact("+1 555.665.4345"))).await,
    ]
    .map(|id| id.expect("the contact is free"));
    for (text, id) in [("gEORGE@eXAMPLE.cOM", ids[0]), ("(555) 665 4345", ids[1])] {
        assert_eq!(
            store.find_user_by_contact(&contact(text).key()).await.map(|user| user.id),
            Some(id),
            "{text}"
        );
    }
    for text in ["georg@example.com", "george@example.co", "5556654346", "g%@example.com"] {
        assert_eq!(store.find_user_by_contact(&contact(text).key()).await, None, "{text}");
    }
    assert_eq!(store.find_profile(NO_USER).await, None);
}

/// A sign-in is noted for the hash that the user has, and where no password was asked for.
pub async fn a_sign_in_is_noted(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    assert!(store.record_sign_in(user, Some(&hash("first")), at(1)).await);
    assert_eq!(last_login(&store, user).await, Some(at(1)));
    assert!(store.record_sign_in(user, None, at(2)).await);
    assert_eq!(last_login(&store, user).await, Some(at(2)));
    let without_password = NewUser { password_hash: None, ..new_user(&fresh_contact()) };
    let user = store.insert_user(&without_password).await.expect("the contact is free");
    assert!(store.record_sign_in(user, None, at(3)).await);
    assert_eq!(last_login(&store, user).await, Some(at(3)));
}

/// No sign-in is noted for a hash that is not the user's, for a disabled user, or for nobody.
pub async fn a_sign_in_that_may_not_be_is_not_noted(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contacts = [fresh_contact(), fresh_contact()];
    let user = store.insert_user(&new_user(&contacts[0])).await.expect("the contact is free");
    let without_password = NewUser { password_hash: None, ..new_user(&contacts[1]) };
    let without_password = store.insert_user(&without_password).await.expect("the contact is free");
    assert!(!store.record_sign_in(user, Some(&hash("second")), at(1)).await);
    assert!(!store.record_sign_in(without_password, Some(&hash("first")), at(1)).await);
    assert!(!store.record_sign_in(NO_USER, None, at(1)).await);
    store.set_status(user, UserStatus::Disabled).await;
    assert!(!store.record_sign_in(user, Some(&hash("first")), at(1)).await);
    assert!(!store.record_sign_in(user, None, at(1)).await);
    assert_eq!(last_login(&store, user).await, None);
    assert_eq!(last_login(&store, without_password).await, None);
}

/// A password is replaced if it still is the one that was checked, or whatever it is where none is named.
pub async fn a_password_is_replaced_if_it_still_is_the_one_that_was_checked(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let bystander = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    assert!(!store.replace_password(user, Some(&hash("other")), &hash("second")).await);
    assert!(store.record_sign_in(user, Some(&hash("first")), at(1)).await, "nothing was changed");
    assert!(store.replace_password(user, Some(&hash("first")), &hash("second")).await);
    assert!(!store.replace_password(user, Some(&hash("first")), &hash("third")).await);
    assert!(store.record_sign_in(user, Some(&hash("second")), at(2)).await);
    assert!(!store.record_sign_in(user, Some(&hash("first")), at(2)).await);
    assert!(store.replace_password(user, None, &hash("third")).await);
    assert!(store.record_sign_in(user, Some(&hash("third")), at(3)).await);
    assert!(store.record_sign_in(bystander, Some(&hash("first")), at(3)).await, "nobody else's was changed");
    assert!(!store.replace_password(NO_USER, None, &hash("third")).await);
}

/// A disabled user's password can be replaced.
pub async fn a_disabled_users_password_is_replaced(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    store.set_status(user, UserStatus::Disabled).await;
    assert!(store.replace_password(user, Some(&hash("first")), &hash("second")).await);
    assert!(store.replace_password(user, None, &hash("third")).await);
    store.set_status(user, UserStatus::Enabled).await;
    assert!(store.record_sign_in(user, Some(&hash("third")), at(1)).await);
}

/// A user without a password gets one, but never in place of one that was checked.
pub async fn a_first_password_replaces_none(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let without_password = NewUser { password_hash: None, ..new_user(&fresh_contact()) };
    let user = store.insert_user(&without_password).await.expect("the contact is free");
    assert!(!store.replace_password(user, Some(&hash("first")), &hash("second")).await);
    assert!(store.replace_password(user, None, &hash("second")).await);
    assert!(store.record_sign_in(user, Some(&hash("second")), at(1)).await);
}

/// Of several that replace the same password at once, one succeeds.
pub async fn of_many_changes_of_a_password_one_succeeds(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let mut current = hash("first");
    for round in 0..ROUNDS {
        let answers = at_once((0..4).map(|task| {
            let (store, current, new) = (store.clone(), current.clone(), hash(&format!("{round}-{task}")));
            async move { store.replace_password(user, Some(&current), &new).await.then_some(new) }
        }))
        .await;
        let mut winners = answers.into_iter().flatten();
        current = winners.next().expect("one succeeds");
        assert_eq!(winners.next(), None, "and no other");
        assert!(store.record_sign_in(user, Some(&current), at(round)).await);
    }
}

/// A user is disabled and enabled again.
pub async fn a_user_is_disabled_and_enabled(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let user = store.insert_user(&new_user(&contact)).await.expect("the contact is free");
    for status in [UserStatus::Disabled, UserStatus::Disabled, UserStatus::Enabled, UserStatus::Enabled] {
        assert!(store.set_status(user, status).await);
        assert_eq!(store.find_user_by_contact(&contact.key()).await.map(|user| user.status), Some(status));
    }
    assert!(!store.set_status(NO_USER, UserStatus::Enabled).await);
}

/// An address is familiar to its user alone, from the time of the sign-in on and including it.
pub async fn an_address_is_familiar_since_the_last_sign_in_from_it(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let other = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    for (address, neighbour) in
        [("192.0.2.7", "192.0.2.70"), ("2001:db8::7", "2001:db8::8")].map(|(a, b)| (ip(a), ip(b)))
    {
        assert!(!store.is_familiar_address(user, address, at(0)).await);
        store.remember_address(user, address, at(5)).await;
        assert!(store.is_familiar_address(user, address, at(0)).await);
        assert!(store.is_familiar_address(user, address, at(5)).await);
        assert!(!store.is_familiar_address(user, address, at(5) + TICK).await);
        assert!(!store.is_familiar_address(user, neighbour, at(0)).await);
        assert!(!store.is_familiar_address(other, address, at(0)).await);
    }
}

/// Only the latest time is kept, in whichever order the times come.
pub async fn only_the_latest_sign_in_from_an_address_is_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let address = ip("2001:db8::7");
    for seconds in [5, 9, 7] {
        store.remember_address(user, address, at(seconds)).await;
    }
    assert!(store.is_familiar_address(user, address, at(9)).await);
    assert!(!store.is_familiar_address(user, address, at(9) + TICK).await);
    assert_eq!(store.forget_addresses(at(9) + TICK).await, 1, "one time is kept");
}

/// Forgotten are the addresses from which nobody signed in since then, and no others.
pub async fn addresses_are_forgotten_when_nobody_comes_from_them(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let addresses = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"].map(ip);
    for (seconds, address) in (0..).zip(addresses) {
        store.remember_address(user, address, at(seconds)).await;
    }
    assert_eq!(store.forget_addresses(at(2)).await, 2);
    let mut familiar = Vec::new();
    for address in addresses {
        familiar.push(store.is_familiar_address(user, address, at(0)).await);
    }
    assert_eq!(familiar, [false, false, true, true]);
    assert_eq!(store.forget_addresses(at(2)).await, 0);
}

async fn last_login(store: &Store<impl CompleteStorage>, user: UserId) -> Option<Timestamp> {
    store.find_profile(user).await.expect("the user is there").user.last_login
}
