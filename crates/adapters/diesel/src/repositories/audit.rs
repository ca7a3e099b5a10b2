//! [`AuditRepository`] by diesel.

use asteroid_audit::{AuditEvent, AuditRepository};
use asteroid_kernel::{StorageError, Timestamp};
use diesel::prelude::*;
use diesel::{delete, insert_into};

use super::Tx;
use crate::rows::AuditEventRow;
use crate::schema::audit_events::{self, at, id};
use crate::sql_types::At;

impl AuditRepository for Tx {
    async fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError> {
        self.execute(insert_into(audit_events::table).values(AuditEventRow::from(event))).await?;
        Ok(())
    }

    async fn latest_events(&mut self, at_most: usize) -> Result<Vec<AuditEvent>, StorageError> {
        let query = audit_events::table
            .order((at.desc(), id.desc()))
            .select(AuditEventRow::as_select())
            .limit(super::rows(at_most));
        let events = self.all(query).await?.into_iter().map(AuditEvent::try_from);
        Ok(events.collect::<Result<_, _>>()?)
    }

    async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(delete(audit_events::table.filter(at.lt(At(before))))).await
    }
}
