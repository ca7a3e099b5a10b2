//! Puts what a practice's management system gives out into the store.

mod batch;
mod clients;
mod outcome;
mod prepare;
mod record;
mod users;

use std::collections::HashMap;
use std::sync::Arc;

use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_clients::{ClientRepository, MembershipRepository, Practice, PracticeId, PracticeRepository};
use asteroid_identity::{HashingError, PasswordHasher, PasswordPolicy, UserRepository};
use asteroid_kernel::{Clock, Origin, Randomness, Storage, StorageError};

use batch::{BatchRefused, PutBatch};
pub use outcome::{RecordOutcome, Refusal, RefusalReason};
pub use record::{ImportRecord, ImportedClient, ImportedPassword, ImportedUser};

/// Puts records into the store: any number of times, the same ones again change nothing.
pub struct Import<S, H> {
    storage: Arc<S>,
    hasher: Arc<H>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    passwords: PasswordPolicy,
    /// Practices that batches before would have put, had they not been rolled back.
    rehearsed: HashMap<PracticeId, Practice>,
}

/// Why a batch was not put; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl<S, H> Import<S, H> {
    /// Puts the use case on a store and a hasher.
    #[must_use]
    pub fn new(
        storage: Arc<S>,
        hasher: Arc<H>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        passwords: PasswordPolicy,
    ) -> Self {
        Self { storage, hasher, clock, randomness, passwords, rehearsed: HashMap::new() }
    }
}

impl<S, H> Import<S, H>
where
    S: Storage,
    S::Tx: PracticeRepository + MembershipRepository + ClientRepository + UserRepository + AuditRepository,
    H: PasswordHasher,
{
    /// Puts these records in one unit of work, in their order, and says of each what became of it. A record that is
    /// refused leaves nothing behind, and does not keep back the others. Of several with the same key, the last is
    /// in the store in the end.
    ///
    /// A dry run does the same and takes it back. The batches after it know of its practices, and of nothing else.
    ///
    /// # Errors
    ///
    /// If a password cannot be hashed or the store fails: then nothing of the batch was put.
    pub async fn put_batch(
        &mut self,
        records: Vec<ImportRecord>,
        dry_run: bool,
    ) -> Result<Vec<RecordOutcome>, ImportError> {
        let records = self.prepare(records).await?;
        let now = self.clock.now();
        let event = AuditEvent::new(Action::Import, Outcome::Done, &Origin::local(), now, &*self.randomness);
        let practices = self.rehearsed.clone();
        let batch = PutBatch { records, practices, now, event, dry_run };
        match self.storage.write(batch).await {
            Ok(outcomes) => Ok(outcomes),
            Err(BatchRefused::Rehearsed { outcomes, practices }) => {
                self.rehearsed.extend(practices);
                Ok(outcomes)
            }
            Err(BatchRefused::Storage(error)) => Err(error.into()),
        }
    }
}
