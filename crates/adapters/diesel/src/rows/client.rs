//! Rows of `clients`.

use asteroid_clients::{ClientContent, ClientRecord, Patient, PetRecords, PracticeId, SearchPrefix};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::clients;
use crate::sql_types::At;

/// A client to be inserted. The database generates its number.
#[derive(Insertable)]
#[diesel(table_name = clients)]
pub(crate) struct NewClientRow {
    source_id: i64,
    id: String,
    first_synced_at: At,
    created_at: At,
    #[diesel(embed)]
    record: RecordColumns,
    #[diesel(embed)]
    search: SearchColumns,
}

impl NewClientRow {
    /// The columns that an update replaces.
    pub(crate) fn changes(&self) -> (&RecordColumns, &SearchColumns) {
        (&self.record, &self.search)
    }
}

impl From<&ClientRecord> for NewClientRow {
    fn from(record: &ClientRecord) -> Self {
        Self {
            source_id: record.key.source.0,
            id: record.key.id.as_str().to_owned(),
            first_synced_at: At(record.first_synced_at),
            created_at: At(record.created_at),
            record: record.into(),
            search: (&record.content).into(),
        }
    }
}

/// A client as read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = clients, check_for_backend(Pg, Sqlite))]
pub(crate) struct ClientRow {
    number: i64,
    source_id: i64,
    id: String,
    first_synced_at: At,
    created_at: At,
    #[diesel(embed)]
    record: RecordColumns,
}

impl ClientRow {
    pub(crate) fn number(&self) -> i64 {
        self.number
    }

    pub(crate) fn into_record(self, patients: Vec<Patient>) -> Result<ClientRecord, UnreadableColumn> {
        let columns = self.record;
        Ok(ClientRecord {
            key: super::client_key(self.source_id, &self.id)?,
            practice: PracticeId(columns.practice_id),
            status: columns.status.parse().map_err(|_| UnreadableColumn("clients.status"))?,
            fingerprint: super::fingerprint(columns.fingerprint)?,
            first_synced_at: self.first_synced_at.0,
            last_synced_at: columns.last_synced_at.0,
            created_at: self.created_at.0,
            updated_at: columns.updated_at.0,
            stored_at: columns.stored_at.0,
            content: columns.try_into()?,
            patients,
        })
    }
}

