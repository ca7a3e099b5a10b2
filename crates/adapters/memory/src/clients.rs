//! [`ClientRepository`] in memory.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use asteroid_clients::{
    Client, ClientClass, ClientContent, ClientFilter, ClientKey, ClientRecord, ClientRepository, ExternalId,
    Fingerprint, Patient, PracticeId, SearchPrefix, SourceId,
};
use asteroid_kernel::{StorageError, Upsert};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::storage::{State, UnitError};
use crate::table::upsert;

/// The key of a class or patient.
type SourceKey = (SourceId, ExternalId);

/// All classes and client records.
#[derive(Clone, Default)]
pub(crate) struct Clients {
    classes: OrdMap<SourceKey, ClientClass>,
    records: OrdMap<ClientKey, Arc<ClientRecord>>,
    /// The client of each patient.
    owners: OrdMap<SourceKey, ClientKey>,
}

fn key_of(patient: &Patient) -> SourceKey {
    (patient.source, patient.id.clone())
}

impl Clients {
    fn put(&mut self, record: &ClientRecord) {
        let mut record = record.clone();
        if let Some(before) = self.records.get(&record.key) {
            record.first_synced_at = before.first_synced_at;
            record.created_at = before.created_at;
            for patient in &before.patients {
                self.owners.remove(&key_of(patient));
            }
        }
        keep_last_occurrences(&mut record.patients);
        for patient in &record.patients {
            if let Some(owner) = self.owners.insert(key_of(patient), record.key.clone()) {
                self.remove_patient(&owner, patient);
            }
        }
        self.records.insert(record.key.clone(), Arc::new(record));
    }

    fn remove_patient(&mut self, owner: &ClientKey, removed: &Patient) {
        if let Some(record) = self.records.get_mut(owner) {
            Arc::make_mut(record).patients.retain(|patient| key_of(patient) != key_of(removed));
        }
    }
}

/// Removes all but the last occurrence of each patient.
fn keep_last_occurrences(patients: &mut Vec<Patient>) {
    let mut seen = HashSet::new();
    patients.reverse();
    patients.retain(|patient| seen.insert(key_of(patient)));
    patients.reverse();
}

impl State {
    /// Clients of this practice, made of their records, classes and memberships.
    fn with_related<'a>(
        &self,
        practice: PracticeId,
        records: impl Iterator<Item = &'a Arc<ClientRecord>>,
    ) -> Vec<Client> {
        let members = self.memberships.values().filter(|membership| membership.practice == practice);
        let with_user: BTreeSet<(SourceId, &ExternalId)> =
            members.filter_map(|one| Some((one.source, one.client.as_ref()?))).collect();
        let practice_name = self.practices.get(&practice).map(|practice| practice.name.clone());
        let practice_name = practice_name.unwrap_or_default();
        let with_related = |record: &Arc<ClientRecord>| {
            let source = record.key.source;
            let class = record.content.client_class.clone().map(|id| self.clients.classes.get(&(source, id)));
            Client {
                record: ClientRecord::clone(record),
                class: class.flatten().cloned(),
                practice_name: practice_name.clone(),
                has_user: with_user.contains(&(source, &record.key.id)),
            }
        };
        records.map(with_related).collect()
    }
}

fn matches(filter: &ClientFilter, record: &ClientRecord) -> bool {
    record.practice == filter.practice
        && filter.wants(record.status)
        && filter.updated_since.is_none_or(|since| record.stored_at >= since)
        && filter.prefix.as_ref().is_none_or(|prefix| matches_prefix(prefix, &record.content))
}

fn matches_prefix(prefix: &SearchPrefix, content: &ClientContent) -> bool {
    let fold = |text: &Option<String>| text.as_deref().map(SearchPrefix::fold).unwrap_or_default();
    let (first, last) = (fold(&content.first_name), fold(&content.last_name));
    let both = format!("{first} {last}");
    let starts = |text: &str| text.starts_with(prefix.folded());
    let phones = [&content.home_phone, &content.work_phone, &content.mobile_phone];
    let mut phones = phones.into_iter().flatten();
    starts(both.trim())
        || starts(&last)
        || starts(&fold(&content.email))
        || phones.any(|phone| prefix.begins_phone(phone))
}

impl ClientRepository for MemoryTx {
    async fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError> {
        let classes = &mut self.state_mut()?.clients.classes;
        Ok(upsert(classes, (class.source, class.id.clone()), class))
    }

    async fn fingerprints(
        &mut self,
        keys: &[ClientKey],
    ) -> Result<Vec<(ClientKey, Fingerprint)>, StorageError> {
        let records = keys.iter().filter_map(|key| self.state().clients.records.get(key));
        Ok(records.map(|record| (record.key.clone(), record.fingerprint)).collect())
    }

    async fn patients_of(
        &mut self,
        keys: &[ClientKey],
    ) -> Result<Vec<(ClientKey, Vec<Patient>)>, StorageError> {
        let records = keys.iter().filter_map(|key| self.state().clients.records.get(key));
        let with_patients = records.filter(|record| !record.patients.is_empty());
        Ok(with_patients.map(|record| (record.key.clone(), record.patients.clone())).collect())
    }

    async fn put_clients(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        let state = self.state_mut()?;
        for record in records {
            if !state.practices.contains_key(&record.practice) {
                return Err(UnitError::UnknownPractice.into());
            }
            state.clients.put(record);
        }
        Ok(())
    }

    async fn find_client(
        &mut self,
        practice: PracticeId,
        key: &ClientKey,
    ) -> Result<Option<Client>, StorageError> {
        let record = self.state().clients.records.get(key).filter(|record| record.practice == practice);
        Ok(self.state().with_related(practice, record.into_iter()).pop())
    }

    async fn list_clients(
        &mut self,
        filter: &ClientFilter,
        after: Option<&ClientKey>,
        at_most: usize,
    ) -> Result<Vec<Client>, StorageError> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let records = self.state().clients.records.range::<_, ClientKey>((after, Bound::Unbounded));
        let wanted = records.map(|(_, record)| record).filter(|record| matches(filter, record));
        Ok(self.state().with_related(filter.practice, wanted.take(at_most)))
    }

    async fn renew_statistics(&mut self) -> Result<(), StorageError> {
        self.state_mut().map(drop)
    }
}
