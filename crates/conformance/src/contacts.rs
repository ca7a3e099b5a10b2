//! Clauses of [`asteroid_identity::UserAdministrationRepository`]: adding, removing and changing contacts.

use asteroid_identity::{
    ContactSource, ContactTaken, ContactType, NewUser, RemovedContact, UserAdministrationRepository,
};
use asteroid_kernel::Contact;

use crate::CompleteStorage;
use crate::fixtures::{at, contact, fresh_contact, hash, imported, new_user};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

/// The first contact of each kind (e-mail, phone) is primary. A profile lists primary contacts first, then by id. The
/// user is found by each contact.
pub async fn contacts_can_be_added_to_a_user(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let first = contact("George@Example.com");
    let user = store.insert_user(&new_user(&first)).await.expect("the contact is free");
    let bystander = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let before = store.find_profile(bystander).await;
    let added = ["President@Example.com", "555-665-4345", "555-665-4346"].map(contact);
    for (seconds, contact) in (1..).zip(&added) {
        assert_eq!(
            store.add_contact(user, contact, ContactType::Work, ContactSource::Verified, at(seconds)).await,
            Ok(())
        );
        assert_eq!(store.find_user_by_contact(&contact.key()).await.map(|user| user.id), Some(user));
    }
    let profile = store.find_profile(user).await.expect("the user is there");
    let seen: Vec<_> = profile
        .contacts
        .iter()
        .map(|one| (one.contact.as_str(), one.primary, one.contact_type, one.verified_at))
        .collect();
    let [second, phone, second_phone] = added.each_ref().map(Contact::as_str);
    assert_eq!(
        seen,
        [
            (first.as_str(), true, ContactType::Personal, at(0)),
            (phone, true, ContactType::Work, at(2)),
            (second, false, ContactType::Work, at(1)),
            (second_phone, false, ContactType::Work, at(3)),
        ]
    );
    assert!(profile.contacts[2].id < profile.contacts[3].id);
    assert_eq!(store.find_profile(bystander).await, before);
}

/// Adding a contact that any user has, in any spelling, is a conflict: nothing is stored, and the transaction stays
/// usable.
pub async fn adding_a_taken_contact_is_a_conflict(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (own, others) = (contact("George@Example.com"), contact("Martha@Example.com"));
    let user = store.insert_user(&new_user(&own)).await.expect("the contact is free");
    let owner = store.insert_user(&new_user(&others)).await.expect("the contact is free");
    let before = store.find_profile(user).await;
    let phones = ["555-665-4345", "555-665-4346"].map(contact);
    for (taken, phone) in ["GEORGE@example.com", "martha@EXAMPLE.com"].map(contact).into_iter().zip(&phones) {
        let (refused, next) = store
            .write((taken.clone(), phone.clone()), move |(taken, phone), tx| {
                Box::pin(async move {
                    let refused = tx
                        .add_contact(user, taken, ContactType::Work, ContactSource::Verified, at(1))
                        .await?;
                    Ok((
                        refused,
                        tx.add_contact(owner, phone, ContactType::Work, ContactSource::Verified, at(1))
                            .await?,
                    ))
                })
            })
            .await;
        assert_eq!((refused, next), (Err(ContactTaken), Ok(())));
        assert_eq!(store.find_user_by_contact(&phone.key()).await.map(|user| user.id), Some(owner));
    }
    assert_eq!(store.find_profile(user).await, before);
    assert_eq!(store.find_user_by_contact(&others.key()).await.map(|user| user.id), Some(owner));
    let late = new_user(&phones[0]);
    assert_eq!(store.insert_user(&late).await, Err(ContactTaken), "an added contact is taken");
}

