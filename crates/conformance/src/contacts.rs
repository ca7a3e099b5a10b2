//! Clauses of [`asteroid_identity::UserRepository`]: the contacts that a user has beside the first.

use asteroid_identity::{ContactTaken, ContactType, UserRepository};
use asteroid_kernel::Contact;

use crate::CompleteStorage;
use crate::fixtures::{at, contact, fresh_contact, new_user};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

/// A further contact is primary if it is the first of its kind. The profile has the primary ones first, then in the
/// order of the ids; the user is found by each.
pub async fn a_user_gets_further_contacts(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let first = contact("George@Example.com");
    let user = store.insert_user(&new_user(&first)).await.expect("the contact is free");
    let bystander = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let before = store.find_profile(bystander).await;
    let added = ["President@Example.com", "555-665-4345", "555-665-4346"].map(contact);
    for (seconds, contact) in (1..).zip(&added) {
        assert_eq!(store.add_contact(user, contact, ContactType::Work, at(seconds)).await, Ok(()));
        assert_eq!(store.find_user(contact).await.map(|user| user.id), Some(user));
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

/// A contact that any user has, this one included, is not added, in whatever spelling: nothing is kept, and the
/// transaction stays usable.
pub async fn a_contact_that_somebody_has_is_not_added(storage: impl CompleteStorage) {
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
                    let refused = tx.add_contact(user, taken, ContactType::Work, at(1)).await?;
                    Ok((refused, tx.add_contact(owner, phone, ContactType::Work, at(1)).await?))
                })
            })
            .await;
        assert_eq!((refused, next), (Err(ContactTaken), Ok(())));
        assert_eq!(store.find_user(phone).await.map(|user| user.id), Some(owner));
    }
    assert_eq!(store.find_profile(user).await, before);
    assert_eq!(store.find_user(&others).await.map(|user| user.id), Some(owner));
    let late = new_user(&phones[0]);
    assert_eq!(store.insert_user(&late).await, Err(ContactTaken), "an added contact is taken");
}

/// Of several that add the same contact at once, one succeeds; of several contacts that are added to one user at once,
/// one is primary.
pub async fn of_many_who_add_a_contact_one_succeeds(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let users = [
        store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free"),
        store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free"),
    ];
    for round in 0..ROUNDS {
        let wanted = fresh_contact();
        let answers = at_once((0..4).map(|task| {
            let (store, wanted) = (store.clone(), wanted.clone());
            async move { store.add_contact(users[task % 2], &wanted, ContactType::Work, at(round)).await }
        }))
        .await;
        assert_eq!(answers.into_iter().flatten().count(), 1);
        let fresh = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
        let answers = at_once((0..4).map(|task| {
            let (store, phone) = (store.clone(), contact(&format!("555-66{task}-{:04}", 4000 + round)));
            async move { store.add_contact(fresh, &phone, ContactType::Work, at(round)).await }
        }))
        .await;
        assert_eq!(answers, [Ok(()); 4]);
        let contacts = store.find_profile(fresh).await.expect("the user is there").contacts;
        let primary: Vec<bool> = contacts.iter().map(|contact| contact.primary).collect();
        assert_eq!(primary, [true, true, false, false, false]);
    }
}
