use asteroid_application::ImportedClient;
use asteroid_clients::{
    ClientClass, ClientContent, ClientKey, ClientStatus, ExternalId, Patient, PetRecords, PracticeId,
    SourceId,
};

use crate::fields::{FieldValue, Fields};
use crate::values::{cents, flag, from_text, id, object_text, parsed, text, time};

const ACTIVE: &str = "active";

/// A client as the API shows it.
pub(super) fn client(fields: &mut Fields) -> Option<ImportedClient> {
    let source = fields.need("sourceId", id).map(SourceId);
    let id_of_client = fields.need("clientId", parsed(ExternalId::parse));
    let practice = fields.need("practiceId", id).map(PracticeId);
    let status = fields.get("status", from_text).unwrap_or(ClientStatus::Active);
    // Computed from the record: the value of the other system is ignored.
    fields.get("fingerprint", id);
    let mut content = content(fields);
    let class = fields.object("clientClass", |fields| class(fields, source));
    content.client_class = content.client_class.or_else(|| class.as_ref().map(|class| class.id.clone()));
    let patients = fields.objects("patients", |fields| patient(fields, source, practice));
    let times = ["firstSyncedAt", "lastSyncedAt", "createdAt", "updatedAt"];
    let [first_synced_at, last_synced_at, created_at, updated_at] = times.map(|name| fields.get(name, time));
    let primary_practice = fields.get("primaryPractice", text);
    let key = ClientKey { source: source?, id: id_of_client? };
    Some(ImportedClient {
        key,
        practice: practice?,
        primary_practice,
        status,
        content,
        class,
        patients,
        first_synced_at,
        last_synced_at,
        created_at,
        updated_at,
    })
}

fn content(fields: &mut Fields) -> ClientContent {
    ClientContent {
        client_class: fields.get("clientClassId", parsed(ExternalId::parse)),
        display_id: fields.get("displayId", text),
        first_name: fields.get("firstName", text),
        last_name: fields.get("lastName", text),
        address: fields.get("address", text),
        city: fields.get("city", text),
        state: fields.get("state", text),
        postal_code: fields.get("postalCode", text),
        email: fields.get("email", text),
        home_phone: fields.get("homePhone", text),
        work_phone: fields.get("workPhone", text),
        mobile_phone: fields.get("mobilePhone", text),
        balance_due: fields.get("balanceDue", cents).unwrap_or_default(),
        communications_disabled: fields.get("communicationsDisabled", text),
        email_verification_status: fields.get("emailVerificationStatus", text),
        email_verification_response: fields
            .get("emailVerificationResponse", object_text)
            .unwrap_or_else(|| "{}".to_owned()),
        email_verified_at: fields.get("emailVerifiedAt", time),
        email_prior: fields.get("emailPrior", text),
        alerts_disabled: fields.get("alertsDisabled", flag).unwrap_or_default(),
        email_alert_disabled: fields.get("emailAlertDisabled", flag).unwrap_or_default(),
        sms_alert_disabled: fields.get("smsAlertDisabled", flag).unwrap_or_default(),
        bad_physical_address: fields.get("badPhysicalAddress", flag).unwrap_or_default(),
        full_address_prior: fields.get("fullAddressPrior", text),
        loyalty_invoice_processing_ended_at: fields.get("loyaltyInvoiceProcessingEndedAt", time),
        loyalty_invoice_processing_remainder: fields.get("loyaltyInvoiceProcessingRemainder", cents),
        loyalty_toggle: fields.get("loyaltyToggle", flag).unwrap_or_default(),
        pet_records: fields.get("petRecordsStatus", pet_records),
    }
}

/// A class by itself, or within a client of this source.
pub(super) fn class(fields: &mut Fields, of: Option<SourceId>) -> Option<ClientClass> {
    let source = match of {
        Some(source) => fields.get("sourceId", id).map_or(Some(source), |id| Some(SourceId(id))),
        None => fields.need("sourceId", id).map(SourceId),
    };
    let id = fields.need("clientClassId", parsed(ExternalId::parse));
    let description = fields.get("description", text);
    let communications_disabled = fields.get("communicationsDisabled", text);
    Some(ClientClass { source: source?, id: id?, description, communications_disabled })
}

/// A patient within a client, whose source and practice are its own unless it says otherwise.
fn patient(fields: &mut Fields, source: Option<SourceId>, practice: Option<PracticeId>) -> Option<Patient> {
    let source = fields.get("sourceId", id).map(SourceId).or(source);
    let practice = fields.get("practiceId", id).map(PracticeId).or(practice);
    let id = fields.need("patientId", parsed(ExternalId::parse));
    let name = fields.need("name", text);
    let display_id = fields.get("displayId", text);
    let deceased_date = fields.get("deceasedDate", from_text);
    let status = fields.get("status", text).unwrap_or_else(|| ACTIVE.to_owned());
    Some(Patient {
        source: source?,
        id: id?,
        practice: practice?,
        name: name?,
        display_id,
        deceased_date,
        status,
    })
}

fn pet_records(given: FieldValue) -> Result<PetRecords, String> {
    PetRecords::parse(&text(given)?).ok_or_else(|| "must be Active or Unregistered".to_owned())
}