/// Of concurrent additions of one contact, one succeeds. Of several contacts that are added to one user concurrently,
/// one is primary.
pub async fn concurrent_additions_of_one_contact_succeed_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let users = [
        store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free"),
        store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free"),
    ];
    for round in 0..ROUNDS {
        let wanted = fresh_contact();
        let answers = run_concurrently((0..4).map(|task| {
            let (store, wanted) = (store.clone(), wanted.clone());
            async move {
                store
                    .add_contact(
                        users[task % 2],
                        &wanted,
                        ContactType::Work,
                        ContactSource::Verified,
                        at(round),
                    )
                    .await
            }
        }))
        .await;
        assert_eq!(answers.into_iter().flatten().count(), 1);
        let fresh = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
        let answers = run_concurrently((0..4).map(|task| {
            let (store, phone) = (store.clone(), contact(&format!("555-66{task}-{:04}", 4000 + round)));
            async move {
                store.add_contact(fresh, &phone, ContactType::Work, ContactSource::Verified, at(round)).await
            }
        }))
        .await;
        assert_eq!(answers, [Ok(()); 4]);
        let contacts = store.find_profile(fresh).await.expect("the user is there").contacts;
        let primary: Vec<bool> = contacts.iter().map(|contact| contact.primary).collect();
        assert_eq!(primary, [true, true, false, false, false]);
    }
}

/// The source of a contact is stored: verified by the user, or imported, with or without a practice.
pub async fn the_source_of_a_contact_is_stored(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let first = NewUser { source: imported(Some(1)), ..new_user(&fresh_contact()) };
    let user = store.insert_user(&first).await.expect("the contact is free");
    for source in [ContactSource::Verified, imported(None), imported(Some(2))] {
        let added = store.add_contact(user, &fresh_contact(), ContactType::Work, source, at(1)).await;
        assert_eq!(added, Ok(()));
    }
    let profile = store.find_profile(user).await.expect("the user is there");
    let sources: Vec<ContactSource> = profile.contacts.iter().map(|one| one.source).collect();
    assert_eq!(sources, [imported(Some(1)), ContactSource::Verified, imported(None), imported(Some(2))]);
}

/// A removed contact no longer finds its user and is free for others. The user keeps the other contacts. A contact of
/// another user is not removed.
pub async fn a_removed_contact_is_free_for_other_users(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (mistaken, right) = (contact("Nora@exmaple.com"), contact("nora@example.com"));
    let user = store.insert_user(&new_user(&mistaken)).await.expect("the contact is free");
    let bystander = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    assert_eq!(store.remove_contact(bystander, &mistaken.key()).await, None);
    assert_eq!(store.find_user_by_contact(&mistaken.key()).await.map(|user| user.id), Some(user));
    let spelled = contact("NORA@exmaple.com");
    assert_eq!(
        store.remove_contact(user, &spelled.key()).await,
        Some(RemovedContact { password_reset_at: None })
    );
    assert_eq!(store.remove_contact(user, &mistaken.key()).await, None);
    assert_eq!(store.find_user_by_contact(&mistaken.key()).await, None);
    let added = store.add_contact(user, &right, ContactType::Personal, imported(None), at(1)).await;
    assert_eq!(added, Ok(()));
    let profile = store.find_profile(user).await.expect("the user is there");
    let seen: Vec<_> = profile.contacts.iter().map(|one| (one.contact.as_str(), one.primary)).collect();
    assert_eq!(seen, [("nora@example.com", true)]);
    let next = store.insert_user(&new_user(&mistaken)).await.expect("the contact is free again");
    assert_eq!(store.find_user_by_contact(&mistaken.key()).await.map(|user| user.id), Some(next));
}

/// After the primary contact is removed, the oldest contact left of its kind becomes primary. The other kind does not
/// change.
pub async fn removing_the_primary_contact_promotes_the_oldest(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contacts = ["a@example.com", "b@example.com", "c@example.com", "555-665-4345"].map(contact);
    let user = store.insert_user(&new_user(&contacts[0])).await.expect("the contact is free");
    for added in &contacts[1..] {
        let added = store.add_contact(user, added, ContactType::Work, imported(None), at(1)).await;
        assert_eq!(added, Ok(()));
    }
    for (removed, left) in [
        (&contacts[1], vec![("a@example.com", true), ("+15556654345", true), ("c@example.com", false)]),
        (&contacts[0], vec![("c@example.com", true), ("+15556654345", true)]),
        (&contacts[3], vec![("c@example.com", true)]),
        (&contacts[2], vec![]),
    ] {
        assert!(store.remove_contact(user, &removed.key()).await.is_some());
        let profile = store.find_profile(user).await.expect("the user is there");
        let seen: Vec<_> = profile.contacts.iter().map(|one| (one.contact.as_str(), one.primary)).collect();
        assert_eq!(seen, left);
    }
}

