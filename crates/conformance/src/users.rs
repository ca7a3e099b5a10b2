//! Clauses of [`asteroid_identity::UserRepository`]: users, their contacts, passwords and addresses.

use asteroid_identity::{
    ContactTaken, ContactType, NewUser, PersonName, Profile, User, UserAdministrationRepository, UserContact,
    UserRegistrationRepository, UserRepository, UserStatus,
};
use asteroid_kernel::{ContactId, StorageError, Timestamp, UserId};

use crate::CompleteStorage;
use crate::fixtures::{TICK, at, contact, fresh_contact, hash, imported, network, new_user};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

/// The id of no user.
const NO_USER: UserId = UserId(987_654_321);

/// A new user is enabled, has never signed in, and has one contact, which is verified and primary. Every field is
/// stored, for an e-mail address and a phone, with and without a password.
pub async fn a_new_user_is_stored_in_full(storage: impl CompleteStorage) {
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
            administrator: false,
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
        // Equality ignores the spelling of a contact, so the spelling is compared here.
        assert_eq!(profile.contacts[0].contact.as_str(), new.contact.as_str());
        assert_eq!(store.find_user_by_contact(&new.contact.key()).await, Some(user));
    }
}

/// Each user and each contact gets an id of its own.
pub async fn users_and_contacts_get_unique_ids(storage: impl CompleteStorage) {
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

/// Inserting a user with a contact that any user has, in any spelling, is a conflict: nothing is stored, and the
/// transaction stays usable.
pub async fn inserting_a_taken_contact_is_a_conflict(storage: impl CompleteStorage) {
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
            assert_eq!(store.find_profile(UserId(id)).await, None, "no user was inserted");
        }
    }
}

/// A second user with the same contact conflicts within the unit that inserted the first.
pub async fn a_contact_conflict_is_detected_within_one_unit(storage: impl CompleteStorage) {
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

/// Of concurrent inserts of users with one contact, one succeeds.
pub async fn concurrent_inserts_of_one_contact_create_one_user(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let contact = fresh_contact();
        let answers = run_concurrently((0..8).map(|_| {
            let (store, user) = (store.clone(), new_user(&contact));
            async move { store.insert_user(&user).await }
        }))
        .await;
        let created: Vec<UserId> = answers.into_iter().filter_map(Result::ok).collect();
        assert_eq!(created.len(), 1);
        assert_eq!(store.find_user_by_contact(&contact.key()).await.map(|user| user.id), Some(created[0]));
    }
}

