use std::sync::Arc;

use asteroid_clients::{
    ClientClass, ClientContent, ClientKey, ClientStatus, ExternalId, GoogleApiKey, Patient, Practice,
    PracticeId, Role,
};
use asteroid_identity::{ImportScope, Password, PasswordHash, PersonName, UserStatus};
use asteroid_kernel::{Contact, EmailAddress, PhoneNumber, Timestamp, UserId};

/// A record of a practice's management system, each value valid in itself.
pub enum ImportRecord {
    /// A practice, by its id.
    Practice(Practice),
    /// A class of clients, by its source and id.
    ClientClass(ClientClass),
    /// A user, by its id, by the client that it is, or by its contacts.
    User(Arc<ImportedUser>),
    /// A client with its patients, by its source and id.
    Client(Box<ImportedClient>),
}

/// A user, of a practice or of none.
pub struct ImportedUser {
    /// The id that the user is to have; given by the store if none.
    pub id: Option<UserId>,
    /// What the person is called.
    pub name: PersonName,
    /// An address, which the source vouches for.
    pub email: Option<EmailAddress>,
    /// A number, which the source vouches for. A user has one of the two at least.
    pub phone: Option<PhoneNumber>,
    /// The password, for a user who has none here yet.
    pub password: Option<ImportedPassword>,
    /// Whether the user may sign in; [`None`] leaves that as it is.
    pub status: Option<UserStatus>,
    /// What the user is in a practice; [`None`] for a user without one.
    pub membership: Option<ImportedMembership>,
    /// Fields that say what the user is in a practice, of a record that names none.
    pub unplaced: Vec<&'static str>,
}

/// What a user is in a practice.
pub struct ImportedMembership {
    /// The practice.
    pub practice: PracticeId,
    /// The role that the user acts in first.
    pub primary_role: Role,
    /// Every role of the user.
    pub roles: Vec<Role>,
    /// The client that the user is, if any. It may come later.
    pub client: Option<ExternalId>,
    /// A key of the user's for Google's services.
    pub google_api_key: Option<GoogleApiKey>,
}

impl ImportedUser {
    /// The contacts, each with the field that it was given in.
    pub(super) fn contacts(&self) -> Vec<(&'static str, Contact)> {
        let email = self.email.clone().map(|email| ("email", email.into()));
        let phone = self.phone.clone().map(|phone| ("phone", phone.into()));
        email.into_iter().chain(phone).collect()
    }

    /// The practice of the record.
    pub(super) fn practice(&self) -> Option<PracticeId> {
        self.membership.as_ref().map(|membership| membership.practice)
    }

    /// Whose contacts the record replaces.
    pub(super) fn scope(&self) -> ImportScope {
        ImportScope(self.practice().map(|practice| practice.0))
    }
}

/// How a user's password comes in.
pub enum ImportedPassword {
    /// As it is typed: it has to meet the policy.
    Plain(Password),
    /// As its hash, so that the user keeps it.
    Hash(PasswordHash),
}

/// A client with its patients.
pub struct ImportedClient {
    /// Which client.
    pub key: ClientKey,
    /// Whose client.
    pub practice: PracticeId,
    /// What the practice is called, if the record says so: it has to be right.
    pub primary_practice: Option<String>,
    /// Whether it is in use in its source. A deleted one is kept, so that clients that synchronise learn of it.
    pub status: ClientStatus,
    /// What the record says.
    pub content: ClientContent,
    /// Its class, if the record holds it whole: it has to be the one that the content names.
    pub class: Option<ClientClass>,
    /// Its patients.
    pub patients: Vec<Patient>,
    /// When it first came to where it comes from. Taken over for a new record, as all times.
    pub first_synced_at: Option<Timestamp>,
    /// When it last came there with another content.
    pub last_synced_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it last changed; taken over for a changed record, too.
    pub updated_at: Option<Timestamp>,
}
