//! Clauses of [`asteroid_clients::ClientRepository`]: storing client records.

use asteroid_clients::{
    ClientContent, ClientRecord, ClientRepository, ClientStatus, Fingerprint, PetRecords, PracticeId,
    SourceId,
};
use asteroid_kernel::{StorageError, Timestamp};

use crate::CompleteStorage;
use crate::fixtures::practice::{
    OTHER_PRACTICE, OTHER_SOURCE, PRACTICE, all_clients, client, client_key, external_id, patient, text,
    with_practices,
};
use crate::fixtures::{TICK, at};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

/// A record with something in every field.
fn full_content() -> ClientContent {
    ClientContent {
        client_class: Some(external_id("cool_clients")),
        display_id: text("No. 1"),
        first_name: text("Zoë 🦀"),
        last_name: text(" O'Neil \"; --"),
        address: text("Address\nin two lines"),
        city: text("City"),
        state: text("CA"),
        postal_code: text("12345"),
        email: text("Jeremy@Test.com"),
        home_phone: text("9096480002"),
        work_phone: text("(909) 648-0003"),
        mobile_phone: text("n/a"),
        balance_due: i64::MIN,
        communications_disabled: text("enabled"),
        email_verification_status: text("verified"),
        email_verification_response: "{\"a\": [1, null]}".to_owned(),
        email_verified_at: Some(at(5) + TICK),
        email_prior: text("before@test.com"),
        alerts_disabled: true,
        email_alert_disabled: true,
        sms_alert_disabled: true,
        bad_physical_address: true,
        full_address_prior: text(""),
        loyalty_invoice_processing_ended_at: Some(Timestamp::from_micros(i64::MIN)),
        loyalty_invoice_processing_remainder: Some(i64::MAX),
        loyalty_toggle: true,
        pet_records: Some(PetRecords::Unregistered),
    }
}

fn full_record(id: &str) -> ClientRecord {
    ClientRecord {
        status: ClientStatus::Inactive,
        content: full_content(),
        fingerprint: Fingerprint::new(Fingerprint::MAX).expect("53 bits"),
        created_at: Timestamp::from_micros(i64::MIN),
        updated_at: Timestamp::from_micros(i64::MAX),
        ..client(id)
    }
}

/// The stored record of a client.
async fn found(store: &Store<impl CompleteStorage>, of: &ClientRecord) -> Option<ClientRecord> {
    store.find_client(of.practice, &of.key).await.map(|client| client.record)
}

/// Every field of a record is stored, with and without the optional ones, and each switch separately.
pub async fn a_client_is_stored_in_full(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let switched = |number: usize| ClientContent {
        alerts_disabled: number == 0,
        email_alert_disabled: number == 1,
        sms_alert_disabled: number == 2,
        bad_physical_address: number == 3,
        loyalty_toggle: number == 4,
        pet_records: Some(PetRecords::Active).filter(|_| number == 0),
        ..ClientContent::default()
    };
    let switched =
        (0..5).map(|number| ClientRecord { content: switched(number), ..client(&number.to_string()) });
    let mut records: Vec<ClientRecord> = switched.collect();
    records.extend([client("bare"), full_record("full")]);
    store.put_clients(&records).await;
    for given in &records {
        assert_eq!(found(&store, given).await.as_ref(), Some(given));
    }
    let listed = store.list_clients(&all_clients(), None, 100).await;
    let listed: Vec<ClientRecord> = listed.into_iter().map(|client| client.record).collect();
    assert_eq!(listed, records, "a list returns the same records in the same order");
}

/// Two clients differ if their sources differ, or if their ids differ in any character.
pub async fn client_keys_are_compared_exactly(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let ids = ["1", "01", " 1", "1 ", "a", "A", "é", "e\u{301}", "%", "_", "🦀", &"x".repeat(255)];
    let mut records: Vec<ClientRecord> = ids.map(client).to_vec();
    let mut elsewhere = client("1");
    elsewhere.key.source = OTHER_SOURCE;
    records.push(elsewhere);
    for (number, record) in records.iter_mut().enumerate() {
        record.content.display_id = Some(number.to_string());
    }
    store.put_clients(&records).await;
    for given in &records {
        assert_eq!(found(&store, given).await.as_ref(), Some(given));
    }
    for id in ["2", "e", "x", "1%"] {
        assert_eq!(store.find_client(PRACTICE, &client_key(id)).await, None, "{id}");
    }
}

/// A client is found in its own practice and in no other.
pub async fn a_client_is_found_only_in_its_practice(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let own = client("1");
    let others = ClientRecord { practice: OTHER_PRACTICE, ..client("2") };
    store.put_clients(&[own.clone(), others.clone()]).await;
    assert!(store.find_client(PRACTICE, &own.key).await.is_some());
    assert!(store.find_client(OTHER_PRACTICE, &others.key).await.is_some());
    for (practice, key) in [(OTHER_PRACTICE, &own.key), (PRACTICE, &others.key), (PracticeId(987), &own.key)]
    {
        assert_eq!(store.find_client(practice, key).await, None);
    }
}

