//! Writing clients: many per statement, because each statement is a round trip to the server.

use std::collections::{BTreeMap, HashMap, HashSet};

use asteroid_clients::{ClientKey, ClientRecord};
use asteroid_kernel::StorageError;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel::{delete, insert_into};

use super::Tx;
use crate::rows::{NewClientRow, PatientRow};
use crate::schema::{clients, patients};

/// The number of clients per statement. Each has 43 bind parameters, and a statement may have 65535.
const CLIENTS_PER_STATEMENT: usize = 1000;

/// The number of patients per statement. Each has 9 bind parameters.
const PATIENTS_PER_STATEMENT: usize = 5000;

/// On a conflict, sets these columns to the values of the rejected row.
macro_rules! set_excluded {
    ($table:ident: $($column:ident)*) => {
        ($($table::$column.eq(excluded($table::$column)),)*)
    };
}

impl Tx {
    /// Writes records in order.
    pub(super) async fn write_records(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        for part in parts(records) {
            self.write_part(part).await?;
        }
        Ok(())
    }

    /// Writes records of different clients.
    async fn write_part(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        // Sorted by key: concurrent writers of the same clients then wait for each other and cannot deadlock.
        let by_key: BTreeMap<&ClientKey, NewClientRow> =
            records.iter().map(|record| (&record.key, record.into())).collect();
        let rows: Vec<NewClientRow> = by_key.into_values().collect();
        let upsert = insert_into(clients::table)
            .values(&rows)
            .on_conflict((clients::source_id, clients::id))
            .do_update()
            .set(set_excluded!(
                clients:
                    practice_id status client_class_id display_id first_name last_name
                    address city state postal_code email home_phone work_phone
                    mobile_phone balance_due communications_disabled
                    email_verification_status email_verification_response
                    email_verified_at email_prior alerts_disabled email_alert_disabled
                    sms_alert_disabled bad_physical_address full_address_prior
                    loyalty_invoice_processing_ended_at
                    loyalty_invoice_processing_remainder loyalty_toggle pet_records
                    fingerprint last_synced_at updated_at stored_at folded_name
                    folded_last_name folded_email home_digits work_digits mobile_digits
            ))
            .returning((clients::source_id, clients::id, clients::number));
        let upsert: Vec<(i64, String, i64)> = self.all(upsert).await?;
        let numbers: HashMap<(i64, &str), i64> =
            upsert.iter().map(|(source, id, number)| ((*source, id.as_str()), *number)).collect();

        let all: Vec<i64> = numbers.values().copied().collect();
        self.execute(delete(patients::table.filter(patients::client_number.eq_any(all)))).await?;

        // A patient that several records name belongs to the last one.
        let mut by_patient = BTreeMap::new();
        for record in records {
            let number = numbers.get(&(record.key.source.0, record.key.id.as_str()));
            let number = number.ok_or_else(|| StorageError::Failed(diesel::NotFound.into()))?;
            for (position, patient) in (0..).zip(&record.patients) {
                by_patient.insert((patient.source, &patient.id), PatientRow::new(*number, position, patient));
            }
        }
        let rows: Vec<PatientRow> = by_patient.into_values().collect();
        for rows in rows.chunks(PATIENTS_PER_STATEMENT) {
            let upsert = insert_into(patients::table)
                .values(rows)
                .on_conflict((patients::source_id, patients::id))
                .do_update()
                .set(set_excluded!(
                    patients: client_number position practice_id name display_id deceased_date status
                ));
            self.execute(upsert).await?;
        }
        Ok(())
    }
}

/// Splits records into parts without repeated clients, because a statement cannot update a row twice.
fn parts(mut rest: &[ClientRecord]) -> impl Iterator<Item = &[ClientRecord]> {
    std::iter::from_fn(move || {
        let mut seen = HashSet::new();
        let end =
            rest.iter().take(CLIENTS_PER_STATEMENT).take_while(|record| seen.insert(&record.key)).count();
        let (part, remaining) = rest.split_at(end);
        rest = remaining;
        (end > 0).then_some(part)
    })
}
