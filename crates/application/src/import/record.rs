use asteroid_clients::{
    ClientClass, ClientContent, ClientKey, ClientStatus, ExternalId, GoogleApiKey, Patient, Practice,
    PracticeId, Role,
};
use asteroid_identity::{Password, PasswordHash, PersonName};
use asteroid_kernel::{Contact, EmailAddress, PhoneNumber, Timestamp, UserId};

/// A record of a practice's management system, each value valid in itself.
pub enum ImportRecord {
    /// A practice, by its id.
    Practice(Practice),
    /// A class of clients, by its source and id.
    ClientClass(ClientClass),
    /// A user, by its id or its contacts.
    User(Box<ImportedUser>),
    /// A client with its patients, by its source and id.
    Client(Box<ImportedClient>),
}

/// A user of a practice.
pub struct ImportedUser {
    /// The id that the user is to have; given by the store if none.
    pub id: Option<UserId>,
    /// What the person is called.
    pub name: PersonName,
    /// An address, which the practice vouches for.
    pub email: Option<EmailAddress>,
    /// A number, which the practice vouches for. A user has one of the two at least.
    pub phone: Option<PhoneNumber>,
    /// The password, for a user who has none here yet.
    pub password: Option<ImportedPassword>,
    /// The role that the user acts in first.
    pub primary_role: Role,
    /// Every role of the user.
    pub roles: Vec<Role>,
    /// The user's practice.
    pub practice: PracticeId,
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
    /// Whether it is in use in its source. A deleted one is kept, so that whoever copies records learns of it.
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
