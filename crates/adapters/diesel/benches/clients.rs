//! Throughput of writing and reading 100,000 clients with 5 patients each, in batches of 500.
//!
//! Run with `cargo bench -p asteroid-diesel --bench clients`.

use std::sync::Arc;
use std::time::Instant;

use asteroid_clients::{
    ClientContent, ClientFilter, ClientKey, ClientRecord, ClientRepository, ClientStatus, ExternalId,
    Fingerprint, Patient, Practice, PracticeId, PracticeRepository, SearchPrefix, SourceId,
};
use asteroid_diesel::{SqliteOptions, SqliteStorage};
use asteroid_kernel::{Region, Storage, StorageError, Timestamp, UnitOfWork};

const CLIENTS: usize = 100_000;
const PATIENTS: usize = 5;
const BATCH: usize = 500;
const PRACTICE: PracticeId = PracticeId(1);
const SOURCE: SourceId = SourceId(1);

struct WritePractice;

impl<Tx: PracticeRepository> UnitOfWork<Tx> for WritePractice {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        let practice = Practice {
            id: PRACTICE,
            source: SOURCE,
            name: "AllyDVM Test Practice".to_owned(),
            slug: "ally_test".to_owned(),
            pms: None,
            sms: None,
            features: Vec::new(),
            time_zone: "America/New_York".parse().expect("a time zone"),
            enterprise_ids: Vec::new(),
        };
        tx.put_practice(&practice).await?;
        Ok(())
    }
}

struct WriteClients(Vec<ClientRecord>);

impl<Tx: ClientRepository> UnitOfWork<Tx> for WriteClients {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        tx.put_clients(&self.0).await
    }
}

struct ReadFingerprints(Vec<ClientKey>);

impl<Tx: ClientRepository> UnitOfWork<Tx> for ReadFingerprints {
    type Output = usize;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<usize, StorageError> {
        Ok(tx.fingerprints(&self.0).await?.len())
    }
}

struct ReadPage {
    filter: ClientFilter,
    after: Option<ClientKey>,
}

impl<Tx: ClientRepository> UnitOfWork<Tx> for ReadPage {
    /// The numbers of clients and patients, and the last client.
    type Output = (usize, usize, Option<ClientKey>);
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
        let clients = tx.list_clients(&self.filter, self.after.as_ref(), BATCH).await?;
        let patients = clients.iter().map(|client| client.record.patients.len()).sum();
        Ok((clients.len(), patients, clients.last().map(|client| client.record.key.clone())))
    }
}

fn id(number: usize) -> ExternalId {
    ExternalId::parse(&number.to_string()).expect("an id")
}

fn record(number: usize, now: Timestamp) -> ClientRecord {
    let last_names = ["Mickelson", "Washington", "O’Neil", "Müller", "Dandridge", "Adams", "Jefferson"];
    let text = |text: &str| Some(text.to_owned());
    let last_name = last_names[number % last_names.len()];
    let content = ClientContent {
        display_id: Some(number.to_string()),
        first_name: Some(format!("Jeremy {number}")),
        last_name: text(last_name),
        address: text("1600 Pennsylvania Avenue"),
        city: text("Washington"),
        state: text("DC"),
        postal_code: text("20500"),
        email: Some(format!("jeremy.{number}@example.com")),
        home_phone: Some(format!("(909) {:03}-{:04}", number / 1000, number % 10_000)),
        mobile_phone: Some(format!("801{number:07}")),
        balance_due: 23871,
        communications_disabled: text("enabled"),
        email_verification_status: text("verified"),
        email_verification_response: "{}".to_owned(),
        ..ClientContent::default()
    };
    let patients: Vec<Patient> = (0..PATIENTS)
        .map(|place| Patient {
            source: SOURCE,
            id: id(number * PATIENTS + place),
            practice: PRACTICE,
            name: ["Pi", "Brownie", "Oreo", "Dusty", "Goldilocks"][place % 5].to_owned(),
            display_id: None,
            deceased_date: None,
            status: "active".to_owned(),
        })
        .collect();
    ClientRecord {
        key: ClientKey { source: SOURCE, id: id(number) },
        practice: PRACTICE,
        status: ClientStatus::Active,
        fingerprint: Fingerprint::of(PRACTICE, ClientStatus::Active, &content, &patients),
        content,
        patients,
        first_synced_at: now,
        stored_at: now,
        last_synced_at: now,
        created_at: now,
        updated_at: now,
    }
}

fn report(what: &str, count: usize, start: Instant) {
    let elapsed = start.elapsed();
    let per_second = count as u128 * 1_000_000 / elapsed.as_micros().max(1);
    println!("{what}: {count} in {elapsed:.2?}, {per_second} a second");
}

/// Writes all clients, in an order other than that of their ids.
async fn write_all(storage: &SqliteStorage, what: &str, now: Timestamp) {
    let records: Vec<ClientRecord> = (0..CLIENTS).map(|number| record(number, now)).collect();
    let batches: Vec<WriteClients> =
        records.chunks(BATCH).map(|batch| WriteClients(batch.to_vec())).collect();
    let start = Instant::now();
    for batch in batches {
        storage.write(batch).await.expect("a batch");
    }
    report(what, CLIENTS, start);
}

async fn walk(storage: &SqliteStorage, what: &str, filter: ClientFilter) {
    let (start, mut after, mut clients, mut pages) = (Instant::now(), None, 0, 0);
    loop {
        let page = ReadPage { filter: filter.clone(), after };
        let (found, patients, last) = storage.read(page).await.expect("a page");
        assert_eq!(patients, found * PATIENTS);
        (after, clients, pages) = (last, clients + found, pages + 1);
        if found < BATCH {
            break;
        }
    }
    report(&format!("{what}, {pages} pages"), clients, start);
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SqliteOptions::new(folder.path().join("bench.db"));
    let storage = Arc::new(SqliteStorage::open(&options).expect("a new database"));
    storage.migrate().await.expect("the tables");
    storage.write(WritePractice).await.expect("a practice");

    let (first, second) = (Timestamp::from_micros(0), Timestamp::from_micros(1));
    write_all(&storage, "new clients", first).await;
    write_all(&storage, "replaced clients", second).await;

    let start = Instant::now();
    for batch in (0..CLIENTS).collect::<Vec<_>>().chunks(BATCH) {
        let keys = batch.iter().map(|number| ClientKey { source: SOURCE, id: id(*number) }).collect();
        assert_eq!(storage.read(ReadFingerprints(keys)).await.expect("fingerprints"), BATCH);
    }
    report("fingerprints", CLIENTS, start);

    let all = ClientFilter { practice: PRACTICE, status: None, updated_since: None, prefix: None };
    walk(&storage, "all clients", all.clone()).await;
    for prefix in ["müller", "jeremy 77777 ", "801 0077777", "unknown"] {
        let filter = ClientFilter { prefix: SearchPrefix::parse(prefix, Region::US), ..all.clone() };
        walk(&storage, &format!("clients by {prefix:?}"), filter).await;
    }
    for since in [second, second + std::time::Duration::from_secs(1)] {
        let filter = ClientFilter { updated_since: Some(since), ..all.clone() };
        walk(&storage, &format!("clients changed since {}", since.as_micros()), filter).await;
    }
    let size = std::fs::metadata(&options.path).expect("a file").len();
    println!("the database: {} bytes a client", size / CLIENTS as u64);
}
