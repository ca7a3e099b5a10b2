//! What is remembered of a file between its batches: little for each record, because files are long.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use asteroid_clients::{ClientKey, ExternalId, GoogleApiKey, Patient, PracticeId, SourceId};
use asteroid_identity::UserStatus;
use asteroid_kernel::UserId;

use super::ImportedUser;

/// A patient, by the id that it has in its source.
pub(super) type PatientKey = (SourceId, ExternalId);

/// The key of a patient.
pub(super) fn patient_key(patient: &Patient) -> PatientKey {
    (patient.source, patient.id.clone())
}

/// What the records of a file were, as far as later ones depend on it.
#[derive(Default)]
pub(super) struct FileMemory {
    /// By user and practice, what the record said.
    users: BTreeMap<(UserId, Option<PracticeId>), u64>,
    /// Users that were made.
    pub(super) made: BTreeSet<UserId>,
    /// Clients whose patients in the store are all from this file, as the hashes of their keys.
    whole: HashSet<u64>,
    /// Clients with patients in the store that this file did not name yet, by the hashes of their keys.
    partial: HashMap<u64, PartialClient>,
    /// Clients of which a record was refused, by the hashes of their keys: what it named is not known.
    spared: HashSet<u64>,
}

/// A client whose record in the store has more patients than this file has named.
#[derive(Clone)]
pub(super) struct PartialClient {
    pub(super) key: ClientKey,
    pub(super) practice: PracticeId,
    /// Those that it has named, in its order.
    pub(super) named: Vec<PatientKey>,
    /// Whether its records were counted as unchanged.
    pub(super) unchanged: bool,
}

/// What a file has said of a client.
pub(super) enum ClientInFile {
    Nothing,
    /// All that the store has.
    Whole,
    Partial(PartialClient),
}

impl FileMemory {
    /// What the file said of a user in a practice.
    pub(super) fn user(&self, user: UserId, practice: Option<PracticeId>) -> Option<u64> {
        self.users.get(&(user, practice)).copied()
    }

    /// Whether a record of the file was of this user.
    pub(super) fn has_user(&self, user: UserId) -> bool {
        let of_user = (user, None)..=(user, Some(PracticeId(i64::MAX)));
        self.users.range(of_user).next().is_some()
    }

    pub(super) fn remember_user(&mut self, user: UserId, practice: Option<PracticeId>, said: u64) {
        self.users.insert((user, practice), said);
    }

    pub(super) fn client(&self, key: &ClientKey) -> Option<ClientInFile> {
        let hash = hash_of(key);
        match self.partial.get(&hash) {
            Some(partial) => Some(ClientInFile::Partial(partial.clone())),
            None => self.whole.contains(&hash).then_some(ClientInFile::Whole),
        }
    }

    /// Remembers that all patients of a client in the store are from this file.
    pub(super) fn remember_whole(&mut self, key: &ClientKey) {
        let hash = hash_of(key);
        self.partial.remove(&hash);
        self.whole.insert(hash);
    }

    pub(super) fn remember_partial(&mut self, partial: PartialClient) {
        let hash = hash_of(&partial.key);
        self.whole.remove(&hash);
        self.partial.insert(hash, partial);
    }

    /// Remembers that a record of the client was refused.
    pub(super) fn spare(&mut self, key: &ClientKey) {
        self.spared.insert(hash_of(key));
    }

    /// Adds what a batch has to remember.
    pub(super) fn absorb(&mut self, batch: Self) {
        self.users.extend(batch.users);
        self.spared.extend(batch.spared);
        for hash in batch.whole {
            self.partial.remove(&hash);
            self.whole.insert(hash);
        }
        for (hash, partial) in batch.partial {
            self.whole.remove(&hash);
            self.partial.insert(hash, partial);
        }
    }

    /// The same without the users that were made, for a batch that was rolled back.
    pub(super) fn without_made(mut self) -> Self {
        self.users.retain(|(user, _), _| !self.made.contains(user));
        self
    }

    /// The clients of which the store has more patients than the file.
    pub(super) fn take_partial(&mut self) -> Vec<PartialClient> {
        let partial = std::mem::take(&mut self.partial).into_iter();
        let mut partial: Vec<PartialClient> =
            partial.filter(|(hash, _)| !self.spared.contains(hash)).map(|(_, partial)| partial).collect();
        partial.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        partial
    }
}

/// All that a record says of a user, but for the password.
pub(super) fn said_of(user: &ImportedUser) -> u64 {
    let mut said = DefaultHasher::new();
    (user.name.first(), user.name.last()).hash(&mut said);
    for (_, contact) in user.contacts() {
        contact.key().hash(&mut said);
    }
    user.status.map(|status| status == UserStatus::Enabled).hash(&mut said);
    if let Some(membership) = &user.membership {
        (membership.practice, &membership.primary_role, &membership.roles).hash(&mut said);
        membership.client.hash(&mut said);
        membership.google_api_key.as_ref().map(GoogleApiKey::expose).hash(&mut said);
    }
    said.finish()
}

fn hash_of(key: &ClientKey) -> u64 {
    let mut hash = DefaultHasher::new();
    key.hash(&mut hash);
    hash.finish()
}
