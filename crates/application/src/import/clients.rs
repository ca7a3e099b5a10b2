use std::collections::{BTreeMap, BTreeSet};

use asteroid_clients::{ClientKey, ClientRecord, Fingerprint, Patient, Practice};
use asteroid_kernel::{StorageError, Upsert};

use super::batch::{Batch, ImportRepositories, Prepared};
use super::memory::{ClientInFile, PartialClient, PatientKey, patient_key};
use super::outcome::Halt;
use super::{ImportRecord, ImportedClient, Refusal, RefusalReason};

impl<Tx: ImportRepositories> Batch<'_, Tx> {
    /// Looks up what the store has of the clients of these records, at once.
    pub(super) async fn look_up_clients(&mut self, records: &[Prepared]) -> Result<(), StorageError> {
        let clients: Vec<&ImportedClient> = records
            .iter()
            .filter_map(|record| match record {
                Prepared::Ready(ImportRecord::Client(client), _) => Some(&**client),
                Prepared::Ready(..) | Prepared::Refused(_) => None,
            })
            .collect();
        if clients.is_empty() {
            return Ok(());
        }
        let mut records_of: BTreeMap<&ClientKey, usize> = BTreeMap::new();
        for client in &clients {
            *records_of.entry(&client.key).or_default() += 1;
        }
        let keys: Vec<ClientKey> = records_of.keys().copied().cloned().collect();
        self.fingerprints = self.tx.fingerprints(&keys).await?.into_iter().collect();
        let parts = self.parts(&clients, &records_of);
        if !parts.is_empty() {
            self.patients = self.tx.patients_of(&parts).await?.into_iter().collect();
        }
        Ok(())
    }

    /// The clients whose patients matter, because a record is not the whole client that the store has.
    fn parts(&self, clients: &[&ImportedClient], records_of: &BTreeMap<&ClientKey, usize>) -> Vec<ClientKey> {
        let is_part = |client: &&&ImportedClient| {
            let Some(before) = self.fingerprints.get(&client.key) else { return false };
            records_of.get(&client.key) != Some(&1)
                || !matches!(self.client_in_file(&client.key), ClientInFile::Nothing)
                || *before != fingerprint(client, &client.patients)
        };
        let parts: BTreeSet<&ClientKey> = clients.iter().filter(is_part).map(|client| &client.key).collect();
        parts.into_iter().cloned().collect()
    }

    /// Puts a client where its content is another than before; its class in any case.
    ///
    /// Several records of one client in a file are one client with the patients of all of them. Patients that the store
    /// has and the file did not name yet stay until its end.
    pub(super) async fn put_client(&mut self, client: &ImportedClient) -> Result<Upsert, Halt> {
        check(client, &self.practice(client.practice).await?)?;
        if let Some(class) = &client.class {
            self.put_class(class).await?;
        }
        let key = &client.key;
        let (earlier, before) = self.client_before(key);
        let earlier = earlier.cloned();
        let Some(before) = before else {
            self.write_client(self.record_of(client, client.patients.clone(), None));
            self.remember_client(key, None);
            return Ok(Upsert::Created);
        };
        let in_file = self.client_in_file(key);
        if matches!(in_file, ClientInFile::Nothing) && before == fingerprint(client, &client.patients) {
            self.remember_client(key, None);
            return Ok(Upsert::Unchanged);
        }
        let stored = match &earlier {
            Some(record) => record.patients.clone(),
            None => self.patients.get(key).cloned().unwrap_or_default(),
        };
        let (mut named, was_unchanged) = match in_file {
            ClientInFile::Nothing => (Vec::new(), true),
            ClientInFile::Whole => (stored.iter().map(patient_key).collect(), false),
            ClientInFile::Partial(partial) => (partial.named, partial.unchanged),
        };
        for patient in client.patients.iter().map(patient_key) {
            if !named.contains(&patient) {
                named.push(patient);
            }
        }
        let patients = merge(&named, stored, &client.patients);
        let is_same = fingerprint(client, &patients) == before;
        let is_partial = patients.iter().any(|patient| !named.contains(&patient_key(patient)));
        let partial = is_partial.then(|| PartialClient {
            key: key.clone(),
            practice: client.practice,
            named,
            unchanged: was_unchanged && is_same,
        });
        self.remember_client(key, partial);
        if is_same {
            return Ok(Upsert::Unchanged);
        }
        self.write_client(self.record_of(client, patients, earlier.as_ref()));
        Ok(Upsert::Updated)
    }

    /// Takes the patients from a client that the file did not name. True if the client had been counted as unchanged.
    pub(super) async fn reduce_client(&mut self, partial: &PartialClient) -> Result<bool, StorageError> {
        let PartialClient { key, practice, named, unchanged } = partial;
        let Some(client) = self.tx.find_client(*practice, key).await? else { return Ok(false) };
        let mut record = client.record;
        let mut patients = merge(named, std::mem::take(&mut record.patients), &[]);
        patients.retain(|patient| named.contains(&patient_key(patient)));
        record.fingerprint = Fingerprint::of(record.practice, record.status, &record.content, &patients);
        record.patients = patients;
        record.last_synced_at = self.now;
        record.stored_at = self.now;
        self.write_client(record);
        self.wrote = true;
        Ok(*unchanged)
    }

    /// The record to be written. One that is new keeps the times that it comes with; of what is in the store, the store
    /// keeps when it first came and when it was made.
    fn record_of(
        &self,
        client: &ImportedClient,
        patients: Vec<Patient>,
        earlier: Option<&ClientRecord>,
    ) -> ClientRecord {
        let now = self.now;
        let is_new = self.client_before(&client.key).1.is_none();
        let (first_synced_at, created_at) = match earlier {
            Some(record) => (record.first_synced_at, record.created_at),
            None => (client.first_synced_at.unwrap_or(now), client.created_at.unwrap_or(now)),
        };
        ClientRecord {
            key: client.key.clone(),
            practice: client.practice,
            status: client.status,
            content: client.content.clone(),
            fingerprint: fingerprint(client, &patients),
            patients,
            first_synced_at,
            last_synced_at: client.last_synced_at.filter(|_| is_new).unwrap_or(now),
            created_at,
            updated_at: client.updated_at.unwrap_or(now),
            stored_at: now,
        }
    }
}

