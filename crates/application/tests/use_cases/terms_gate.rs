//! The terms gate and access to clients, on mocks.

use std::sync::Arc;

use asteroid_application::Practices;
use asteroid_application::accounts::Caller;
use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::practice::{
    ClientListing, ClientQuery, Clients, ClientsError, ClientsSeen, TermsAccepted, TermsGateError, TermsOfUse,
};
use asteroid_audit::Action;
use asteroid_clients::{
    Client, ClientContent, ClientFilter, ClientKey, ClientRecord, ClientStatus, ExternalId, Fingerprint,
    Membership, PracticeId, Role, SourceId,
};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{Origin, SessionId, Timestamp, UserId};
use asteroid_terms::{Acceptance, TermsVersion, VersionLabel, VersionTaken};

fn now() -> Timestamp {
    Timestamp::parse("2026-01-02T03:04:05.678Z").expect("a time")
}

fn practices(tx: MockTx) -> (Practices<MockStorage>, Arc<MockStorage>) {
    let storage = Arc::new(MockStorage::of(tx));
    let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05.678Z"));
    (Practices::new(Arc::clone(&storage), clock, Arc::new(CountingRandomness::default())), storage)
}

fn caller() -> Caller {
    Caller { user: UserId(25), session: SessionId::new(now(), &CountingRandomness::default()) }
}

fn label(text: &str) -> VersionLabel {
    VersionLabel::parse(text).expect("a label")
}

fn terms(text: &str) -> TermsVersion {
    TermsVersion::new(label(text), "Be kind to animals.".into(), now()).expect("a text")
}

fn acceptance(text: &str) -> Acceptance {
    Acceptance { user: UserId(25), label: label(text), at: now(), origin: Origin::local() }
}

fn key(id: &str) -> ClientKey {
    ClientKey { source: SourceId(7), id: ExternalId::parse(id).expect("an id") }
}

fn client(id: &str, status: ClientStatus) -> Client {
    let content = ClientContent::default();
    let record = ClientRecord {
        key: key(id),
        practice: PracticeId(1),
        status,
        fingerprint: Fingerprint::of(PracticeId(1), status, &content, &[]),
        content,
        patients: vec![],
        first_synced_at: now(),
        last_synced_at: now(),
        stored_at: now(),
        created_at: now(),
        updated_at: now(),
    };
    Client { record, class: None, practice_name: "Practice".into(), has_user: true }
}

fn membership(roles: &[&str], client: Option<&str>) -> Membership {
    Membership {
        user: UserId(25),
        practice: PracticeId(1),
        source: SourceId(7),
        primary_role: Role::new("pet"),
        roles: roles.iter().copied().map(Role::new).collect(),
        client: client.map(|id| ExternalId::parse(id).expect("an id")),
        google_api_key: None,
    }
}

#[tokio::test]
async fn a_newer_version_closes_the_gate_again() {
    let mut tx = MockTx::new();
    tx.expect_current_label().returning(|| Ok(Some(label("2"))));
    tx.expect_find_acceptance().returning(|_, label| Ok((label.as_str() == "1").then(|| acceptance("1"))));
    let (practices, _) = practices(tx);
    let error = practices.pass_terms_gate(caller()).await.expect_err("only version 1 was accepted");
    assert!(matches!(error, TermsGateError::NotAccepted), "{error:?}");
}

#[tokio::test]
async fn without_any_terms_the_gate_stays_closed() {
    let mut tx = MockTx::new();
    tx.expect_current_label().returning(|| Ok(None));
    let (practices, _) = practices(tx);
    let error = practices.pass_terms_gate(caller()).await.expect_err("nothing to accept");
    assert!(matches!(error, TermsGateError::NotAccepted), "{error:?}");
}

#[tokio::test]
async fn accepting_again_records_nothing() {
    let mut tx = MockTx::new();
    tx.expect_current_label().returning(|| Ok(Some(label("1"))));
    tx.expect_accept_terms()
        .times(1)
        .withf(|a| a.label.as_str() == "1" && a.at == now())
        .returning(|_| Ok(false));
    let (practices, storage) = practices(tx);
    practices.accept_terms(caller(), Origin::local()).await.expect("as the first time");
    assert_eq!(storage.committed(), 1);
}

