//! Clauses of [`asteroid_clients::ClientRepository`]: the patients, class, practice name and user of a client.

use asteroid_clients::{
    Client, ClientClass, ClientRecord, Membership, Patient, PetRecords, Practice, PracticeId,
};
use asteroid_kernel::Upsert;

use crate::CompleteStorage;
use crate::fixtures::practice::{
    OTHER_PRACTICE, OTHER_SOURCE, PRACTICE, all_clients, class, client, client_key, external_id, membership,
    patient, practice, text, with_practices,
};
use crate::fixtures::{at, fresh_contact, new_user};
use crate::store::Store;

/// Finds a client, and asserts that a list returns the same.
async fn find_and_list(store: &Store<impl CompleteStorage>, id: &str) -> Client {
    let found = store.find_client(PRACTICE, &client_key(id)).await.expect("the client is there");
    let mut listed = store.list_clients(&all_clients(), None, 100).await;
    listed.retain(|client| client.record.key == found.record.key);
    assert_eq!(listed, std::slice::from_ref(&found));
    found
}

async fn pets(store: &Store<impl CompleteStorage>, id: &str) -> Vec<String> {
    let patients = find_and_list(store, id).await.record.patients;
    patients.iter().map(|patient| patient.id.to_string()).collect()
}

fn with_pets(id: &str, pets: &[&str]) -> ClientRecord {
    ClientRecord { patients: pets.iter().copied().map(patient).collect(), ..client(id) }
}

