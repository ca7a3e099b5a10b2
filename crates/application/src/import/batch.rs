use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use asteroid_audit::{AuditEvent, AuditRepository};
use asteroid_clients::{
    ClientClass, ClientKey, ClientRecord, ClientRepository, ExternalId, Fingerprint, MembershipRepository,
    Patient, Practice, PracticeId, PracticeRepository, SourceId,
};
use asteroid_identity::{
    PasswordHash, SessionRepository, TombstoneKeys, TombstoneRepository, UserAdministrationRepository,
    UserRegistrationRepository, UserRepository,
};
use asteroid_kernel::{ContactKey, StorageError, Timestamp, UnitOfWork, Upsert, UserId};
use asteroid_verification::{ChallengeRepository, PurposeKind};

use super::memory::{ClientInFile, FileMemory, PartialClient};
use super::outcome::Halt;
use super::plan::assign;
use super::{ImportRecord, ImportedUser, RecordOutcome, Refusal, RefusalReason, Warning};

asteroid_kernel::port_alias! {
    /// The repositories that records are put into.
    pub(super) trait ImportRepositories:
        PracticeRepository +
        MembershipRepository +
        ClientRepository +
        UserRepository +
        UserRegistrationRepository +
        UserAdministrationRepository +
        SessionRepository +
        TombstoneRepository +
        ChallengeRepository;
}

/// A record as far as it could be checked outside of a unit of work.
pub(super) enum Prepared {
    /// With the hash of the password that a user is to have.
    Ready(ImportRecord, Option<PasswordHash>),
    Refused(Refusal),
}

impl Prepared {
    /// The record of a user, in case it is left for the end of the file.
    pub(super) fn to_late(&self) -> Option<LateUser> {
        match self {
            Self::Ready(ImportRecord::User(user), hash) => {
                Some(LateUser { user: Arc::clone(user), hash: hash.clone() })
            }
            Self::Ready(..) | Self::Refused(_) => None,
        }
    }
}

/// A record of a user that was left for the end of the file.
pub(super) struct LateUser {
    pub(super) user: Arc<ImportedUser>,
    pub(super) hash: Option<PasswordHash>,
}

/// What is put in one unit of work.
pub(super) enum Content {
    Records(Vec<Prepared>),
    /// What was left for the end of the file.
    End {
        users: Vec<LateUser>,
        clients: Vec<PartialClient>,
    },
}

/// Puts records into the store, or only sees what would become of them.
pub(super) struct PutBatch {
    pub(super) content: Content,
    /// What earlier batches of the file have to say.
    pub(super) memory: Arc<RwLock<FileMemory>>,
    /// Practices that are there, though not in the store.
    pub(super) practices: HashMap<PracticeId, Practice>,
    pub(super) tombstone_keys: TombstoneKeys,
    pub(super) now: Timestamp,
    pub(super) event: AuditEvent,
    pub(super) dry_run: bool,
}

/// What became of a batch.
pub(super) struct BatchDone {
    pub(super) outcomes: Vec<RecordOutcome>,
    /// How many clients have fewer patients now, of those that were counted as unchanged.
    pub(super) reduced: u64,
    /// What later batches of the file have to know.
    pub(super) memory: FileMemory,
}

/// Why a batch was rolled back.
pub(super) enum BatchRefused {
    /// It was a dry run.
    Rehearsed {
        done: Box<BatchDone>,
        practices: HashMap<PracticeId, Practice>,
    },
    Storage(StorageError),
}

impl From<StorageError> for BatchRefused {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl<Tx: ImportRepositories + AuditRepository> UnitOfWork<Tx> for PutBatch {
    type Output = BatchDone;
    type Error = BatchRefused;

