//! Creating users.

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::{
    ContactSource, ContactType, HashingError, NewUser, Password, PasswordFlaw, PasswordHash, PasswordHasher,
    PersonName, UserAdministrationRepository, UserRegistrationRepository,
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

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// There is no contact.
    #[error("a user needs at least one e-mail address or phone number")]
    NoContact,
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
}

impl<Tx> UnitOfWork<Tx> for CreateUser
where
    Tx: UserRegistrationRepository + UserAdministrationRepository + AuditRepository + Send,
{
    type Output = UserId;
    type Error = CreateUserError;

    async fn run(&self, tx: &mut Tx) -> Result<UserId, CreateUserError> {
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
        let event = self.act.event(Action::CreateUser).of_user(Some(user)).with_contact(&self.first);
        tx.record_event(&event).await?;
        Ok(user)
    }
}

pub(super) async fn create<S, H>(
    administrators: &Administrators<S, H>,
    account: NewAccount,
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
    administrators.storage.write(CreateUser { act, first, account, password_hash }).await
}
