use asteroid_kernel::Timestamp;
use strum::{EnumString, IntoStaticStr};

use crate::{CalendarDate, ClientStatus, ExternalId, Fingerprint, PracticeId, SourceId};

/// The key of a client: its source and its id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey {
    /// The source of the record.
    pub source: SourceId,
    /// The id within the source.
    pub id: ExternalId,
}

/// A class of clients, as a practice groups them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientClass {
    /// The source of the record.
    pub source: SourceId,
    /// The id within the source.
    pub id: ExternalId,
    /// The description of the class.
    pub description: Option<String>,
    /// Whether the practice sends messages to clients of this class, as the source writes it: `enabled`.
    pub communications_disabled: Option<String>,
}

/// An animal that belongs to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// The source of the record.
    pub source: SourceId,
    /// The id within the source.
    pub id: ExternalId,
    /// The practice that treats it.
    pub practice: PracticeId,
    /// The name of the animal.
    pub name: String,
    /// The id that the practice shows to people.
    pub display_id: Option<String>,
    /// The date of death; [`None`] if it lives.
    pub deceased_date: Option<CalendarDate>,
    /// The status as the source writes it: `active`, `inactive`, …
    pub status: String,
}

/// Whether the owner of a client's pets has access to their records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
pub enum PetRecords {
    /// The owner has access: a user is linked to the client.
    Active,
    /// The owner has no access: no user is linked to the client.
    Unregistered,
}

impl PetRecords {
    /// The name in the API and in stores: `Active`, `Unregistered`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The value of this name; [`None`] if there is no such value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The content of a client's record as its source writes it. Texts are stored unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the source defines the fields and their meaning")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the source")]
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
    /// [`None`] if it follows from whether a user is linked to the client ([`Client::pet_records`]).
    pub pet_records: Option<PetRecords>,
}

/// A client's record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// The key of the client.
    pub key: ClientKey,
    /// The practice of the client.
    pub practice: PracticeId,
    /// The status of the record in its source.
    pub status: ClientStatus,
    /// The content of the record.
    pub content: ClientContent,
    /// The client's patients, in the order of the source.
    pub patients: Vec<Patient>,
    /// The fingerprint of practice, status, content and patients.
    pub fingerprint: Fingerprint,
    /// When the record was first imported.
    pub first_synced_at: Timestamp,
    /// When the record was last imported with changed content.
    pub last_synced_at: Timestamp,
    /// When the record was created: in its source if known, otherwise here.
    pub created_at: Timestamp,
    /// When the record last changed: in its source if known, otherwise here.
    pub updated_at: Timestamp,
    /// When this content was stored, by the server's clock. Listings of changes since a time compare this time
    /// ([`ClientFilter::updated_since`](crate::ClientFilter::updated_since)).
    pub stored_at: Timestamp,
}

/// A client with the data of related records, as shown to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's record.
    pub record: ClientRecord,
    /// The client's class; [`None`] if it has none.
    pub class: Option<ClientClass>,
    /// The name of its practice.
    pub practice_name: String,
    /// Whether a user is linked to the client.
    pub has_user: bool,
}

impl Client {
    /// Whether the owner has access to the pets' records: as the client's record states, otherwise by whether a user is
    /// linked to the client.
    #[must_use]
    pub fn pet_records(&self) -> PetRecords {
        let by_user = if self.has_user { PetRecords::Active } else { PetRecords::Unregistered };
        self.record.content.pet_records.unwrap_or(by_user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(pet_records: Option<PetRecords>, has_user: bool) -> Client {
        let now = Timestamp::from_micros(0);
        let record = ClientRecord {
            key: ClientKey { source: SourceId(7), id: ExternalId::parse("1").expect("an id") },
            practice: PracticeId(1),
            status: ClientStatus::Active,
            content: ClientContent { pet_records, ..ClientContent::default() },
            patients: Vec::new(),
            fingerprint: Fingerprint::new(0).expect("a fingerprint"),
            first_synced_at: now,
            last_synced_at: now,
            created_at: now,
            updated_at: now,
            stored_at: now,
        };
        Client { record, class: None, practice_name: "Ally".into(), has_user }
    }

    #[test]
    fn pet_records_are_active_if_a_user_is_linked_unless_the_record_states_otherwise() {
        assert_eq!(client(None, true).pet_records(), PetRecords::Active);
        assert_eq!(client(None, false).pet_records(), PetRecords::Unregistered);
        assert_eq!(client(Some(PetRecords::Unregistered), true).pet_records(), PetRecords::Unregistered);
        assert_eq!(client(Some(PetRecords::Active), false).pet_records(), PetRecords::Active);
    }

    #[test]
    fn a_stored_state_of_pet_records_is_read_back_by_its_name() {
        for (state, name) in [(PetRecords::Active, "Active"), (PetRecords::Unregistered, "Unregistered")] {
            assert_eq!((state.as_str(), PetRecords::parse(name)), (name, Some(state)));
        }
        assert_eq!(PetRecords::parse("active"), None);
    }
}
