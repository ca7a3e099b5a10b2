//! Puts what a practice's management system gives out into the store.

mod batch;
mod clients;
mod memory;
mod outcome;
mod plan;
mod prepare;
mod record;
mod users;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use asteroid_audit::{Action, AuditRepository};
use asteroid_clients::{ClientRepository, MembershipRepository, Practice, PracticeId, PracticeRepository};
use asteroid_identity::{
    HashingError, PasswordHasher, PasswordPolicy, SessionRepository, TombstoneKeys, TombstoneRepository,
    UserAdministrationRepository, UserRegistrationRepository, UserRepository,
};
use asteroid_kernel::{Clock, Randomness, Storage, StorageError, Upsert, unit_of_work};
use asteroid_verification::ChallengeRepository;

use crate::operator::{Act, Operator};
use batch::{BatchDone, BatchRefused, Content, LateUser, Prepared, PutBatch};
use memory::FileMemory;
pub use outcome::{RecordOutcome, Refusal, RefusalReason, Warning, WarningReason};
pub use record::{ImportRecord, ImportedClient, ImportedMembership, ImportedPassword, ImportedUser};

/// Puts records into the store: any number of times, the same ones again change nothing.
pub struct Import<S, H> {
    storage: Arc<S>,
    hasher: Arc<H>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    passwords: PasswordPolicy,
    operator: Operator,
    tombstone_keys: TombstoneKeys,
    /// Practices that batches before would have put, had they not been rolled back.
    rehearsed: HashMap<PracticeId, Practice>,
    /// What the batches of this file have to say to later ones.
    memory: Arc<RwLock<FileMemory>>,
    /// What is left for its end.
    late: Vec<LateUser>,
    statistics: Statistics,
}

/// When the store is to renew its statistics: a query plan for a hundred clients may be slow for a million.
#[derive(Default)]
struct Statistics {
    /// The records that were created since the beginning.
    created: usize,
    /// Their number when the statistics were last renewed.
    renewed_at: usize,
}

impl Statistics {
    /// So many new records make the first statistics necessary.
    const FIRST: usize = 1_000;

    fn add(&mut self, outcomes: &[RecordOutcome]) {
        let created = |outcome: &&RecordOutcome| matches!(outcome, RecordOutcome::Put(Upsert::Created, _));
        self.created += outcomes.iter().filter(created).count();
    }

    /// Whether the created records are so many for the first time, or have doubled.
    fn are_outdated(&self) -> bool {
        self.created >= Self::FIRST.max(self.renewed_at * 2)
    }

    /// Whether the file ends with more than they know of.
    fn are_incomplete(&self) -> bool {
        self.created >= Self::FIRST && self.created > self.renewed_at
    }
}

/// What the end of a file decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndOfFile {
    /// What became of the records that were left for [later](RecordOutcome::Later), in their order.
    pub later: Vec<RecordOutcome>,
    /// How many clients that were counted as unchanged have lost patients, which no record of the file named.
    pub reduced_clients: u64,
}

/// So many clients are put in one unit of work at the end of a file.
const CLIENTS_AT_ONCE: usize = 500;

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
        operator: Operator,
    ) -> Self {
        let (rehearsed, memory, late) = (HashMap::new(), Arc::default(), Vec::new());
        let (statistics, tombstone_keys) = (Statistics::default(), TombstoneKeys::default());
        Self {
            storage,
            hasher,
            clock,
            randomness,
            passwords,
            operator,
            tombstone_keys,
            rehearsed,
            memory,
            late,
            statistics,
        }
    }

    /// Lets the import leave out users who were deleted, by tombstones under these keys.
    #[must_use]
    pub fn with_tombstone_keys(self, tombstone_keys: TombstoneKeys) -> Self {
        Self { tombstone_keys, ..self }
    }
}

impl<S: Storage<Tx: TombstoneRepository>, H> Import<S, H> {
    /// The ids of keys of tombstones in the store that the import does not have: it would create the users again that were
    /// deleted under these keys.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn missing_tombstone_keys(&self) -> Result<Vec<String>, StorageError> {
        let mut ids =
            self.storage.read(unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.tombstone_keys()))).await?;
        ids.retain(|id| !self.tombstone_keys.has(id));
        Ok(ids)
    }
}