/// A user can be inserted with a given id and is otherwise like any other. Ids that the store assigns later are higher
/// than every id in use.
pub async fn a_user_can_be_inserted_with_a_given_id(storage: impl CompleteStorage) {
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

/// A contact conflict inserts no user, leaves the transaction usable, and leaves the given id free.
pub async fn a_contact_conflict_leaves_the_given_id_free(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let taken = new_user(&fresh_contact());
    store.insert_user(&taken).await.expect("the contact is free");
    let (id, free) = (UserId(1_000), new_user(&fresh_contact()));
    let (refused, created) = store
        .write((taken, free.clone()), move |(taken, free), tx| {
            Box::pin(async move {
                let refused = tx.insert_user_with_id(id, taken).await?;
                assert!(tx.find_profile(id).await?.is_none(), "no user was inserted");
                Ok((refused, tx.insert_user_with_id(id, free).await?))
            })
        })
        .await;
    assert_eq!((refused, created), (Err(ContactTaken), Ok(())));
    assert_eq!(store.find_user_by_contact(&free.contact.key()).await.map(|user| user.id), Some(id));
}

/// Inserting a user with the id of another fails with [`StorageError::Failed`] and leaves the other unchanged.
pub async fn inserting_an_existing_id_fails(storage: impl CompleteStorage) {
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

/// Renaming changes the name and nothing else. It returns `false` for an unknown user.
pub async fn renaming_a_user_changes_only_the_name(storage: impl CompleteStorage) {
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

/// A user is found by their contact in any spelling, and by no other contact.
pub async fn a_user_is_found_by_contact(storage: impl CompleteStorage) {
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

/// A sign-in is recorded if the verified hash is the current one, or if no password was verified.
pub async fn a_sign_in_is_recorded(storage: impl CompleteStorage) {
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

/// No sign-in is recorded for a hash other than the current one, for a disabled user, or for an unknown user.
pub async fn a_sign_in_is_rejected_for_a_stale_hash_or_a_disabled_or_unknown_user(
    storage: impl CompleteStorage,
) {
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

/// A password is replaced if the verified hash is still the current one. With [`None`] it is replaced unconditionally.
pub async fn a_password_is_replaced_only_if_the_verified_hash_is_current(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let bystander = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    assert!(!store.replace_password(user, Some(&hash("other")), &hash("second")).await);
    assert!(store.record_sign_in(user, Some(&hash("first")), at(1)).await, "the password was not changed");
    assert!(store.replace_password(user, Some(&hash("first")), &hash("second")).await);
    assert!(!store.replace_password(user, Some(&hash("first")), &hash("third")).await);
    assert!(store.record_sign_in(user, Some(&hash("second")), at(2)).await);
    assert!(!store.record_sign_in(user, Some(&hash("first")), at(2)).await);
    assert!(store.replace_password(user, None, &hash("third")).await);
    assert!(store.record_sign_in(user, Some(&hash("third")), at(3)).await);
    assert!(
        store.record_sign_in(bystander, Some(&hash("first")), at(3)).await,
        "the password of the other user was not changed"
    );
    assert!(!store.replace_password(NO_USER, None, &hash("third")).await);
}

/// The password of a disabled user can be replaced.
pub async fn the_password_of_a_disabled_user_can_be_replaced(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    store.set_status(user, UserStatus::Disabled).await;
    assert!(store.replace_password(user, Some(&hash("first")), &hash("second")).await);
    assert!(store.replace_password(user, None, &hash("third")).await);
    store.set_status(user, UserStatus::Enabled).await;
    assert!(store.record_sign_in(user, Some(&hash("third")), at(1)).await);
}

/// A user without a password gets one with [`None`] as the verified hash, and not with any hash.
pub async fn a_first_password_is_set_only_without_a_verified_hash(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let without_password = NewUser { password_hash: None, ..new_user(&fresh_contact()) };
    let user = store.insert_user(&without_password).await.expect("the contact is free");
    assert!(!store.replace_password(user, Some(&hash("first")), &hash("second")).await);
    assert!(store.replace_password(user, None, &hash("second")).await);
    assert!(store.record_sign_in(user, Some(&hash("second")), at(1)).await);
}

/// Of concurrent replacements of the same password, one succeeds.
pub async fn concurrent_password_changes_succeed_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let mut current = hash("first");
    for round in 0..ROUNDS {
        let answers = run_concurrently((0..4).map(|task| {
            let (store, current, new) = (store.clone(), current.clone(), hash(&format!("{round}-{task}")));
            async move { store.replace_password(user, Some(&current), &new).await.then_some(new) }
        }))
        .await;
        let mut winners = answers.into_iter().flatten();
        current = winners.next().expect("one succeeds");
        assert_eq!(winners.next(), None, "only one succeeds");
        assert!(store.record_sign_in(user, Some(&current), at(round)).await);
    }
}

/// A user can be disabled and enabled again, any number of times.
pub async fn a_user_can_be_disabled_and_enabled(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let user = store.insert_user(&new_user(&contact)).await.expect("the contact is free");
    for status in [UserStatus::Disabled, UserStatus::Disabled, UserStatus::Enabled, UserStatus::Enabled] {
        assert!(store.set_status(user, status).await);
        assert_eq!(store.find_user_by_contact(&contact.key()).await.map(|user| user.status), Some(status));
    }
    assert!(!store.set_status(NO_USER, UserStatus::Enabled).await);
}

/// A network is familiar for its own user only, if the last sign-in from it is not before the given time. The addresses
/// of an IPv6 /64 are one network.
pub async fn an_address_is_familiar_up_to_its_last_sign_in(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let other = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    for (address, same, neighbour) in [
        ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.70"),
        ("2001:db8::7", "2001:db8::8:9", "2001:db8:0:1::7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1:3:3:4:5:6"),
    ]
    .map(|(a, b, c)| (network(a), network(b), network(c)))
    {
        assert!(!store.is_familiar_address(user, address, at(0)).await);
        store.remember_address(user, address, at(5)).await;
        assert!(store.is_familiar_address(user, address, at(0)).await);
        assert!(store.is_familiar_address(user, address, at(5)).await);
        assert!(!store.is_familiar_address(user, address, at(5) + TICK).await);
        assert!(store.is_familiar_address(user, same, at(0)).await);
        assert!(!store.is_familiar_address(user, neighbour, at(0)).await);
        assert!(!store.is_familiar_address(other, address, at(0)).await);
    }
}

/// Per network one time is stored: the latest, whatever the order of the calls.
pub async fn only_the_latest_sign_in_from_an_address_is_stored(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let address = network("2001:db8::7");
    for (seconds, from) in [(5, "2001:db8::7"), (9, "2001:db8::8"), (7, "2001:db8::9")] {
        store.remember_address(user, network(from), at(seconds)).await;
    }
    assert!(store.is_familiar_address(user, address, at(9)).await);
    assert!(!store.is_familiar_address(user, address, at(9) + TICK).await);
    assert_eq!(store.forget_addresses(at(9) + TICK).await, 1, "one time is stored");
}

/// Addresses whose last sign-in lies before the cutoff are removed, and no others.
pub async fn addresses_unused_since_the_cutoff_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let addresses = ["192.0.2.1", "2001:db8:0:1::1", "192.0.2.2", "2001:db8:0:2::1"].map(network);
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

/// The networks of a user are listed with their latest times, latest first, and no others.
pub async fn the_addresses_of_a_user_are_listed_latest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let other = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    assert_eq!(store.list_addresses(user).await, []);
    for (of, seconds, from) in
        [(user, 1, "192.0.2.1"), (user, 3, "2001:db8::7"), (user, 2, "2001:db8::8"), (other, 4, "192.0.2.9")]
    {
        store.remember_address(of, network(from), at(seconds)).await;
    }
    let expected = [(network("2001:db8::7"), at(3)), (network("192.0.2.1"), at(1))];
    assert_eq!(store.list_addresses(user).await, expected);
}

/// The administrator flag of a user can be set and removed, of this user alone.
pub async fn the_administrator_flag_can_be_set_and_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let other = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    for administrator in [true, true, false] {
        assert!(store.set_administrator(user, administrator).await);
        let flags = [
            store.find_profile(user).await.expect("the user is there").user.administrator,
            store.find_profile(other).await.expect("the user is there").user.administrator,
        ];
        assert_eq!(flags, [administrator, false]);
        assert_eq!(store.has_administrator().await, administrator);
    }
    assert!(!store.set_administrator(NO_USER, true).await);
}

/// A locked user is the user as found. Of concurrent units that lock a user and change what they found, each sees what those
/// before it changed.
pub async fn concurrent_units_that_lock_a_user_see_each_other(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.lock_profile(NO_USER).await, None);
    for _ in 0..ROUNDS {
        let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
        assert_eq!(store.lock_profile(user).await, store.find_profile(user).await);
        let version = store.find_profile(user).await.expect("the user is there").version();
        let renamed = run_concurrently((0..4).map(|number| {
            let store = store.clone();
            let name = PersonName::new("Martha", &format!("{number} Custis")).expect("a name");
            async move {
                store
                    .write((user, name, version), |(user, name, version), tx| {
                        Box::pin(async move {
                            let profile = tx.lock_profile(*user).await?.expect("the user is there");
                            let is_first = profile.version() == *version;
                            if is_first {
                                tx.rename_user(*user, name).await?;
                            }
                            Ok::<_, StorageError>(is_first)
                        })
                    })
                    .await
            }
        }))
        .await;
        assert_eq!(renamed.into_iter().filter(|renamed| *renamed).count(), 1);
    }
}

async fn last_login(store: &Store<impl CompleteStorage>, user: UserId) -> Option<Timestamp> {
    store.find_profile(user).await.expect("the user is there").user.last_login
}
