use std::collections::BTreeSet;

use asteroid_clients::{
    ClientRecord, ClientRepository, Fingerprint, MembershipRepository, Patient, Practice, PracticeRepository,
};
use asteroid_identity::UserRepository;
use asteroid_kernel::Upsert;

use super::batch::Batch;
use super::outcome::Halt;
use super::{ImportedClient, Refusal, RefusalReason};

impl<Tx> Batch<'_, Tx>
where
    Tx: PracticeRepository + MembershipRepository + ClientRepository + UserRepository,
{
    /// Puts a client where its content is another than before; its class in any case.
    pub(super) async fn put_client(&mut self, client: &ImportedClient) -> Result<Upsert, Halt> {
        check(client, &self.practice(client.practice).await?)?;
        if let Some(class) = &client.class {
            self.put_class(class).await?;
        }
        let ImportedClient { key, practice, status, content, patients, .. } = client;
        let fingerprint = Fingerprint::of(*practice, *status, content, patients);
        let (earlier, before) = self.client_before(key);
        let upsert = match before {
            None => Upsert::Created,
            Some(same) if same == fingerprint => return Ok(Upsert::Unchanged),
            Some(_) => Upsert::Updated,
        };
        let now = self.now;
        // What is new keeps the times that it comes with. Of what is in the store, the store keeps these two.
        let (first_synced_at, created_at) = match earlier {
            Some(record) => (record.first_synced_at, record.created_at),
            None => (client.first_synced_at.unwrap_or(now), client.created_at.unwrap_or(now)),
        };
        let last_synced_at = client.last_synced_at.filter(|_| upsert == Upsert::Created).unwrap_or(now);
        let record = ClientRecord {
            key: key.clone(),
            practice: *practice,
            status: *status,
            content: content.clone(),
            patients: patients.clone(),
            fingerprint,
            first_synced_at,
            last_synced_at,
            created_at,
            updated_at: client.updated_at.unwrap_or(now),
            stored_at: now,
        };
        self.write_client(record);
        Ok(upsert)
    }
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
