//! Clients as endpoints answer them.

use asteroid_clients::{Client, ClientClass, ExternalId, Patient};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One client, or those of a practice.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ClientsReply<'a> {
    /// The caller's own record.
    Own(Box<ClientReply<'a>>),
    /// The clients of the practice.
    All(Vec<ClientReply<'a>>),
}

/// A client of a practice. Values of its source are passed on unchanged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the API document has these fields")]
pub(super) struct ClientReply<'a> {
    /// Where the record comes from.
    #[schema(example = 1)]
    source_id: i64,
    /// The client's id there.
    #[schema(example = "1")]
    client_id: &'a str,
    /// Whose client it is.
    #[schema(example = 1)]
    practice_id: i64,
    /// Tells one content of the record from another.
    #[schema(example = 1)]
    fingerprint: i64,
    /// The id of the client's class.
    #[schema(required = true, example = "cool_clients")]
    client_class_id: Option<&'a str>,
    /// When the record first came here.
    #[schema(format = DateTime, example = "2022-12-01T15:50:30.000Z")]
    first_synced_at: String,
    /// When the record last came here with another content.
    #[schema(format = DateTime, example = "2022-12-01T15:50:30.000Z")]
    last_synced_at: String,
    /// When the record was made.
    #[schema(format = DateTime, example = "2022-12-01T15:50:30.000Z")]
    created_at: String,
    /// When the record last changed.
    #[schema(format = DateTime, example = "2022-12-01T15:50:30.000Z")]
    updated_at: String,
    #[schema(required = true, example = "1")]
    display_id: Option<&'a str>,
    #[schema(required = true, example = "Jeremy")]
    first_name: Option<&'a str>,
    #[schema(required = true, example = "Mickelson")]
    last_name: Option<&'a str>,
    #[schema(required = true, example = "Address")]
    address: Option<&'a str>,
    #[schema(required = true, example = "City")]
    city: Option<&'a str>,
    #[schema(required = true, example = "CA")]
    state: Option<&'a str>,
    #[schema(required = true, example = "12345")]
    postal_code: Option<&'a str>,
    #[schema(required = true, example = "jeremy@test.com")]
    email: Option<&'a str>,
    #[schema(required = true, example = "9096480002")]
    home_phone: Option<&'a str>,
    #[schema(required = true, example = "9096480003")]
    work_phone: Option<&'a str>,
    #[schema(required = true, example = "8012223333")]
    mobile_phone: Option<&'a str>,
    /// `active`, `inactive` or `deleted`.
    #[schema(example = "active")]
    status: &'static str,
    /// In cents.
    #[schema(example = 23871)]
    balance_due: i64,
    #[schema(required = true, example = "enabled")]
    communications_disabled: Option<&'a str>,
    #[schema(required = true, example = "verified")]
    email_verification_status: Option<&'a str>,
    #[schema(value_type = Object)]
    email_verification_response: Map<String, Value>,
    #[schema(required = true, format = DateTime)]
    email_verified_at: Option<String>,
    #[schema(required = true)]
    email_prior: Option<&'a str>,
    #[schema(example = false)]
    alerts_disabled: bool,
    #[schema(example = false)]
    email_alert_disabled: bool,
    #[schema(example = false)]
    sms_alert_disabled: bool,
    #[schema(example = false)]
    bad_physical_address: bool,
    #[schema(required = true, example = "")]
    full_address_prior: Option<&'a str>,
    #[schema(required = true, format = DateTime)]
    loyalty_invoice_processing_ended_at: Option<String>,
    /// In cents.
    #[schema(required = true)]
    loyalty_invoice_processing_remainder: Option<i64>,
    #[schema(example = false)]
    loyalty_toggle: bool,
    #[schema(required = true)]
    client_class: Option<ClientClassReply<'a>>,
    patients: Vec<PatientReply<'a>>,
    /// What the practice is called.
    #[schema(example = "AllyDVM Test Practice")]
    primary_practice: &'a str,
    /// `Active` if a user is tied to the client, else `Unregistered`.
    #[schema(example = "Active")]
    pet_records_status: &'static str,
}

