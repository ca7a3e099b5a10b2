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
use crate::table::put;

type Id = (SourceId, ExternalId);

#[derive(Clone, Default)]
pub(crate) struct Clients {
    classes: OrdMap<Id, ClientClass>,
    records: OrdMap<ClientKey, Arc<ClientRecord>>,
    /// To which client a patient belongs.
    owners: OrdMap<Id, ClientKey>,
}

fn id_of(patient: &Patient) -> Id {
    (patient.source, patient.id.clone())
}

impl Clients {
    fn put(&mut self, record: &ClientRecord) {
        let mut record = record.clone();
        if let Some(before) = self.records.get(&record.key) {
            record.first_synced_at = before.first_synced_at;
            record.created_at = before.created_at;
            for patient in &before.patients {
                self.owners.remove(&id_of(patient));
            }
        }
        keep_the_last_of_each(&mut record.patients);
        for patient in &record.patients {
            if let Some(owner) = self.owners.insert(id_of(patient), record.key.clone()) {
                self.remove_patient(&owner, patient);
            }
        }
        self.records.insert(record.key.clone(), Arc::new(record));
    }

    fn remove_patient(&mut self, owner: &ClientKey, gone: &Patient) {
        if let Some(record) = self.records.get_mut(owner) {
            Arc::make_mut(record).patients.retain(|patient| id_of(patient) != id_of(gone));
        }
    }
}

/// Where a patient is listed twice, the last one counts, in its place.
fn keep_the_last_of_each(patients: &mut Vec<Patient>) {
    let mut seen = HashSet::new();
    patients.reverse();
    patients.retain(|patient| seen.insert(id_of(patient)));
    patients.reverse();
}

impl State {
    /// The records with what else there is of them. They are of this practice.
    fn whole<'a>(
        &self,
        practice: PracticeId,
        records: impl Iterator<Item = &'a Arc<ClientRecord>>,
    ) -> Vec<Client> {
        let members = self.memberships.values().filter(|membership| membership.practice == practice);
        let tied: BTreeSet<(SourceId, &ExternalId)> =
            members.filter_map(|one| Some((one.source, one.client.as_ref()?))).collect();
        let practice_name = self.practices.get(&practice).map(|practice| practice.name.clone());
        let practice_name = practice_name.unwrap_or_default();
        let whole = |record: &Arc<ClientRecord>| {
            let source = record.key.source;
            let class = record.content.client_class.clone().map(|id| self.clients.classes.get(&(source, id)));
            Client {
                record: ClientRecord::clone(record),
                class: class.flatten().cloned(),
                practice_name: practice_name.clone(),
                has_user: tied.contains(&(source, &record.key.id)),
            }
        };
        records.map(whole).collect()
    }
}

fn wants(filter: &ClientFilter, record: &ClientRecord) -> bool {
    record.practice == filter.practice
        && filter.wants(record.status)
        && filter.updated_since.is_none_or(|since| record.stored_at >= since)
        && filter.prefix.as_ref().is_none_or(|prefix| is_found_by(prefix, &record.content))
}

fn is_found_by(prefix: &SearchPrefix, content: &ClientContent) -> bool {
    let fold = |text: &Option<String>| text.as_deref().map(SearchPrefix::fold).unwrap_or_default();
    let (first, last) = (fold(&content.first_name), fold(&content.last_name));
    let both = format!("{first} {last}");
    let begins = |text: &str| text.starts_with(prefix.folded());
    let phones = [&content.home_phone, &content.work_phone, &content.mobile_phone];
    let mut phones = phones.into_iter().flatten();
    begins(both.trim())
        || begins(&last)
        || begins(&fold(&content.email))
        || phones.any(|phone| prefix.begins_phone(phone))
}

impl ClientRepository for MemoryTx {
    async fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError> {
        let classes = &mut self.state_to_change()?.clients.classes;
        Ok(put(classes, (class.source, class.id.clone()), class))
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
        let state = self.state_to_change()?;
        for record in records {
            if !state.practices.contains_key(&record.practice) {
                return Err(UnitError::NoPractice.into());
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
        Ok(self.state().whole(practice, record.into_iter()).pop())
    }

    async fn list_clients(
        &mut self,
        filter: &ClientFilter,
        after: Option<&ClientKey>,
        at_most: usize,
    ) -> Result<Vec<Client>, StorageError> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let records = self.state().clients.records.range::<_, ClientKey>((behind, Bound::Unbounded));
        let wanted = records.map(|(_, record)| record).filter(|record| wants(filter, record));
        Ok(self.state().whole(filter.practice, wanted.take(at_most)))
    }
}