fn fingerprint(client: &ImportedClient, patients: &[Patient]) -> Fingerprint {
    Fingerprint::of(client.practice, client.status, &client.content, patients)
}

/// The patients in the order in which the file named them, and behind them those that it did not name. What the record
/// says of a patient counts.
fn merge(named: &[PatientKey], stored: Vec<Patient>, given: &[Patient]) -> Vec<Patient> {
    let order: Vec<PatientKey> = named.iter().cloned().chain(stored.iter().map(patient_key)).collect();
    let all = stored.into_iter().chain(given.iter().cloned());
    let mut patients: BTreeMap<PatientKey, Patient> =
        all.map(|patient| (patient_key(&patient), patient)).collect();
    order.iter().filter_map(|key| patients.remove(key)).collect()
}

/// Whether a client agrees with its practice, its class and itself.
fn check(client: &ImportedClient, practice: &Practice) -> Result<(), Refusal> {
    let source = client.key.source;
    if source != practice.source {
        return Err(Refusal::new("sourceId", RefusalReason::OtherSource(practice.source)));
    }
    if client.primary_practice.as_ref().is_some_and(|name| *name != practice.name) {
        let reason = RefusalReason::OtherPracticeName(practice.name.clone());
        return Err(Refusal::new("primaryPractice", reason));
    }
    if let Some(class) = &client.class {
        if class.source != source {
            let reason = RefusalReason::ClassOfOtherSource(source);
            return Err(Refusal::new("clientClass.sourceId", reason));
        }
        if client.content.client_class.as_ref() != Some(&class.id) {
            let reason = RefusalReason::OtherClass(client.content.client_class.clone());
            return Err(Refusal::new("clientClass.clientClassId", reason));
        }
    }
    let mut seen = BTreeSet::new();
    let mut patients = client.patients.iter();
    if let Some(Patient { id, .. }) =
        patients.find(|patient| !seen.insert((patient.source, patient.id.clone())))
    {
        return Err(Refusal::new("patients.patientId", RefusalReason::PatientTwice(id.clone())));
    }
    Ok(())
}