/// A group of clients that a practice treats alike.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ClientClassReply<'a> {
    /// The id of the class in its source.
    #[schema(example = "cool_clients")]
    client_class_id: &'a str,
    /// Where it comes from.
    #[schema(example = 1)]
    source_id: i64,
    #[schema(required = true, example = "Cool Clients")]
    description: Option<&'a str>,
    #[schema(required = true, example = "enabled")]
    communications_disabled: Option<&'a str>,
}

/// An animal that belongs to a client.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PatientReply<'a> {
    /// Where the record comes from.
    #[schema(example = 1)]
    source_id: i64,
    /// The patient's id there.
    #[schema(example = "pi")]
    patient_id: &'a str,
    /// The practice that treats it.
    #[schema(example = 1)]
    practice_id: i64,
    #[schema(example = "Pi")]
    name: &'a str,
    #[schema(required = true)]
    display_id: Option<&'a str>,
    #[schema(required = true, format = Date)]
    deceased_date: Option<String>,
    #[schema(example = "active")]
    status: &'a str,
}

impl<'a> ClientsReply<'a> {
    pub(super) fn own(client: &'a Client) -> Self {
        Self::Own(Box::new(client.into()))
    }

    pub(super) fn all(clients: &'a [Client]) -> Self {
        Self::All(clients.iter().map(ClientReply::from).collect())
    }
}

impl<'a> From<&'a Client> for ClientReply<'a> {
    fn from(client: &'a Client) -> Self {
        let (record, content) = (&client.record, &client.record.content);
        Self {
            source_id: record.key.source.0,
            client_id: record.key.id.as_str(),
            practice_id: record.practice.0,
            fingerprint: record.fingerprint.get(),
            client_class_id: content.client_class.as_ref().map(ExternalId::as_str),
            first_synced_at: record.first_synced_at.to_string(),
            last_synced_at: record.last_synced_at.to_string(),
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
            display_id: content.display_id.as_deref(),
            first_name: content.first_name.as_deref(),
            last_name: content.last_name.as_deref(),
            address: content.address.as_deref(),
            city: content.city.as_deref(),
            state: content.state.as_deref(),
            postal_code: content.postal_code.as_deref(),
            email: content.email.as_deref(),
            home_phone: content.home_phone.as_deref(),
            work_phone: content.work_phone.as_deref(),
            mobile_phone: content.mobile_phone.as_deref(),
            status: record.status.as_str(),
            balance_due: content.balance_due,
            communications_disabled: content.communications_disabled.as_deref(),
            email_verification_status: content.email_verification_status.as_deref(),
            // A value that is not an object must not make the whole record unreadable.
            email_verification_response: serde_json::from_str(&content.email_verification_response)
                .unwrap_or_default(),
            email_verified_at: content.email_verified_at.map(|time| time.to_string()),
            email_prior: content.email_prior.as_deref(),
            alerts_disabled: content.alerts_disabled,
            email_alert_disabled: content.email_alert_disabled,
            sms_alert_disabled: content.sms_alert_disabled,
            bad_physical_address: content.bad_physical_address,
            full_address_prior: content.full_address_prior.as_deref(),
            loyalty_invoice_processing_ended_at: content
                .loyalty_invoice_processing_ended_at
                .map(|time| time.to_string()),
            loyalty_invoice_processing_remainder: content.loyalty_invoice_processing_remainder,
            loyalty_toggle: content.loyalty_toggle,
            client_class: client.class.as_ref().map(ClientClassReply::from),
            patients: record.patients.iter().map(PatientReply::from).collect(),
            primary_practice: &client.practice_name,
            pet_records_status: client.pet_records().as_str(),
        }
    }
}

impl<'a> From<&'a ClientClass> for ClientClassReply<'a> {
    fn from(class: &'a ClientClass) -> Self {
        Self {
            client_class_id: class.id.as_str(),
            source_id: class.source.0,
            description: class.description.as_deref(),
            communications_disabled: class.communications_disabled.as_deref(),
        }
    }
}

impl<'a> From<&'a Patient> for PatientReply<'a> {
    fn from(patient: &'a Patient) -> Self {
        Self {
            source_id: patient.source.0,
            patient_id: patient.id.as_str(),
            practice_id: patient.practice.0,
            name: &patient.name,
            display_id: patient.display_id.as_deref(),
            deceased_date: patient.deceased_date.map(|date| date.to_string()),
            status: &patient.status,
        }
    }
}
