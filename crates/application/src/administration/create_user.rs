//! Creating users.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{
    AdminKeySecret, ContactSource, ContactType, HashingError, IdempotencyKey, IdempotencyRepository,
    IdempotentRequest, NewUser, Password, PasswordFlaw, PasswordHash, PasswordHasher, PersonName,
    UserAdministrationRepository, UserRegistrationRepository,
};
use asteroid_kernel::{Contact, Storage, StorageError, UnitOfWork, UserId};

use super::{AdministrationRepositories, Administrators};
use crate::operator::{Act, Operator};

/// A user to create. The contacts count as verified: the operator vouches for them.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name.
    pub name: PersonName,
    /// The contacts, at least one. The first one of each kind becomes the primary one.
    pub contacts: Vec<Contact>,
    /// The type of the contacts.
    pub contact_type: ContactType,
    /// The password; [`None`] if the user signs in by code, or sets one by a reset.
    pub password: Option<Password>,
}

/// Makes a creation safe to send again, by the key that a program gave its request and by the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreationRequest {
    /// Names the request.
    pub key: IdempotencyKey,
    /// The digest of the content.
    pub content: [u8; 32],
}

impl CreationRequest {
    /// The request of the program of this secret, under this key, with this content.
    #[must_use]
    pub fn new(secret: &AdminKeySecret, key: &str, content: &[u8]) -> Self {
        let content = IdempotentRequest::digest_of(secret, content);
        Self { key: IdempotencyKey::new(secret, key), content }
    }
}

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// There is no contact.
    #[error("a user needs at least one e-mail address or phone number")]
    NoContact,
    /// Another creation has the key of this one.
    #[error("the key of this request was used for a request with another content")]
    KeyReused,
    /// A user has the contact, or it is given twice.
    #[error("the contact {} belongs to a user already, or is given twice", .0.masked())]
    ContactTaken(Contact),
    /// The password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

struct CreateUser {
    act: Act,
    first: Contact,
    account: NewAccount,
    password_hash: Option<PasswordHash>,
    request: Option<CreationRequest>,
}

impl<Tx> UnitOfWork<Tx> for CreateUser
where
    Tx: UserRegistrationRepository
        + UserAdministrationRepository
        + IdempotencyRepository
        + AuditRepository
        + Send,
{
    type Output = UserId;
    type Error = CreateUserError;

    async fn run(&self, tx: &mut Tx) -> Result<UserId, CreateUserError> {
        if let Some(request) = &self.request
            && let Some(first) = tx.lock_request(&request.key).await?
        {
            let is_same = first.content == request.content;
            return if is_same { Ok(first.user) } else { Err(CreateUserError::KeyReused) };
        }
        let NewAccount { name, contacts, contact_type, .. } = &self.account;
        let (contact_type, now) = (*contact_type, self.act.now);
        let new = NewUser {
            name: name.clone(),
            password_hash: self.password_hash.clone(),
            contact: self.first.clone(),
            contact_type,
            source: ContactSource::Verified,
            created_at: now,
        };
        let taken = |contact: &Contact| CreateUserError::ContactTaken(contact.clone());
        let user = tx.insert_user(&new).await?.map_err(|_| taken(&self.first))?;
        for contact in &contacts[1..] {
            let added = tx.add_contact(user, contact, contact_type, ContactSource::Verified, now).await?;
            added.map_err(|_| taken(contact))?;
        }
        if let Some(CreationRequest { key, content }) = &self.request {
            let request = IdempotentRequest { content: *content, user, at: now };
            tx.record_request(key, &request).await?;
        }
        let event = self.act.event(Action::CreateUser).of_user(Some(user)).with_contact(&self.first);
        tx.record_event(&event).await?;
        Ok(user)
    }
}

pub(super) async fn create<S, H>(
    administrators: &Administrators<S, H>,
    account: NewAccount,
    request: Option<CreationRequest>,
    operator: Operator,
) -> Result<UserId, CreateUserError>
where
    S: Storage<Tx: AdministrationRepositories>,
    H: PasswordHasher,
{
    let Some(first) = account.contacts.first().cloned() else { return Err(CreateUserError::NoContact) };
    let password_hash = match &account.password {
        None => None,
        Some(password) => {
            let policy = &administrators.rules.passwords;
            let checked = policy.check(password, &account.contacts, std::slice::from_ref(&account.name));
            Some(administrators.hasher.hash(&checked.map_err(CreateUserError::WeakPassword)?).await?)
        }
    };
    let act = administrators.act(operator);
    administrators.storage.write(CreateUser { act, first, account, password_hash, request }).await
}