/// Every field of a patient is stored. Each client has its own patients, in the order of the source.
pub async fn patients_keep_the_order_of_the_source(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let full = Patient {
        source: OTHER_SOURCE,
        practice: PracticeId(987),
        name: "Zoë 🦀".to_owned(),
        display_id: text(""),
        deceased_date: Some("2022-12-01".parse().expect("a date")),
        status: "ünder observation".to_owned(),
        ..patient("pi")
    };
    let nameless = Patient { name: String::new(), status: String::new(), ..patient("12000") };
    let many: Vec<String> = (0..30).map(|number| format!("many-{}", number * 7 % 30)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let first =
        ClientRecord { patients: vec![patient("xzy"), full, nameless, patient("abc")], ..client("1") };
    let records = [first, client("2"), with_pets("3", &many), with_pets("4", &["pi"])];
    store.put_clients(&records).await;
    for (id, given) in ["1", "2", "3", "4"].into_iter().zip(&records) {
        assert_eq!(find_and_list(&store, id).await.record.patients, given.patients);
    }
}

/// A record replaces all patients of its client. A patient that was removed can be added again.
pub async fn a_record_replaces_all_patients_of_its_client(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    store.put_client(&with_pets("2", &["z"])).await;
    let lists: [&[&str]; 7] =
        [&["a", "b", "c"], &["c", "a", "b"], &["b"], &["x", "b"], &[], &["a"], &["a", "b"]];
    for list in lists {
        store.put_client(&with_pets("1", list)).await;
        assert_eq!(pets(&store, "1").await, list);
    }
    let mut changed = with_pets("1", &["a", "b"]);
    changed.patients[1] = Patient { name: "Brownie".to_owned(), ..patient("b") };
    store.put_client(&changed).await;
    assert_eq!(find_and_list(&store, "1").await.record.patients, changed.patients);
    assert_eq!(pets(&store, "2").await, ["z"]);
}

/// A patient belongs to the client whose record named it last. The other client keeps its other patients in order.
pub async fn a_patient_moves_to_the_client_that_named_it_last(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    store.put_clients(&[with_pets("1", &["a", "b", "c"]), with_pets("2", &["x"])]).await;
    store.put_client(&with_pets("2", &["b", "x"])).await;
    assert_eq!(
        (pets(&store, "1").await, pets(&store, "2").await),
        (vec!["a".into(), "c".into()], vec!["b".into(), "x".into()])
    );
    // In one batch, in either order of the two clients.
    store.put_clients(&[with_pets("1", &["c", "b"]), with_pets("2", &["x", "a"])]).await;
    assert_eq!(pets(&store, "1").await, ["c", "b"]);
    assert_eq!(pets(&store, "2").await, ["x", "a"]);
    store.put_clients(&[with_pets("1", &["c", "x"]), with_pets("2", &["x", "c"])]).await;
    assert_eq!(pets(&store, "1").await, [""; 0]);
    assert_eq!(pets(&store, "2").await, ["x", "c"]);
}

/// Two patients differ if their sources differ, or if their ids differ in any character. A patient that a record names
/// twice is stored once, at its last place.
pub async fn patient_keys_are_compared_exactly(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let elsewhere = Patient { source: OTHER_SOURCE, ..patient("a") };
    let mut record = with_pets("1", &["a", "A", "á", " a"]);
    record.patients.push(elsewhere);
    store.put_client(&record).await;
    assert_eq!(find_and_list(&store, "1").await.record.patients, record.patients);
    store.put_client(&with_pets("1", &["b", "c", "b", "d"])).await;
    assert_eq!(pets(&store, "1").await, ["c", "b", "d"]);
}

/// The patients of several clients are returned by client, in the order of the records. A client without patients is
/// left out.
pub async fn the_patients_of_clients_are_listed_by_client(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let with = |id: &str, patients: &[&str]| ClientRecord {
        patients: patients.iter().map(|id| patient(id)).collect(),
        ..client(id)
    };
    let records = [with("1", &["b", "a"]), with("2", &[]), with("3", &["c"])];
    store.put_clients(&records).await;
    let keys = ["3", "2", "1", "4"].map(client_key);
    let found = store.sorted_patients_of(&keys).await;
    let expected = [0, 2].map(|place: usize| (records[place].key.clone(), records[place].patients.clone()));
    assert_eq!(found, expected);
    assert!(store.sorted_patients_of(&keys[1..2]).await.is_empty());
}

/// Upserting a class reports created, updated or unchanged. Classes differ by source and id.
pub async fn upserting_a_class_reports_the_outcome(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let base = class("cool");
    let others = [
        ClientClass { source: OTHER_SOURCE, ..base.clone() },
        ClientClass { id: external_id("Cool"), ..base.clone() },
    ];
    for new in [&base, &others[0], &others[1]] {
        assert_eq!(store.put_class(new).await, Upsert::Created);
        assert_eq!(store.put_class(new).await, Upsert::Unchanged);
    }
    for changed in [
        ClientClass { description: None, ..base.clone() },
        ClientClass { description: text(""), ..base.clone() },
        ClientClass { communications_disabled: None, ..base.clone() },
        base,
    ] {
        assert_eq!(store.put_class(&changed).await, Upsert::Updated);
        assert_eq!(store.put_class(&changed).await, Upsert::Unchanged);
    }
    for other in others {
        assert_eq!(store.put_class(&other).await, Upsert::Unchanged);
    }
}

/// A client is returned with the current data of its class, looked up in its own source.
pub async fn a_client_has_the_current_class_of_its_source(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let mut record = client("1");
    record.content.client_class = Some(external_id("cool"));
    store.put_clients(&[record.clone(), client("2")]).await;
    store.put_class(&ClientClass { source: OTHER_SOURCE, ..class("cool") }).await;
    store.put_class(&class("Cool")).await;
    assert_eq!(find_and_list(&store, "1").await.class, None);
    for class in [class("cool"), ClientClass { description: None, ..class("cool") }] {
        store.put_class(&class).await;
        assert_eq!(find_and_list(&store, "1").await.class, Some(class));
    }
    assert_eq!(find_and_list(&store, "2").await.class, None);
    record.content.client_class = None;
    store.put_client(&record).await;
    assert_eq!(find_and_list(&store, "1").await.class, None);
}

/// A client is returned with the current name of its practice.
pub async fn a_client_has_the_current_name_of_its_practice(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    store.put_client(&client("1")).await;
    for name in ["Pets & Co", "Zoë's"] {
        store.put_practice(&Practice { name: name.to_owned(), ..practice(PRACTICE) }).await;
        assert_eq!(find_and_list(&store, "1").await.practice_name, name);
    }
}

/// A client has a user while a membership in its practice names its source and id. If its record does not state the
/// status of the pets' records, this decides it.
pub async fn a_client_has_a_user_while_a_membership_names_it(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let with_pet_records = |id: &str, pet_records| {
        let mut record = client(id);
        record.content.pet_records = pet_records;
        record
    };
    store.put_clients(&[client("1"), client("2"), with_pet_records("3", Some(PetRecords::Active))]).await;
    let cases = [
        (Membership { practice: OTHER_PRACTICE, ..membership(user, "1") }, false),
        (Membership { source: OTHER_SOURCE, ..membership(user, "1") }, false),
        (membership(user, "01"), false),
        (Membership { client: None, ..membership(user, "1") }, false),
        (membership(user, "1"), true),
        (membership(user, "2"), false),
    ];
    for (membership, has_user) in cases {
        store.put_membership(&membership).await;
        let client = find_and_list(&store, "1").await;
        let pet_records = if has_user { PetRecords::Active } else { PetRecords::Unregistered };
        assert_eq!((client.has_user, client.pet_records()), (has_user, pet_records), "{membership:?}");
    }
    store.put_client(&with_pet_records("2", Some(PetRecords::Unregistered))).await;
    for (id, has_user, pet_records) in
        [("2", true, PetRecords::Unregistered), ("3", false, PetRecords::Active)]
    {
        let client = find_and_list(&store, id).await;
        assert_eq!((client.has_user, client.pet_records()), (has_user, pet_records));
    }
    let second = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    store.put_membership(&membership(second, "2")).await;
    assert!(find_and_list(&store, "2").await.has_user, "two users have it, and it is listed once");
    assert_eq!(
        store.find_client(PRACTICE, &client_key("2")).await.map(|one| one.record.last_synced_at),
        Some(at(2))
    );
}
