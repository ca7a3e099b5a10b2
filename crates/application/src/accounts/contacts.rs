//! Contacts and their owners: claims, verified spellings.

use std::time::Duration;

use asteroid_identity::{
    ContactClaim, PendingRegistrationRepository, User, UserContact, UserRepository, UserStatus,
};
use asteroid_kernel::{Contact, StorageError, UserId};

use super::RequestContext;

/// Notes that the caller's network claims the contact, whether or not the contact has an owner, so that the time does not
/// tell. See [`PendingRegistration::is_trusted`](asteroid_identity::PendingRegistration::is_trusted).
pub(super) async fn claim_contact<Tx: PendingRegistrationRepository>(
    tx: &mut Tx,
    contact: &Contact,
    context: &RequestContext,
) -> Result<(), StorageError> {
    // As long as a registration that is made now may wait, and an hour at least.
    let expires_at = context.now + context.rules().registration_life.max(Duration::from_hours(1));
    let network = context.origin.network();
    let claim = ContactClaim::new(contact, network, expires_at, context.now, context.randomness());
    tx.insert_claim(&claim).await
}

pub(super) fn addresses(contacts: &[UserContact]) -> Vec<Contact> {
    contacts.iter().map(|contact| contact.contact.clone()).collect()
}

/// The contact's owner, if that user may sign in.
pub(super) async fn enabled_owner<Tx: UserRepository>(
    tx: &mut Tx,
    contact: &Contact,
) -> Result<Option<User>, StorageError> {
    let owner = tx.find_user_by_contact(&contact.key()).await?;
    Ok(owner.filter(|user| user.status == UserStatus::Enabled))
}

/// No user has this id: stores give positive ones. A look-up of it costs the same as that of a user.
pub(super) const NO_USER: UserId = UserId(0);

/// The contact as its owner verified it. Messages go to that spelling, never to another one that a request came
/// with: two spellings that compare as equal may be two people's addresses to a mail server.
pub(super) async fn verified_spelling<Tx: UserRepository>(
    tx: &mut Tx,
    owner: UserId,
    asked: &Contact,
) -> Result<Option<Contact>, StorageError> {
    let profile = tx.find_profile(owner).await?;
    let contacts = profile.map(|profile| addresses(&profile.contacts)).unwrap_or_default();
    Ok(contacts.into_iter().find(|contact| contact == asked))
}
