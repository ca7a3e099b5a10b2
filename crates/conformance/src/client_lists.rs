//! Clauses of [`asteroid_clients::ClientRepository`]: filters, order and paging of client lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use asteroid_clients::{Client, ClientFilter, ClientKey, ClientRecord, ClientStatus, SearchPrefix, SourceId};
use asteroid_kernel::Region;

use crate::CompleteStorage;
use crate::fixtures::practice::{
    OTHER_PRACTICE, PRACTICE, all_clients, client, client_key, external_id, patient, text, with_practices,
};
use crate::fixtures::{TICK, at};
use crate::store::Store;

fn keys(clients: &[Client]) -> Vec<ClientKey> {
    clients.iter().map(|client| client.record.key.clone()).collect()
}

async fn ids(store: &Store<impl CompleteStorage>, filter: &ClientFilter) -> Vec<String> {
    let listed = store.walk_clients(filter, 2).await;
    listed.iter().map(|client| client.record.key.id.to_string()).collect()
}

/// Clients are ordered by source number, then by the bytes of the id. A page starts after the given key, which need not
/// exist, and pages of any size make up the whole list.
pub async fn clients_are_listed_in_key_order(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let ordered =
        [" 1", "!", "1", "10", "2", "9", "A", "Z", "_", "a", "a b", "ab", "z", "z\u{301}", "Ä", "ä", "🦀"];
    let mut expected: Vec<ClientKey> = Vec::new();
    for source in [i64::MIN, -1, 0, 2, 10, i64::MAX].map(SourceId) {
        expected.extend(ordered.map(|id| ClientKey { source, id: external_id(id) }));
    }
    let records: Vec<ClientRecord> =
        expected.iter().rev().map(|key| ClientRecord { key: key.clone(), ..client("1") }).collect();
    store.put_clients(&records).await;
    for page in [1, 2, 7, ordered.len(), expected.len(), expected.len() + 1, usize::MAX] {
        assert_eq!(keys(&store.walk_clients(&all_clients(), page).await), expected, "{page} at once");
    }
    for (place, key) in expected.iter().enumerate() {
        let behind = store.list_clients(&all_clients(), Some(key), 1).await;
        assert_eq!(keys(&behind), expected.get(place + 1).cloned().into_iter().collect::<Vec<_>>());
    }
    let behind = |source, id| ClientKey { source: SourceId(source), id: external_id(id) };
    for (after, next) in [(behind(0, "11"), behind(0, "2")), (behind(1, "Z"), behind(2, " 1"))] {
        assert_eq!(keys(&store.list_clients(&all_clients(), Some(&after), 1).await), [next]);
    }
    assert_eq!(store.list_clients(&all_clients(), None, 0).await, []);
}

/// A list contains the clients of its practice only, even if several practices share a source.
pub async fn a_list_contains_only_its_practice(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    assert_eq!(ids(&store, &all_clients()).await, [""; 0]);
    let others = ["0", "2", "4", "zz"].map(|id| ClientRecord { practice: OTHER_PRACTICE, ..client(id) });
    store.put_clients(&others).await;
    store.put_clients(&["1", "3", "z"].map(client)).await;
    assert_eq!(ids(&store, &all_clients()).await, ["1", "3", "z"]);
    let of_others = ClientFilter { practice: OTHER_PRACTICE, ..all_clients() };
    assert_eq!(ids(&store, &of_others).await, ["0", "2", "4", "zz"]);
    let moved = ClientRecord { practice: OTHER_PRACTICE, ..client("3") };
    store.put_client(&moved).await;
    assert_eq!(ids(&store, &all_clients()).await, ["1", "z"]);
    assert_eq!(ids(&store, &of_others).await, ["0", "2", "3", "4", "zz"]);
}

/// On a page of more than two thousand clients, each has its own patients, in their order.
pub async fn a_long_page_is_complete(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let record = |number: usize| {
        let patients = (0..number % 4).map(|place| patient(&format!("{number}-{}", 9 - place))).collect();
        ClientRecord { patients, ..client(&format!("{number:05}")) }
    };
    let records: Vec<ClientRecord> = (0..2_500).map(record).collect();
    store.put_clients(&records).await;
    let listed = store.list_clients(&all_clients(), None, 2_400).await;
    let listed: Vec<ClientRecord> = listed.into_iter().map(|client| client.record).collect();
    assert!(listed == records[..2_400], "a listed record differs from the stored one");
}

fn of_status(id: &str, status: ClientStatus) -> ClientRecord {
    ClientRecord { status, ..client(id) }
}