    async fn run(&self, tx: &mut Tx) -> Result<BatchDone, BatchRefused> {
        let mut batch = Batch::new(tx, self);
        let mut reduced = 0;
        let outcomes = match &self.content {
            Content::Records(records) => batch.put_records(records).await?,
            Content::End { users, clients } => {
                for client in clients {
                    reduced += u64::from(batch.reduce_client(client).await?);
                }
                batch.put_late_users(users).await?
            }
        };
        batch.write_clients().await?;
        let Batch { wrote, practices, remembered: memory, .. } = batch;
        if wrote {
            tx.record_event(&self.event).await?;
        }
        let done = BatchDone { outcomes, reduced, memory };
        if self.dry_run {
            let practices =
                practices.into_iter().filter_map(|(id, practice)| Some((id, practice?))).collect();
            return Err(BatchRefused::Rehearsed { done: Box::new(done), practices });
        }
        Ok(done)
    }
}

/// A batch that is being put, and what is known of the store meanwhile.
pub(super) struct Batch<'a, Tx> {
    pub(super) tx: &'a mut Tx,
    pub(super) now: Timestamp,
    pub(super) tombstone_keys: &'a TombstoneKeys,
    /// Those that were found or put; none if they were looked for in vain.
    practices: HashMap<PracticeId, Option<Practice>>,
    /// Those that are in the store as they are here: most clients of a batch have the same few.
    classes: HashMap<(SourceId, ExternalId), ClientClass>,
    /// Of the clients that were in the store before.
    pub(super) fingerprints: HashMap<ClientKey, Fingerprint>,
    /// Of those of them whose patients matter.
    pub(super) patients: HashMap<ClientKey, Vec<Patient>>,
    /// The clients to be written, at the end and at once.
    changed: Vec<ClientRecord>,
    /// Where in that list each is.
    places: HashMap<ClientKey, usize>,
    pub(super) wrote: bool,
    /// What earlier batches of the file have to say.
    memory: &'a RwLock<FileMemory>,
    /// What this one has to.
    remembered: FileMemory,
}

impl<'a, Tx: ImportRepositories> Batch<'a, Tx> {
    fn new(tx: &'a mut Tx, put: &'a PutBatch) -> Self {
        Self {
            tx,
            now: put.now,
            tombstone_keys: &put.tombstone_keys,
            practices: put.practices.iter().map(|(id, practice)| (*id, Some(practice.clone()))).collect(),
            classes: HashMap::new(),
            fingerprints: HashMap::new(),
            patients: HashMap::new(),
            changed: Vec::new(),
            places: HashMap::new(),
            wrote: false,
            memory: &put.memory,
            remembered: FileMemory::default(),
        }
    }

    async fn put_records(&mut self, records: &[Prepared]) -> Result<Vec<RecordOutcome>, StorageError> {
        self.look_up_clients(records).await?;
        let mut outcomes = Vec::with_capacity(records.len());
        for record in records {
            let put = match record {
                Prepared::Refused(refusal) => Err(refusal.clone().into()),
                Prepared::Ready(record, hash) => self.put(record, hash.as_ref()).await,
            };
            if let (Prepared::Ready(ImportRecord::Client(client), _), Err(Halt::Refused(_))) = (record, &put)
            {
                self.remembered.spare(&client.key);
            }
            outcomes.push(self.outcome(put)?);
        }
        Ok(outcomes)
    }

