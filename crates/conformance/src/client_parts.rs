//! Clauses of [`asteroid_clients::ClientRepository`]: what a client is shown with. Its patients, its class, the name of
//! its practice, and whether a user is tied to it.

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

/// The client as it is found; it is the same in a list.
async fn shown(store: &Store<impl CompleteStorage>, id: &str) -> Client {
    let found = store.find_client(PRACTICE, &client_key(id)).await.expect("the client is there");
    let mut listed = store.list_clients(&all_clients(), None, 100).await;
    listed.retain(|client| client.record.key == found.record.key);
    assert_eq!(listed, std::slice::from_ref(&found));
    found
}

async fn pets(store: &Store<impl CompleteStorage>, id: &str) -> Vec<String> {
    let patients = shown(store, id).await.record.patients;
    patients.iter().map(|patient| patient.id.to_string()).collect()
}

fn with_pets(id: &str, pets: &[&str]) -> ClientRecord {
    ClientRecord { patients: pets.iter().copied().map(patient).collect(), ..client(id) }
}

/// Patients come back as they were put, in the order of the source, each with its own client.
pub async fn patients_come_in_the_order_of_the_source(storage: impl CompleteStorage) {
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
        assert_eq!(shown(&store, id).await.record.patients, given.patients);
    }
}

/// A record brings all patients of its client: those that it does not name are gone, and can come again.
pub async fn patients_are_replaced_as_a_whole(storage: impl CompleteStorage) {
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
    assert_eq!(shown(&store, "1").await.record.patients, changed.patients);
    assert_eq!(pets(&store, "2").await, ["z"]);
}

/// A patient belongs to the client whose record named it last; the other one's others stay in their order.
pub async fn a_patient_moves_to_the_client_that_named_it_last(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    store.put_clients(&[with_pets("1", &["a", "b", "c"]), with_pets("2", &["x"])]).await;
    store.put_client(&with_pets("2", &["b", "x"])).await;
    assert_eq!(
        (pets(&store, "1").await, pets(&store, "2").await),
        (vec!["a".into(), "c".into()], vec!["b".into(), "x".into()])
    );
    // In one go, whichever of the two comes first.
    store.put_clients(&[with_pets("1", &["c", "b"]), with_pets("2", &["x", "a"])]).await;
    assert_eq!(pets(&store, "1").await, ["c", "b"]);
    assert_eq!(pets(&store, "2").await, ["x", "a"]);
    store.put_clients(&[with_pets("1", &["c", "x"]), with_pets("2", &["x", "c"])]).await;
    assert_eq!(pets(&store, "1").await, [""; 0]);
    assert_eq!(pets(&store, "2").await, ["x", "c"]);
}

/// Patients are told apart by their source and by every character of their id; one that is named twice counts once,
/// where it is named last.
pub async fn patients_are_told_apart_by_their_keys(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let elsewhere = Patient { source: OTHER_SOURCE, ..patient("a") };
    let mut record = with_pets("1", &["a", "A", "á", " a"]);
    record.patients.push(elsewhere);
    store.put_client(&record).await;
    assert_eq!(shown(&store, "1").await.record.patients, record.patients);
    store.put_client(&with_pets("1", &["b", "c", "b", "d"])).await;
    assert_eq!(pets(&store, "1").await, ["c", "b", "d"]);
}

/// The patients of clients come with their keys, in the order of the records; a client without any is left out.
pub async fn the_patients_of_clients_are_found(storage: impl CompleteStorage) {
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

/// Putting a class says whether it is new, another than before, or the same; classes are told apart by their source and
/// their id.
pub async fn putting_a_class_says_what_became_of_it(storage: impl CompleteStorage) {
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

/// A client is shown with its class as that is now, once it is there: the one of the client's own source.
pub async fn a_client_is_shown_with_its_class_as_it_is_now(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let mut record = client("1");
    record.content.client_class = Some(external_id("cool"));
    store.put_clients(&[record.clone(), client("2")]).await;
    store.put_class(&ClientClass { source: OTHER_SOURCE, ..class("cool") }).await;
    store.put_class(&class("Cool")).await;
    assert_eq!(shown(&store, "1").await.class, None);
    for class in [class("cool"), ClientClass { description: None, ..class("cool") }] {
        store.put_class(&class).await;
        assert_eq!(shown(&store, "1").await.class, Some(class));
    }
    assert_eq!(shown(&store, "2").await.class, None);
    record.content.client_class = None;
    store.put_client(&record).await;
    assert_eq!(shown(&store, "1").await.class, None);
}

/// A client is shown with the name that its practice has now.
pub async fn a_client_is_shown_with_the_name_of_its_practice(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    store.put_client(&client("1")).await;
    for name in ["Pets & Co", "Zoë's"] {
        store.put_practice(&Practice { name: name.to_owned(), ..practice(PRACTICE) }).await;
        assert_eq!(shown(&store, "1").await.practice_name, name);
    }
}

/// A user is tied to a client by a membership in the client's practice that names the client's source and id. What a
/// record does not say of its pets' records, that says.
pub async fn a_client_has_a_user_as_long_as_a_membership_names_it(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let user = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    let said = |id: &str, pet_records| {
        let mut record = client(id);
        record.content.pet_records = pet_records;
        record
    };
    store.put_clients(&[client("1"), client("2"), said("3", Some(PetRecords::Active))]).await;
    let ties = [
        (Membership { practice: OTHER_PRACTICE, ..membership(user, "1") }, false),
        (Membership { source: OTHER_SOURCE, ..membership(user, "1") }, false),
        (membership(user, "01"), false),
        (Membership { client: None, ..membership(user, "1") }, false),
        (membership(user, "1"), true),
        (membership(user, "2"), false),
    ];
    for (membership, is_tied) in ties {
        store.put_membership(&membership).await;
        let client = shown(&store, "1").await;
        let pet_records = if is_tied { PetRecords::Active } else { PetRecords::Unregistered };
        assert_eq!((client.has_user, client.pet_records()), (is_tied, pet_records), "{membership:?}");
    }
    store.put_client(&said("2", Some(PetRecords::Unregistered))).await;
    for (id, has_user, pet_records) in
        [("2", true, PetRecords::Unregistered), ("3", false, PetRecords::Active)]
    {
        let client = shown(&store, id).await;
        assert_eq!((client.has_user, client.pet_records()), (has_user, pet_records));
    }
    let second = store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free");
    store.put_membership(&membership(second, "2")).await;
    assert!(shown(&store, "2").await.has_user, "two users are tied to it, and it is shown once");
    assert_eq!(
        store.find_client(PRACTICE, &client_key("2")).await.map(|one| one.record.last_synced_at),
        Some(at(2))
    );
}
