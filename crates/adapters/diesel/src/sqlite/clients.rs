//! How clients are put: each by statements of its own, which are prepared once.

use asteroid_clients::{ClientRecord, Patient};
use asteroid_kernel::StorageError;
use diesel::prelude::*;
use diesel::{delete, insert_into, update};

use super::Tx;
use crate::rows::{NewClientRow, PatientRow};
use crate::schema::{clients, patients};

impl Tx {
    /// Puts records in their order.
    pub(super) async fn put_records(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        for record in records {
            let client = self.put_client(record).await?;
            for (position, patient) in (0..).zip(&record.patients) {
                self.put_patient(client, position, patient).await?;
            }
        }
        Ok(())
    }

    /// Puts a client without its patients; gives its number.
    async fn put_client(&mut self, record: &ClientRecord) -> Result<i64, StorageError> {
        let row = NewClientRow::from(record);
        let new = insert_into(clients::table)
            .values(&row)
            .on_conflict((clients::source_id, clients::id))
            .do_nothing()
            .returning(clients::number);
        if let Some(number) = self.first(new).await? {
            return Ok(number);
        }
        let there = clients::table
            .filter(clients::source_id.eq(record.key.source.0))
            .filter(clients::id.eq(record.key.id.as_str()));
        let number = self.one(update(there).set(row.changes()).returning(clients::number)).await?;
        self.execute(delete(patients::table.filter(patients::client_number.eq(number)))).await?;
        Ok(number)
    }

    async fn put_patient(
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
            // It belongs to another client until now.
            let there = patients::table
                .filter(patients::source_id.eq(patient.source.0))
                .filter(patients::id.eq(patient.id.as_str()));
            self.execute(update(there).set(&row)).await?;
        }
        Ok(())
    }
}