/// The columns that every new record of a client replaces.
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(
    table_name = clients,
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the source")]
pub(crate) struct RecordColumns {
    practice_id: i64,
    status: String,
    client_class_id: Option<String>,
    display_id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    address: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    email: Option<String>,
    home_phone: Option<String>,
    work_phone: Option<String>,
    mobile_phone: Option<String>,
    balance_due: i64,
    communications_disabled: Option<String>,
    email_verification_status: Option<String>,
    email_verification_response: String,
    email_verified_at: Option<At>,
    email_prior: Option<String>,
    alerts_disabled: bool,
    email_alert_disabled: bool,
    sms_alert_disabled: bool,
    bad_physical_address: bool,
    full_address_prior: Option<String>,
    loyalty_invoice_processing_ended_at: Option<At>,
    loyalty_invoice_processing_remainder: Option<i64>,
    loyalty_toggle: bool,
    pet_records: Option<String>,
    fingerprint: i64,
    last_synced_at: At,
    updated_at: At,
    stored_at: At,
}

impl From<&ClientRecord> for RecordColumns {
    fn from(record: &ClientRecord) -> Self {
        let content = record.content.clone();
        Self {
            practice_id: record.practice.0,
            status: record.status.as_str().to_owned(),
            client_class_id: content.client_class.map(|id| id.as_str().to_owned()),
            display_id: content.display_id,
            first_name: content.first_name,
            last_name: content.last_name,
            address: content.address,
            city: content.city,
            state: content.state,
            postal_code: content.postal_code,
            email: content.email,
            home_phone: content.home_phone,
            work_phone: content.work_phone,
            mobile_phone: content.mobile_phone,
            balance_due: content.balance_due,
            communications_disabled: content.communications_disabled,
            email_verification_status: content.email_verification_status,
            email_verification_response: content.email_verification_response,
            email_verified_at: content.email_verified_at.map(At),
            email_prior: content.email_prior,
            alerts_disabled: content.alerts_disabled,
            email_alert_disabled: content.email_alert_disabled,
            sms_alert_disabled: content.sms_alert_disabled,
            bad_physical_address: content.bad_physical_address,
            full_address_prior: content.full_address_prior,
            loyalty_invoice_processing_ended_at: content.loyalty_invoice_processing_ended_at.map(At),
            loyalty_invoice_processing_remainder: content.loyalty_invoice_processing_remainder,
            loyalty_toggle: content.loyalty_toggle,
            pet_records: content.pet_records.map(|status| status.as_str().to_owned()),
            fingerprint: record.fingerprint.get(),
            last_synced_at: At(record.last_synced_at),
            updated_at: At(record.updated_at),
            stored_at: At(record.stored_at),
        }
    }
}

impl TryFrom<RecordColumns> for ClientContent {
    type Error = UnreadableColumn;

    fn try_from(row: RecordColumns) -> Result<Self, UnreadableColumn> {
        let class = row.client_class_id.map(|id| super::external_id(&id, "clients.client_class_id"));
        let pet_records = row
            .pet_records
            .map(|name| PetRecords::parse(&name).ok_or(UnreadableColumn("clients.pet_records")));
        Ok(Self {
            client_class: class.transpose()?,
            display_id: row.display_id,
            first_name: row.first_name,
            last_name: row.last_name,
            address: row.address,
            city: row.city,
            state: row.state,
            postal_code: row.postal_code,
            email: row.email,
            home_phone: row.home_phone,
            work_phone: row.work_phone,
            mobile_phone: row.mobile_phone,
            balance_due: row.balance_due,
            communications_disabled: row.communications_disabled,
            email_verification_status: row.email_verification_status,
            email_verification_response: row.email_verification_response,
            email_verified_at: row.email_verified_at.map(|at| at.0),
            email_prior: row.email_prior,
            alerts_disabled: row.alerts_disabled,
            email_alert_disabled: row.email_alert_disabled,
            sms_alert_disabled: row.sms_alert_disabled,
            bad_physical_address: row.bad_physical_address,
            full_address_prior: row.full_address_prior,
            loyalty_invoice_processing_ended_at: row.loyalty_invoice_processing_ended_at.map(|at| at.0),
            loyalty_invoice_processing_remainder: row.loyalty_invoice_processing_remainder,
            loyalty_toggle: row.loyalty_toggle,
            pet_records: pet_records.transpose()?,
        })
    }
}

/// The columns of the search, folded like [`SearchPrefix`].
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = clients, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct SearchColumns {
    /// First and last name, so that a prefix of the first name matches, too.
    folded_name: Option<String>,
    folded_last_name: Option<String>,
    folded_email: Option<String>,
    home_digits: Option<String>,
    work_digits: Option<String>,
    mobile_digits: Option<String>,
}

impl From<&ClientContent> for SearchColumns {
    fn from(content: &ClientContent) -> Self {
        let fold = |text: &Option<String>| {
            text.as_deref().map(SearchPrefix::fold).filter(|folded| !folded.is_empty())
        };
        let digits = |phone: &Option<String>| phone.as_deref().map(SearchPrefix::digits_of);
        let (first, last) = (fold(&content.first_name), fold(&content.last_name));
        let both = first.into_iter().chain(last.clone()).reduce(|first, last| first + " " + &last);
        Self {
            folded_name: both,
            folded_last_name: last,
            folded_email: fold(&content.email),
            home_digits: digits(&content.home_phone),
            work_digits: digits(&content.work_phone),
            mobile_digits: digits(&content.mobile_phone),
        }
    }
}
