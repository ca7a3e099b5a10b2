//! How clients are put: many in one statement, because each statement is a journey to the server.

use std::collections::{BTreeMap, HashMap, HashSet};

use asteroid_clients::{ClientKey, ClientRecord};
use asteroid_kernel::StorageError;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel::{delete, insert_into};

use super::Tx;
use crate::rows::{NewClientRow, PatientRow};
use crate::schema::{clients, patients};

/// So many clients are put in one statement at most: each is 43 bound values, of which a statement has 65535.
const CLIENTS_AT_ONCE: usize = 1000;

/// So many patients are put in one statement at most: each is 9 bound values.
const PATIENTS_AT_ONCE: usize = 5000;

/// Gives these columns of a row that is there the values that were to be inserted.
macro_rules! as_given {
    ($table:ident: $($column:ident)*) => {
        ($($table::$column.eq(excluded($table::$column)),)*)
    };
}

impl Tx {
    /// Puts records in their order.
    pub(super) async fn put_records(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        for part in parts(records) {
            self.put_part(part).await?;
        }
        Ok(())
    }

    /// Puts records of as many clients.
    async fn put_part(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        // In the order of their keys: whoever puts the same clients beside us then waits, and nobody for each other.
        let by_key: BTreeMap<&ClientKey, NewClientRow> =
            records.iter().map(|record| (&record.key, record.into())).collect();
        let rows: Vec<NewClientRow> = by_key.into_values().collect();
        let put = insert_into(clients::table)
            .values(&rows)
            .on_conflict((clients::source_id, clients::id))
            .do_update()
            .set(as_given!(
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
        let put: Vec<(i64, String, i64)> = self.all(put).await?;
        let numbers: HashMap<(i64, &str), i64> =
            put.iter().map(|(source, id, number)| ((*source, id.as_str()), *number)).collect();

        let all: Vec<i64> = numbers.values().copied().collect();
        self.execute(delete(patients::table.filter(patients::client_number.eq_any(all)))).await?;

        // A patient that several name is the last one's.
        let mut named = BTreeMap::new();
        for record in records {
            let number = numbers.get(&(record.key.source.0, record.key.id.as_str()));
            let number = number.ok_or_else(|| StorageError::Failed(diesel::NotFound.into()))?;
            for (position, patient) in (0..).zip(&record.patients) {
                named.insert((patient.source, &patient.id), PatientRow::new(*number, position, patient));
            }
        }
        let rows: Vec<PatientRow> = named.into_values().collect();
        for rows in rows.chunks(PATIENTS_AT_ONCE) {
            let put = insert_into(patients::table)
                .values(rows)
                .on_conflict((patients::source_id, patients::id))
                .do_update()
                .set(as_given!(
                    patients: client_number position practice_id name display_id deceased_date status
                ));
            self.execute(put).await?;
        }
        Ok(())
    }
}

/// Parts to be put one after the other, each in its order: no statement may come upon a client twice.
fn parts(mut rest: &[ClientRecord]) -> impl Iterator<Item = &[ClientRecord]> {
    std::iter::from_fn(move || {
        let mut seen = HashSet::new();
        let end = rest.iter().take(CLIENTS_AT_ONCE).take_while(|record| seen.insert(&record.key)).count();
        let (part, behind) = rest.split_at(end);
        rest = behind;
        (end > 0).then_some(part)
    })
}
