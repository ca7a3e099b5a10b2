use asteroid_audit::{AuditEvent, AuditRepository};
use asteroid_kernel::Timestamp;

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn record_events(&self, events: &[AuditEvent]) {
        self.write(events.to_vec(), |events, tx| {
            Box::pin(async move {
                for event in events {
                    tx.record_event(event).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    pub(crate) async fn latest_events(&self, at_most: usize) -> Vec<AuditEvent> {
        self.read(at_most, |at_most, tx| Box::pin(tx.latest_events(*at_most))).await
    }

    pub(crate) async fn forget_events(&self, before: Timestamp) -> u64 {
        self.write(before, |before, tx| Box::pin(tx.forget_events(*before))).await
    }
}