/// Without a status or a time of update, a list contains all clients except the deleted ones. With a status, it
/// contains the clients that have it; with a time of update alone, also the deleted ones.
pub async fn deleted_clients_are_listed_only_on_request(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let records = [
        of_status("1", ClientStatus::Active),
        of_status("2", ClientStatus::Deleted),
        of_status("3", ClientStatus::Inactive),
        of_status("4", ClientStatus::Deleted),
        of_status("5", ClientStatus::Active),
    ];
    store.put_clients(&records).await;
    let with_status = |status| ClientFilter { status: Some(status), ..all_clients() };
    assert_eq!(ids(&store, &all_clients()).await, ["1", "3", "5"]);
    assert_eq!(ids(&store, &with_status(ClientStatus::Active)).await, ["1", "5"]);
    assert_eq!(ids(&store, &with_status(ClientStatus::Inactive)).await, ["3"]);
    assert_eq!(ids(&store, &with_status(ClientStatus::Deleted)).await, ["2", "4"]);
    let changes = ClientFilter { updated_since: Some(at(0)), ..all_clients() };
    assert_eq!(ids(&store, &changes).await, ["1", "2", "3", "4", "5"]);
    let active = ClientFilter { status: Some(ClientStatus::Active), ..changes };
    assert_eq!(ids(&store, &active).await, ["1", "5"]);
    store.put_client(&of_status("2", ClientStatus::Active)).await;
    assert_eq!(ids(&store, &all_clients()).await, ["1", "2", "3", "5"]);
}

/// `updated_since` compares with the time at which the store received the record, not with the times in the record.
pub async fn clients_are_filtered_by_time_of_storage(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let changed = |id: &str, stored_at| ClientRecord {
        first_synced_at: at(0),
        last_synced_at: at(0),
        stored_at,
        created_at: at(900),
        updated_at: at(900),
        ..client(id)
    };
    let records =
        [changed("1", at(5)), changed("2", at(5) - TICK), changed("3", at(5) + TICK), changed("4", at(9))];
    store.put_clients(&records).await;
    let since = |time| ClientFilter { updated_since: Some(time), ..all_clients() };
    assert_eq!(ids(&store, &since(at(5))).await, ["1", "3", "4"]);
    assert_eq!(ids(&store, &since(at(5) + TICK)).await, ["3", "4"]);
    assert_eq!(ids(&store, &since(at(9) + TICK)).await, [""; 0]);
    store.put_client(&changed("2", at(20))).await;
    assert_eq!(ids(&store, &since(at(9) + TICK)).await, ["2"]);
}

/// A listed client satisfies every condition of the filter, on every page.
pub async fn filter_conditions_are_combined(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let mut records = Vec::new();
    for number in 0..64_u64 {
        let bit = |place: u32| (number >> place) & 1 == 1;
        let status = if bit(0) { ClientStatus::Active } else { ClientStatus::Inactive };
        let stored_at = if bit(1) { at(5) } else { at(4) };
        let mut record = ClientRecord { stored_at, ..of_status(&format!("{number:02}"), status) };
        record.content.last_name = text(if bit(2) { "Mickelson" } else { "Nickelson" });
        record.practice = if bit(3) { PRACTICE } else { OTHER_PRACTICE };
        records.push(record);
    }
    store.put_clients(&records).await;
    let all = ClientFilter {
        practice: PRACTICE,
        status: Some(ClientStatus::Active),
        updated_since: Some(at(5)),
        prefix: SearchPrefix::parse("mick", Region::US),
    };
    assert_eq!(ids(&store, &all).await, ["15", "31", "47", "63"]);
    assert_eq!(ids(&store, &ClientFilter { status: None, ..all }).await.len(), 8);
}

/// While other clients are written between two pages, each client that existed from the start is listed exactly once,
/// in order.
pub async fn paging_is_stable_during_concurrent_writes(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let existing = |number: usize| client(&format!("{number:03}"));
    store.put_clients(&(0..200).map(existing).collect::<Vec<_>>()).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, is_done) = (store.clone(), Arc::clone(&is_done));
        async move {
            for number in (0..200).map(|number| number * 77 % 200).cycle() {
                if is_done.load(Ordering::SeqCst) {
                    return;
                }
                let new = client(&format!("{number:03}-new"));
                store.put_clients(&[new, existing(number)]).await;
                // Some stores never yield, and then the task could not be stopped after a failure.
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 0..5 {
        let walked = keys(&store.walk_clients(&all_clients(), 7).await);
        assert!(walked.is_sorted_by(|one, next| one < next), "the keys are in order");
        let old = walked.into_iter().filter(|key| !key.id.as_str().ends_with("-new"));
        assert!(
            old.eq((0..200).map(|number| client_key(&format!("{number:03}")))),
            "every existing client is listed once"
        );
    }
    is_done.store(true, Ordering::SeqCst);
    writer.await.expect("the writer does not panic");
}
