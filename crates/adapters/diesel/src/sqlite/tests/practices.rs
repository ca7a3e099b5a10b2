//! Practices, clients and terms in `SQLite`: unchanged rows, triggers, and the limits on bind parameters.

use asteroid_clients::{
    ClientClass, ClientContent, ClientFilter, ClientKey, ClientRecord, ClientRepository, ClientStatus,
    ExternalId, Fingerprint, Membership, MembershipRepository, Patient, Practice, PracticeId,
    PracticeRepository, Role, SourceId,
};
use asteroid_kernel::{Timestamp, Upsert, UserId};
use diesel::dsl::sql;
use diesel::sql_types::BigInt;

use super::*;

pub(super) const PRACTICE: PracticeId = PracticeId(1);

fn id(text: &str) -> ExternalId {
    ExternalId::parse(text).expect("an id")
}

pub(super) fn practice() -> Practice {
    Practice {
        id: PRACTICE,
        source: SourceId(1),
        name: "AllyDVM Test Practice".to_owned(),
        slug: "ally_test".to_owned(),
        pms: None,
        sms: None,
        features: vec!["analytics".to_owned()],
        time_zone: "America/New_York".parse().expect("a time zone"),
        enterprise_ids: vec![1123],
    }
}

pub(super) fn patient(text: &str) -> Patient {
    Patient {
        source: SourceId(1),
        id: id(text),
        practice: PRACTICE,
        name: "Pi".to_owned(),
        display_id: None,
        deceased_date: None,
        status: "active".to_owned(),
    }
}

/// The client with id 1 of a source.
pub(super) fn client(source: i64, patients: &[Patient]) -> ClientRecord {
    let (content, now) = (ClientContent::default(), Timestamp::from_micros(0));
    ClientRecord {
        key: ClientKey { source: SourceId(source), id: id("1") },
        practice: PRACTICE,
        status: ClientStatus::Active,
        fingerprint: Fingerprint::of(PRACTICE, ClientStatus::Active, &content, patients),
        content,
        patients: patients.to_vec(),
        first_synced_at: now,
        stored_at: now,
        last_synced_at: now,
        created_at: now,
        updated_at: now,
    }
}

/// Upserts a practice, a class and a membership.
struct UpsertAll;

impl UnitOfWork<SqliteTx> for UpsertAll {
    /// The outcomes, and the number of rows written.
    type Output = ([Upsert; 3], i64);
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<Self::Output, StorageError> {
        let class = ClientClass {
            source: SourceId(1),
            id: id("1"),
            description: None,
            communications_disabled: None,
        };
        let membership = Membership {
            user: UserId(1),
            practice: PRACTICE,
            source: SourceId(1),
            primary_role: Role::new("pet"),
            roles: vec![Role::new("client")],
            client: None,
            google_api_key: None,
        };
        let written = |conn: &mut SqliteConnection| sql::<BigInt>("SELECT total_changes()").get_result(conn);
        let before: i64 = tx.run(written)?;
        let put = [
            tx.put_practice(&practice()).await?,
            tx.put_class(&class).await?,
            tx.put_membership(&membership).await?,
        ];
        Ok((put, tx.run(written)? - before))
    }
}

#[tokio::test]
async fn an_unchanged_upsert_writes_no_row() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    let user = "INSERT INTO users (id, first_name, last_name, enabled, password_hash, last_login, created_at) VALUES (1, 'George', 'Washington', 1, NULL, NULL, '2016-05-03T11:15:54.950000Z')";
    storage.write(RunSql(user)).await.expect("a user");
    for expected in [([Upsert::Created; 3], 3), ([Upsert::Unchanged; 3], 0)] {
        assert_eq!(storage.write(UpsertAll).await.expect("the outcomes"), expected);
    }
}

#[tokio::test]
async fn terms_and_acceptances_cannot_be_changed_or_removed() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    let accepted = "INSERT INTO terms_versions VALUES (1, 'v1', 'The terms.', '2016-05-03T11:15:54.950000Z');
        INSERT INTO terms_acceptances VALUES (1, 'v1', '2016-05-03T11:15:54.950000Z', NULL, NULL, NULL)";
    storage.write(RunSql(accepted)).await.expect("an acceptance");
    for (statement, message) in [
        ("UPDATE terms_versions SET text = 'Others.'", "a version of the terms is never changed"),
        ("DELETE FROM terms_versions", "a version of the terms is never removed"),
        ("UPDATE terms_acceptances SET user_id = 2", "an acceptance of the terms is never changed"),
        ("DELETE FROM terms_acceptances", "an acceptance of the terms is never removed"),
    ] {
        let error = storage.write(RunSql(statement)).await.expect_err("an error");
        assert_eq!(cause(&error), message);
    }
}

/// A client with id 1 of every source from 1 to 40,000, each with a patient.
const MANY_CLIENTS: &str = "
    INSERT INTO practices VALUES (1, 1, 'AllyDVM Test Practice', 'ally_test', NULL, NULL, '[]', 'UTC', '[]');
    INSERT INTO clients (number, source_id, id, practice_id, status, balance_due, email_verification_response,
            alerts_disabled, email_alert_disabled, sms_alert_disabled, bad_physical_address, loyalty_toggle,
            fingerprint, first_synced_at, last_synced_at, created_at, updated_at, stored_at)
        WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 40000),
            now (t) AS (SELECT '2016-05-03T11:15:54.950000Z')
        SELECT n, n, '1', 1, 'active', 0, '{}', 0, 0, 0, 0, 0, n, t, t, t, t, t FROM up, now;
    INSERT INTO patients SELECT number, 0, source_id, 'a', 1, 'Pi', NULL, NULL, 'active' FROM clients";

/// Reads all clients at once.
struct ReadMany;

impl UnitOfWork<SqliteTx> for ReadMany {
    /// The numbers of fingerprints, clients and patients.
    type Output = [usize; 3];
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<[usize; 3], StorageError> {
        let keys: Vec<ClientKey> = (1..=40_000).map(|source| client(source, &[]).key).collect();
        let fingerprints = tx.fingerprints(&keys).await?;
        let all = ClientFilter { practice: PRACTICE, status: None, updated_since: None, prefix: None };
        let clients = tx.list_clients(&all, None, 40_000).await?;
        let patients = clients.iter().map(|client| client.record.patients.len()).sum();
        Ok([fingerprints.len(), clients.len(), patients])
    }
}

/// `SQLite` allows 32766 bind parameters per statement and a thousand operands of an `OR`.
#[tokio::test]
async fn a_read_may_exceed_the_limit_on_bind_parameters() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    storage.write(RunSql(MANY_CLIENTS)).await.expect("clients");
    assert_eq!(storage.read(ReadMany).await.expect("an answer"), [40_000; 3]);
}