/// A client that was deleted in its source is still found, with its whole record.
pub async fn a_deleted_client_is_found(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let deleted =
        ClientRecord { status: ClientStatus::Deleted, patients: vec![patient("pi")], ..full_record("1") };
    store.put_client(&deleted).await;
    assert_eq!(found(&store, &deleted).await, Some(deleted));
}

/// A record replaces the one of the same key, except the times of first synchronization and of creation. Other clients
/// do not change.
pub async fn a_record_replaces_the_record_of_its_key(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let bystander = full_record("10");
    let first = client("1");
    store.put_clients(&[bystander.clone(), first.clone()]).await;
    let later = |record: ClientRecord| ClientRecord {
        first_synced_at: at(101),
        last_synced_at: at(102),
        created_at: at(103),
        updated_at: at(104),
        stored_at: at(105),
        ..record
    };
    for record in
        [full_record("1"), client("1"), ClientRecord { practice: OTHER_PRACTICE, ..full_record("1") }]
    {
        let given = later(record);
        store.put_client(&given).await;
        let kept = ClientRecord {
            first_synced_at: first.first_synced_at,
            created_at: first.created_at,
            ..given.clone()
        };
        assert_eq!(found(&store, &given).await, Some(kept));
    }
    assert_eq!(
        store.find_client(PRACTICE, &first.key).await,
        None,
        "the client has moved to another practice"
    );
    assert_eq!(found(&store, &bystander).await, Some(bystander));
}

/// Of the records of one key in a batch the last is kept, with the times of first synchronization and of creation of
/// the first.
pub async fn the_last_record_of_a_key_in_a_batch_is_kept(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let named = |name: &str, seconds| {
        let mut record = client("1");
        record.content.first_name = text(name);
        record.patients = vec![patient(name)];
        ClientRecord { first_synced_at: at(seconds), created_at: at(seconds), ..record }
    };
    store.put_clients(&[named("first", 1), client("2"), named("last", 9)]).await;
    let kept = ClientRecord { first_synced_at: at(1), created_at: at(1), ..named("last", 9) };
    assert_eq!(found(&store, &kept).await, Some(kept));
    store.put_clients(&[]).await;
}

/// Records and fingerprints are written and read in batches of more than a thousand. Unknown keys have no fingerprint.
pub async fn fingerprints_are_returned_for_existing_clients(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let mut records: Vec<ClientRecord> = (0..1200)
        .map(|number| ClientRecord { fingerprint: fingerprint(number), ..client(&number.to_string()) })
        .collect();
    for (source, id) in [(8, "1"), (8, "x"), (-1, "1")] {
        let mut elsewhere = ClientRecord { fingerprint: fingerprint(5000 + source), ..client(id) };
        elsewhere.key.source = SourceId(source);
        records.push(elsewhere);
    }
    store.put_clients(&records).await;
    let all: Vec<_> = records.iter().map(|record| (record.key.clone(), record.fingerprint)).collect();
    let mut keys: Vec<_> = records.iter().map(|record| record.key.clone()).collect();
    keys.extend(["01", "%", "X"].map(client_key));
    let mut expected = all.clone();
    expected.sort_unstable();
    assert_eq!(store.sorted_fingerprints(&keys).await, expected);
    assert_eq!(store.sorted_fingerprints(&keys[..1]).await, all[..1]);
    assert_eq!(store.sorted_fingerprints(&[client_key("01")]).await, []);
    assert_eq!(store.sorted_fingerprints(&[]).await, []);
    let changed = ClientRecord { fingerprint: fingerprint(77), ..records[0].clone() };
    store.put_client(&changed).await;
    assert_eq!(store.sorted_fingerprints(&keys[..1]).await, [(changed.key, fingerprint(77))]);
}

fn fingerprint(number: i64) -> Fingerprint {
    Fingerprint::new(number).expect("53 bits")
}

/// A client of an unknown practice fails with [`StorageError::Failed`], and nothing of the batch is stored.
pub async fn a_client_of_an_unknown_practice_fails(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let records = vec![client("1"), ClientRecord { practice: PracticeId(987), ..client("2") }];
    let keys: Vec<_> = records.iter().map(|record| record.key.clone()).collect();
    let answer = store.try_write(records, |records, tx| Box::pin(tx.put_clients(records))).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(store.sorted_fingerprints(&keys).await, []);
}

/// Of concurrent writes of one client, one record is kept as a whole.
pub async fn concurrent_writes_of_a_client_keep_one_whole_record(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    for round in 0..ROUNDS {
        let key = format!("client-{round}");
        run_concurrently((0..4).map(|task| {
            let (store, mut record) = (store.clone(), client(&key));
            record.content.first_name = Some(task.to_string());
            record.patients = (0..task).map(|number| patient(&format!("{round}-{number}"))).collect();
            async move { store.put_client(&record).await }
        }))
        .await;
        let kept = found(&store, &client(&key)).await.expect("the client exists");
        assert_eq!(kept.content.first_name, Some(kept.patients.len().to_string()));
    }
}

/// Renewed statistics change nothing that is read.
pub async fn statistics_can_be_renewed_and_change_nothing(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let record = full_record("1");
    store.put_client(&record).await;
    let before = found(&store, &record).await;
    store.renew_statistics().await;
    assert_eq!(found(&store, &record).await, before);
}
