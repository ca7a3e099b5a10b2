//! Writing clients: one statement per client and patient, each prepared once.

use asteroid_clients::{ClientRecord, Patient};
use asteroid_kernel::StorageError;
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::rows::{NewClientRow, PatientRow};
use crate::schema::{clients, patients};

impl Tx {
    /// Writes records in order.
    pub(super) async fn write_records(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        for record in records {
            let client = self.write_client(record).await?;
            for (position, patient) in (0..).zip(&record.patients) {
                self.write_patient(client, position, patient).await?;
            }
        }
        Ok(())
    }

    /// Writes a client without its patients, and returns its number.
    async fn write_client(&mut self, record: &ClientRecord) -> Result<i64, StorageError> {
        let row = NewClientRow::from(record);
        let new = insert_into(clients::table)
            .values(&row)
            .on_conflict((clients::source_id, clients::id))
            .do_nothing()
            .returning(clients::number);
        if let Some(number) = self.first(new).await? {
            return Ok(number);
        }
        let existing = clients::table
            .filter(clients::source_id.eq(record.key.source.0))
            .filter(clients::id.eq(record.key.id.as_str()));
        let number = self.one(update(existing).set(row.changes()).returning(clients::number)).await?;
        self.execute(delete(patients::table.filter(patients::client_number.eq(number)))).await?;
        Ok(number)
    }

    async fn write_patient(
        &mut self,
        client: i64,
        position: i64,
        patient: &Patient,
    ) -> Result<(), StorageError> {
        let row = PatientRow::new(client, position, patient);
        let new = insert_into(patients::table)
            .values(&row)
            .on_conflict((patients::source_id, patients::id))
            .do_nothing();
        if self.execute(new).await? == 0 {
            // The patient belonged to another client.
            let existing = patients::table
                .filter(patients::source_id.eq(patient.source.0))
                .filter(patients::id.eq(patient.id.as_str()));
            self.execute(update(existing).set(&row)).await?;
        }
        Ok(())
    }
}
