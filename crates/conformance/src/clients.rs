//! Clauses of [`asteroid_clients::ClientRepository`]: what becomes of a client that is put.

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
use crate::race::{ROUNDS, at_once};
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

/// What the store has of a client, the record alone.
async fn found(store: &Store<impl CompleteStorage>, of: &ClientRecord) -> Option<ClientRecord> {
    store.find_client(of.practice, &of.key).await.map(|client| client.record)
}

/// A record comes back as it was put, with something in every field and with nothing in any; each switch is its own.
pub async fn a_client_comes_back_as_it_was_put(storage: impl CompleteStorage) {
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
    assert_eq!(listed, records, "a list shows the same, and here in the same order");
}

/// Clients are told apart by their source and by every character of their id.
pub async fn clients_are_told_apart_by_their_keys(storage: impl CompleteStorage) {
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

/// A client is found in its own practice alone.
pub async fn a_client_is_of_one_practice(storage: impl CompleteStorage) {
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

/// A client that was deleted in its source is found, with all that it had.
pub async fn a_deleted_client_is_found(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let deleted =
        ClientRecord { status: ClientStatus::Deleted, patients: vec![patient("pi")], ..full_record("1") };
    store.put_client(&deleted).await;
    assert_eq!(found(&store, &deleted).await, Some(deleted));
}

/// A record takes the place of the one of the same key: all is new, but when it first came and when it was made. Nobody
/// else's changes.
pub async fn a_record_takes_the_place_of_the_one_before(storage: impl CompleteStorage) {
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
    assert_eq!(store.find_client(PRACTICE, &first.key).await, None, "it is another practice's by now");
    assert_eq!(found(&store, &bystander).await, Some(bystander));
}

/// Of records of the same key that are put together, the last counts, and the first says when the client came.
pub async fn records_that_are_put_together_count_in_their_order(storage: impl CompleteStorage) {
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

/// Many records are put at once, and their fingerprints are asked for at once; of those who are not there, none is told.
pub async fn fingerprints_are_those_of_the_clients_that_are_there(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let mut records: Vec<ClientRecord> = (0..1200)
        .map(|number| ClientRecord { fingerprint: print(number), ..client(&number.to_string()) })
        .collect();
    for (source, id) in [(8, "1"), (8, "x"), (-1, "1")] {
        let mut elsewhere = ClientRecord { fingerprint: print(5000 + source), ..client(id) };
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
    let changed = ClientRecord { fingerprint: print(77), ..records[0].clone() };
    store.put_client(&changed).await;
    assert_eq!(store.sorted_fingerprints(&keys[..1]).await, [(changed.key, print(77))]);
}

fn print(number: i64) -> Fingerprint {
    Fingerprint::new(number).expect("53 bits")
}

/// A client is of a practice that is there: otherwise the store fails, and keeps none of what came with it.
pub async fn a_client_of_no_practice_is_refused(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let records = vec![client("1"), ClientRecord { practice: PracticeId(987), ..client("2") }];
    let keys: Vec<_> = records.iter().map(|record| record.key.clone()).collect();
    let answer = store.try_write(records, |records, tx| Box::pin(tx.put_clients(records))).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(store.sorted_fingerprints(&keys).await, []);
}

/// Of several that put the same client at once, one is last, and what it put is there as a whole.
pub async fn clients_that_are_put_at_once_stay_whole(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    for round in 0..ROUNDS {
        let key = format!("client-{round}");
        at_once((0..4).map(|task| {
            let (store, mut record) = (store.clone(), client(&key));
            record.content.first_name = Some(task.to_string());
            record.patients = (0..task).map(|number| patient(&format!("{round}-{number}"))).collect();
            async move { store.put_client(&record).await }
        }))
        .await;
        let kept = found(&store, &client(&key)).await.expect("it was put");
        assert_eq!(kept.content.first_name, Some(kept.patients.len().to_string()));
    }
}
