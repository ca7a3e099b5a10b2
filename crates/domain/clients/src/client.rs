use asteroid_kernel::Timestamp;

use crate::{CalendarDate, ClientStatus, ExternalId, Fingerprint, PracticeId, SourceId};

/// A client, by the id that it has in its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey {
    /// The source.
    pub source: SourceId,
    /// The id there.
    pub id: ExternalId,
}

/// A group of clients that a practice treats alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientClass {
    /// Where it comes from.
    pub source: SourceId,
    /// Its id there.
    pub id: ExternalId,
    /// What it is called.
    pub description: Option<String>,
    /// Whether the practice writes to clients of this class, in the source's words: `enabled`.
    pub communications_disabled: Option<String>,
}

/// An animal that belongs to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Where its record comes from.
    pub source: SourceId,
    /// Its id there.
    pub id: ExternalId,
    /// The practice that treats it.
    pub practice: PracticeId,
    /// What it is called.
    pub name: String,
    /// The number that people know it by.
    pub display_id: Option<String>,
    /// When it died, if it did.
    pub deceased_date: Option<CalendarDate>,
    /// In the source's words: `active`, `inactive`, …
    pub status: String,
}

/// Whether a client's pets can be looked at by their owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PetRecords {
    /// They can: a user is tied to the client.
    Active,
    /// Nobody has registered for it.
    Unregistered,
}

impl PetRecords {
    /// Its name: `Active`, `Unregistered`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Unregistered => "Unregistered",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Unregistered].into_iter().find(|status| status.as_str() == text)
    }
}

/// What a client's record says, as its source wrote it. Texts are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the source's, and mean what it means by them")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the source's")]
pub struct ClientContent {
    pub client_class: Option<ExternalId>,
    pub display_id: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub email: Option<String>,
    pub home_phone: Option<String>,
    pub work_phone: Option<String>,
    pub mobile_phone: Option<String>,
    /// In cents.
    pub balance_due: i64,
    pub communications_disabled: Option<String>,
    pub email_verification_status: Option<String>,
    /// A JSON object, as text.
    pub email_verification_response: String,
    pub email_verified_at: Option<Timestamp>,
    pub email_prior: Option<String>,
    pub alerts_disabled: bool,
    pub email_alert_disabled: bool,
    pub sms_alert_disabled: bool,
    pub bad_physical_address: bool,
    pub full_address_prior: Option<String>,
    pub loyalty_invoice_processing_ended_at: Option<Timestamp>,
    /// In cents.
    pub loyalty_invoice_processing_remainder: Option<i64>,
    pub loyalty_toggle: bool,
    /// None: whether a user is tied to the client says it.
    pub pet_records: Option<PetRecords>,
}

/// A client as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// Which client.
    pub key: ClientKey,
    /// Whose client.
    pub practice: PracticeId,
    /// Whether it is in use in its source.
    pub status: ClientStatus,
    /// What its record says.
    pub content: ClientContent,
    /// Its patients, in the order of the source.
    pub patients: Vec<Patient>,
    /// Tells this content from any other.
    pub fingerprint: Fingerprint,
    /// When it first came here.
    pub first_synced_at: Timestamp,
    /// When it last came here with another content.
    pub last_synced_at: Timestamp,
    /// When it was made, in its source if that says so.
    pub created_at: Timestamp,
    /// When it last changed, in its source if that says so.
    pub updated_at: Timestamp,
    /// When this content was put here, by our own clock, whatever the record says of itself: whoever asks for changes
    /// since a time is told of it by this one.
    pub stored_at: Timestamp,
}

/// A client with what other records say of it, as users see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its record.
    pub record: ClientRecord,
    /// Its class.
    pub class: Option<ClientClass>,
    /// What its practice is called.
    pub practice_name: String,
    /// Whether a user is tied to it.
    pub has_user: bool,
}

impl Client {
    /// Whether the client's pets can be looked at by their owner: as the record says, or else by whether a user is
    /// tied to it.
    #[must_use]
    pub fn pet_records(&self) -> PetRecords {
        let by_user = if self.has_user { PetRecords::Active } else { PetRecords::Unregistered };
        self.record.content.pet_records.unwrap_or(by_user)
    }
}