impl<S, H> Import<S, H>
where
    S: Storage,
    S::Tx: PracticeRepository
        + MembershipRepository
        + ClientRepository
        + UserRepository
        + UserRegistrationRepository
        + UserAdministrationRepository
        + SessionRepository
        + TombstoneRepository
        + ChallengeRepository
        + AuditRepository,
    H: PasswordHasher,
{
    /// Puts these records in one unit of work, in their order, and says of each what became of it. A record that is
    /// refused leaves nothing behind, and does not keep back the others. Of several clients with the same key, the last
    /// is in the store in the end, with the patients of all. Records that are left for later are decided by
    /// [`end_file`](Self::end_file).
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
        let users: Vec<Option<LateUser>> = records.iter().map(Prepared::to_late).collect();
        let done = self.put(Content::Records(records), dry_run).await?;
        let late = users.into_iter().zip(&done.outcomes);
        self.late
            .extend(late.filter_map(|(user, outcome)| user.filter(|_| *outcome == RecordOutcome::Later)));
        if !dry_run {
            self.statistics.add(&done.outcomes);
            if self.statistics.are_outdated() {
                self.renew_statistics().await;
            }
        }
        Ok(done.outcomes)
    }

    /// Ends a file: decides what was left for its end, and forgets what the file said. Patients that no record of their
    /// client named are removed only if the file is `whole`: read to its end, with all its records of clients.
    ///
    /// # Errors
    ///
    /// If the store fails: then some of it was not put.
    pub async fn end_file(&mut self, whole: bool, dry_run: bool) -> Result<EndOfFile, ImportError> {
        let mut end = EndOfFile::default();
        let mut clients = self.memory.write().unwrap_or_else(PoisonError::into_inner).take_partial();
        if !whole {
            clients.clear();
        }
        while !clients.is_empty() {
            let rest = clients.split_off(clients.len().min(CLIENTS_AT_ONCE));
            let content = Content::End { users: Vec::new(), clients };
            end.reduced_clients += self.put(content, dry_run).await?.reduced;
            clients = rest;
        }
        let mut users = std::mem::take(&mut self.late);
        if !users.is_empty() {
            self.hash_late(&mut users).await?;
            end.later = self.put(Content::End { users, clients }, dry_run).await?.outcomes;
        }
        self.memory = Arc::default();
        if self.statistics.are_incomplete() {
            self.renew_statistics().await;
        }
        Ok(end)
    }

    /// Without them the import is complete, but may be slow.
    async fn renew_statistics(&mut self) {
        self.statistics.renewed_at = self.statistics.created;
        let renew = unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.renew_statistics()));
        if let Err(error) = self.storage.write(renew).await {
            tracing::warn!(%error, "the statistics of the database could not be renewed");
        }
    }

    async fn put(&mut self, content: Content, dry_run: bool) -> Result<BatchDone, ImportError> {
        let now = self.clock.now();
        let randomness = Arc::clone(&self.randomness);
        let event = Act { operator: self.operator.clone(), now, randomness }.event(Action::Import);
        let practices = self.rehearsed.clone();
        let memory = Arc::clone(&self.memory);
        let tombstone_keys = self.tombstone_keys.clone();
        let batch = PutBatch { content, memory, practices, tombstone_keys, now, event, dry_run };
        let mut done = match self.storage.write(batch).await {
            Ok(done) => done,
            Err(BatchRefused::Rehearsed { done, practices }) => {
                self.rehearsed.extend(practices);
                let mut done = *done;
                done.memory = done.memory.without_made();
                done
            }
            Err(BatchRefused::Storage(error)) => return Err(error.into()),
        };
        let remembered = std::mem::take(&mut done.memory);
        self.memory.write().unwrap_or_else(PoisonError::into_inner).absorb(remembered);
        Ok(done)
    }
}