    /// Puts what was left for the end of the file: as one, so that records may exchange their contacts.
    async fn put_late_users(&mut self, users: &[LateUser]) -> Result<Vec<RecordOutcome>, StorageError> {
        let mut planned = Vec::with_capacity(users.len());
        let mut plans = Vec::new();
        let mut said = HashMap::new();
        for LateUser { user, hash } in users {
            let plan = match self.plan_user(user, hash.as_ref()).await {
                Ok(Some(plan)) => match plan.repeats(&mut said) {
                    None => Ok(Some(plan)),
                    Some(Ok(())) => Ok(None),
                    Some(Err(refusal)) => Err(refusal.into()),
                },
                other => other,
            };
            planned.push(match plan {
                Ok(Some(plan)) => {
                    plans.push(plan);
                    None
                }
                Ok(None) => Some(RecordOutcome::Put(Upsert::Unchanged, Vec::new())),
                Err(halt) => Some(self.outcome(Err(halt))?),
            });
        }
        let assigned = assign(&plans);
        let mut gone = Vec::with_capacity(plans.len());
        for (plan, own) in plans.iter().zip(&assigned) {
            gone.push(if own.is_ok() { self.release(plan).await? } else { false });
        }
        let mut decided = plans.into_iter().zip(assigned).zip(gone);
        let mut outcomes = Vec::with_capacity(planned.len());
        for known in planned {
            let outcome = match (known, &mut decided) {
                (Some(outcome), _) => outcome,
                (None, decided) => match decided.next() {
                    Some(((plan, Ok(own)), gone)) => {
                        let put = self.carry_out(plan, &own, gone).await;
                        self.outcome(put)?
                    }
                    Some(((_, Err(refusal)), _)) => RecordOutcome::Refused(refusal),
                    None => RecordOutcome::Later,
                },
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Does all checks of a record before it writes anything of it.
    async fn put(
        &mut self,
        record: &ImportRecord,
        hash: Option<&PasswordHash>,
    ) -> Result<(Upsert, Vec<Warning>), Halt> {
        let upsert = match record {
            ImportRecord::Practice(practice) => self.put_practice(practice).await?,
            ImportRecord::ClientClass(class) => self.put_class(class).await?,
            ImportRecord::User(user) => return self.put_user(user, hash).await,
            ImportRecord::Client(client) => self.put_client(client).await?,
        };
        Ok((upsert, Vec::new()))
    }

    fn outcome(&mut self, put: Result<(Upsert, Vec<Warning>), Halt>) -> Result<RecordOutcome, StorageError> {
        match put {
            Ok((upsert, warnings)) => {
                self.wrote |= upsert != Upsert::Unchanged;
                Ok(RecordOutcome::Put(upsert, warnings))
            }
            Err(Halt::Refused(refusal)) => Ok(RecordOutcome::Refused(refusal)),
            Err(Halt::LeftOut(warning)) => Ok(RecordOutcome::Put(Upsert::Unchanged, vec![warning])),
            Err(Halt::Later) => Ok(RecordOutcome::Later),
            Err(Halt::Storage(error)) => Err(error),
        }
    }

    /// Ends the codes by which the owner of a contact signs in or sets a password.
    pub(super) async fn end_codes(&mut self, contact: &ContactKey) -> Result<(), StorageError> {
        let purposes = [PurposeKind::SignIn, PurposeKind::Reset];
        self.tx.end_challenges(contact, &purposes, self.now).await?;
        Ok(())
    }

    /// Asks this batch, and then the earlier ones of the file.
    fn recall<T>(&self, ask: impl Fn(&FileMemory) -> Option<T>) -> Option<T> {
        ask(&self.remembered).or_else(|| ask(&self.memory.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// What an earlier record of the file said of a user in a practice.
    pub(super) fn said_of_user(&self, user: UserId, practice: Option<PracticeId>) -> Option<u64> {
        self.recall(|memory| memory.user(user, practice))
    }

    /// Whether an earlier record of the file was of this user.
    pub(super) fn has_seen(&self, user: UserId) -> bool {
        self.recall(|memory| memory.has_user(user).then_some(())).is_some()
    }

    pub(super) fn remember_user(
        &mut self,
        user: UserId,
        practice: Option<PracticeId>,
        said: u64,
        is_made: bool,
    ) {
        self.remembered.remember_user(user, practice, said);
        if is_made {
            self.remembered.made.insert(user);
        }
    }

    /// What the file has said of a client.
    pub(super) fn client_in_file(&self, key: &ClientKey) -> ClientInFile {
        self.recall(|memory| memory.client(key)).unwrap_or(ClientInFile::Nothing)
    }

    pub(super) fn remember_client(&mut self, key: &ClientKey, partial: Option<PartialClient>) {
        match partial {
            None => self.remembered.remember_whole(key),
            Some(partial) => self.remembered.remember_partial(partial),
        }
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
