use std::collections::{BTreeSet, HashMap};

use asteroid_audit::{AuditEvent, AuditRepository};
use asteroid_clients::{
    ClientClass, ClientKey, ClientRecord, ClientRepository, ExternalId, Fingerprint, MembershipRepository,
    Practice, PracticeId, PracticeRepository, SourceId,
};
use asteroid_identity::{PasswordHash, UserRepository};
use asteroid_kernel::{StorageError, Timestamp, Upsert, Work};

use super::outcome::Halt;
use super::{ImportRecord, RecordOutcome, Refusal, RefusalReason};

/// A record as far as it could be checked outside of a unit of work.
pub(super) enum Prepared {
    /// With the hash of the password that a user is to have.
    Ready(ImportRecord, Option<PasswordHash>),
    Refused(Refusal),
}

/// Puts records into the store, or only sees what would become of them.
pub(super) struct PutBatch {
    pub(super) records: Vec<Prepared>,
    /// Practices that are there, though not in the store.
    pub(super) practices: HashMap<PracticeId, Practice>,
    pub(super) now: Timestamp,
    pub(super) event: AuditEvent,
    pub(super) dry_run: bool,
}

/// Why a batch was rolled back.
pub(super) enum BatchRefused {
    /// It was a dry run.
    Rehearsed {
        outcomes: Vec<RecordOutcome>,
        practices: HashMap<PracticeId, Practice>,
    },
    Storage(StorageError),
}

impl From<StorageError> for BatchRefused {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl<Tx> Work<Tx> for PutBatch
where
    Tx: PracticeRepository + MembershipRepository + ClientRepository + UserRepository + AuditRepository,
{
    type Done = Vec<RecordOutcome>;
    type Refused = BatchRefused;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<RecordOutcome>, BatchRefused> {
        let mut batch = Batch::new(tx, self.now, &self.practices);
        batch.look_up_clients(&self.records).await?;
        let mut outcomes = Vec::with_capacity(self.records.len());
        for record in &self.records {
            let put = match record {
                Prepared::Refused(refusal) => Err(refusal.clone().into()),
                Prepared::Ready(record, hash) => batch.put(record, hash.as_ref()).await,
            };
            outcomes.push(match put {
                Ok(upsert) => RecordOutcome::Put(upsert),
                Err(Halt::Refused(refusal)) => RecordOutcome::Refused(refusal),
                Err(Halt::Storage(error)) => return Err(error.into()),
            });
        }
        batch.write_clients().await?;
        let Batch { wrote, practices, .. } = batch;
        if wrote {
            tx.record_event(&self.event).await?;
        }
        if self.dry_run {
            let practices =
                practices.into_iter().filter_map(|(id, practice)| Some((id, practice?))).collect();
            return Err(BatchRefused::Rehearsed { outcomes, practices });
        }
        Ok(outcomes)
    }
}

/// A batch that is being put, and what is known of the store meanwhile.
pub(super) struct Batch<'a, Tx> {
    pub(super) tx: &'a mut Tx,
    pub(super) now: Timestamp,
    /// Those that were found or put; none if they were looked for in vain.
    practices: HashMap<PracticeId, Option<Practice>>,
    /// Those that are in the store as they are here: most clients of a batch have the same few.
    classes: HashMap<(SourceId, ExternalId), ClientClass>,
    /// Of the clients that were in the store before.
    fingerprints: HashMap<ClientKey, Fingerprint>,
    /// The clients to be written, at the end and at once.
    changed: Vec<ClientRecord>,
    /// Where in that list each is.
    places: HashMap<ClientKey, usize>,
    wrote: bool,
}

impl<'a, Tx> Batch<'a, Tx>
where
    Tx: PracticeRepository + MembershipRepository + ClientRepository + UserRepository,
{
    fn new(tx: &'a mut Tx, now: Timestamp, practices: &HashMap<PracticeId, Practice>) -> Self {
        Self {
            tx,
            now,
            practices: practices.iter().map(|(id, practice)| (*id, Some(practice.clone()))).collect(),
            classes: HashMap::new(),
            fingerprints: HashMap::new(),
            changed: Vec::new(),
            places: HashMap::new(),
            wrote: false,
        }
    }

    /// Does all checks of a record before it writes anything of it.
    async fn put(&mut self, record: &ImportRecord, hash: Option<&PasswordHash>) -> Result<Upsert, Halt> {
        let upsert = match record {
            ImportRecord::Practice(practice) => self.put_practice(practice).await?,
            ImportRecord::ClientClass(class) => self.put_class(class).await?,
            ImportRecord::User(user) => self.put_user(user, hash).await?,
            ImportRecord::Client(client) => self.put_client(client).await?,
        };
        self.wrote |= upsert != Upsert::Unchanged;
        Ok(upsert)
    }

    async fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError> {
        let upsert = self.tx.put_practice(practice).await?;
        self.practices.insert(practice.id, Some(practice.clone()));
        Ok(upsert)
    }

    pub(super) async fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError> {
        let key = (class.source, class.id.clone());
        if self.classes.get(&key) == Some(class) {
            return Ok(Upsert::Unchanged);
        }
        let upsert = self.tx.put_class(class).await?;
        self.wrote |= upsert != Upsert::Unchanged;
        self.classes.insert(key, class.clone());
        Ok(upsert)
    }

    /// The practice that a user or a client says it is of.
    pub(super) async fn practice(&mut self, id: PracticeId) -> Result<Practice, Halt> {
        let practice = if let Some(known) = self.practices.get(&id) {
            known.clone()
        } else {
            let found = self.tx.find_practice(id).await?;
            self.practices.insert(id, found.clone());
            found
        };
        let unknown = || Refusal::new("practiceId", RefusalReason::UnknownPractice(id));
        Ok(practice.ok_or_else(unknown)?)
    }

    async fn look_up_clients(&mut self, records: &[Prepared]) -> Result<(), StorageError> {
        let keys: BTreeSet<&ClientKey> = records
            .iter()
            .filter_map(|record| match record {
                Prepared::Ready(ImportRecord::Client(client), _) => Some(&client.key),
                _ => None,
            })
            .collect();
        if !keys.is_empty() {
            let keys: Vec<ClientKey> = keys.into_iter().cloned().collect();
            self.fingerprints = self.tx.fingerprints(&keys).await?.into_iter().collect();
        }
        Ok(())
    }

    /// What was written of this client earlier in the batch, and the fingerprint that it has, if it is there at all.
    pub(super) fn client_before(&self, key: &ClientKey) -> (Option<&ClientRecord>, Option<Fingerprint>) {
        let earlier = self.places.get(key).map(|place| &self.changed[*place]);
        let fingerprint = earlier.map(|record| record.fingerprint);
        (earlier, fingerprint.or_else(|| self.fingerprints.get(key).copied()))
    }

    /// Has the client written at the end, in the place of what was to be written of it.
    pub(super) fn write_client(&mut self, record: ClientRecord) {
        if let Some(place) = self.places.get(&record.key) {
            self.changed[*place] = record;
        } else {
            self.places.insert(record.key.clone(), self.changed.len());
            self.changed.push(record);
        }
    }

    async fn write_clients(&mut self) -> Result<(), StorageError> {
        if self.changed.is_empty() { Ok(()) } else { self.tx.put_clients(&self.changed).await }
    }
}