#[tokio::test]
async fn a_first_version_is_published_where_there_is_none_and_only_there() {
    let mut tx = MockTx::new();
    tx.expect_current_label().returning(|| Ok(Some(label("2026-11"))));
    let (there, _) = practices(tx);
    there.publish_first_terms(terms("1")).await.expect("nothing to do");

    let mut tx = MockTx::new();
    tx.expect_current_label().returning(|| Ok(None));
    tx.expect_publish_terms().times(1).returning(|_| Ok(Ok(())));
    tx.expect_record_event().times(1).withf(|e| e.action == Action::PublishTerms).returning(|_| Ok(()));
    let (fresh, _) = practices(tx);
    fresh.publish_first_terms(terms("1")).await.expect("published");

    let mut tx = MockTx::new();
    tx.expect_current_label().returning(|| Ok(None));
    tx.expect_publish_terms().times(1).returning(|_| Ok(Err(VersionTaken)));
    let (beside_another, _) = practices(tx);
    beside_another.publish_first_terms(terms("1")).await.expect("another server was faster");
}

#[tokio::test]
async fn staff_sees_its_own_practice_and_no_other() {
    let mut tx = MockTx::new();
    tx.expect_find_membership().returning(|_, _| Ok(Some(membership(&["staff"], None))));
    tx.expect_find_client().withf(|practice, _| *practice == PracticeId(1)).returning(|_, _| Ok(None));
    let (practices, _) = practices(tx);
    let admitted = TermsAccepted::assumed(caller());
    let seen = practices.look_at_clients(admitted, ClientQuery::default()).await.expect("staff");
    let all = ClientFilter { practice: PracticeId(1), status: None, updated_since: None, prefix: None };
    assert_eq!(seen, ClientsSeen::All(ClientListing::assumed(all)));
    let id = ExternalId::parse("of another practice").expect("an id");
    let error =
        practices.find_client(admitted, None, id).await.expect_err("not there, as far as it may know");
    assert!(matches!(error, ClientsError::NotFound), "{error:?}");
}

#[tokio::test]
async fn a_client_sees_itself_and_of_no_other_that_it_exists() {
    let mut tx = MockTx::new();
    tx.expect_find_membership().returning(|_, _| Ok(Some(membership(&["client"], Some("1")))));
    tx.expect_find_client()
        .times(2)
        .withf(|_, wanted| *wanted == key("1"))
        .returning(|_, _| Ok(Some(client("1", ClientStatus::Active))));
    let (practices, _) = practices(tx);
    let admitted = TermsAccepted::assumed(caller());
    let seen = practices.look_at_clients(admitted, ClientQuery::default()).await.expect("itself");
    assert_eq!(seen, ClientsSeen::Own(Box::new(client("1", ClientStatus::Active))));
    let own = ExternalId::parse("1").expect("an id");
    assert_eq!(practices.find_client(admitted, None, own).await.expect("itself").record.key, key("1"));
    // The store is not even asked.
    let other = ExternalId::parse("2").expect("an id");
    let error = practices.find_client(admitted, None, other).await.expect_err("another");
    assert!(matches!(error, ClientsError::NotFound), "{error:?}");
}

#[tokio::test]
async fn a_user_who_is_neither_staff_nor_client_sees_no_clients() {
    for found in [None, Some(membership(&["groomer"], Some("1"))), Some(membership(&["client"], None))] {
        let mut tx = MockTx::new();
        tx.expect_find_membership().returning(move |_, _| Ok(found.clone()));
        let (practices, _) = practices(tx);
        let admitted = TermsAccepted::assumed(caller());
        let error = practices.look_at_clients(admitted, ClientQuery::default()).await.expect_err("nothing");
        assert!(matches!(error, ClientsError::Forbidden), "{error:?}");
        let id = ExternalId::parse("1").expect("an id");
        let error = practices.find_client(admitted, None, id).await.expect_err("nothing");
        assert!(matches!(error, ClientsError::Forbidden), "{error:?}");
    }
}

#[tokio::test]
async fn a_deleted_client_is_not_there() {
    let mut tx = MockTx::new();
    tx.expect_find_membership().returning(|_, _| Ok(Some(membership(&["client"], Some("1")))));
    tx.expect_find_client().returning(|_, _| Ok(Some(client("1", ClientStatus::Deleted))));
    let (practices, _) = practices(tx);
    let admitted = TermsAccepted::assumed(caller());
    let error = practices.look_at_clients(admitted, ClientQuery::default()).await.expect_err("deleted");
    assert!(matches!(error, ClientsError::NotFound), "{error:?}");
}