/// A contact belongs to one user until it is removed. Two users can swap contacts within one unit.
pub async fn contacts_of_two_users_can_be_swapped_in_one_unit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (shared, other) = (contact("lees@example.com"), contact("ben@example.com"));
    let ann = store.insert_user(&new_user(&shared)).await.expect("the contact is free");
    let ben = store.insert_user(&new_user(&other)).await.expect("the contact is free");
    let add = |user, contact| store.add_contact(user, contact, ContactType::Work, imported(Some(1)), at(1));
    assert_eq!(add(ben, &shared).await, Err(ContactTaken));
    assert_eq!(store.find_user_by_contact(&shared.key()).await.map(|user| user.id), Some(ann));
    let context = (ann, ben, shared.clone(), other.clone());
    let exchanged = store
        .write(context, |(ann, ben, shared, other), tx| {
            Box::pin(async move {
                tx.remove_contact(*ann, &shared.key()).await?;
                tx.remove_contact(*ben, &other.key()).await?;
                let source = imported(Some(1));
                let one = tx.add_contact(*ann, other, ContactType::Work, source, at(2)).await?;
                Ok((one, tx.add_contact(*ben, shared, ContactType::Work, source, at(2)).await?))
            })
        })
        .await;
    assert_eq!(exchanged, (Ok(()), Ok(())));
    assert_eq!(store.find_user_by_contact(&shared.key()).await.map(|user| user.id), Some(ben));
    assert_eq!(store.find_user_by_contact(&other.key()).await.map(|user| user.id), Some(ann));
}

/// Respelling a contact changes nothing else. It returns `false` for a contact that the user does not have.
pub async fn a_contact_can_be_respelled(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&contact("nora@example.com"))).await.expect("free");
    let before = store.find_profile(user).await.expect("the user is there").contacts;
    assert!(store.respell_contact(user, &contact("Nora@Example.com")).await);
    assert!(!store.respell_contact(user, &fresh_contact()).await);
    let after = store.find_profile(user).await.expect("the user is there").contacts;
    assert_eq!(after[0].contact.as_str(), "Nora@Example.com");
    assert_eq!(after, before);
    assert_eq!(
        store.find_user_by_contact(&contact("nora@example.com").key()).await.map(|user| user.id),
        Some(user)
    );
}

/// Removing a contact returns the time of the last password reset through it. The time is removed with the contact.
pub async fn a_contact_records_its_last_password_reset(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (one, other) = (fresh_contact(), fresh_contact());
    let user = store.insert_user(&new_user(&one)).await.expect("the contact is free");
    assert_eq!(store.add_contact(user, &other, ContactType::Work, imported(None), at(1)).await, Ok(()));
    assert!(store.record_password_reset(user, &one.key(), at(2)).await);
    assert!(store.record_password_reset(user, &one.key(), at(3)).await);
    assert!(!store.record_password_reset(user, &fresh_contact().key(), at(3)).await);
    let reset = |password_reset_at| Some(RemovedContact { password_reset_at });
    assert_eq!(store.remove_contact(user, &other.key()).await, reset(None));
    assert_eq!(store.remove_contact(user, &one.key()).await, reset(Some(at(3))));
    assert_eq!(store.add_contact(user, &one, ContactType::Work, imported(None), at(4)).await, Ok(()));
    assert_eq!(store.remove_contact(user, &one.key()).await, reset(None));
}

/// After the password is cleared, its hash no longer permits a sign-in.
pub async fn a_password_can_be_cleared(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    assert!(store.clear_password(user).await);
    assert!(!store.record_sign_in(user, Some(&hash("first")), at(1)).await);
    let profile = store.find_profile(user).await.expect("the user is there");
    assert_eq!(profile.user.password_hash, None);
    assert!(!store.clear_password(asteroid_kernel::UserId(user.0 + 1)).await);
}
