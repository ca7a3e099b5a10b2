//! Tests of the `PostgreSQL` store beyond the conformance suite: retries, timeouts, the pool and TLS.

use std::time::Duration;

use asteroid_kernel::{Storage, StorageError, Timestamp, UnitOfWork, in_one_line};
use asteroid_limits::{LimitKey, LimitRepository, SlidingWindow};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::connect::Connector;
use super::migrations::MigrationConn;
use super::testing::{PrivateServer, TestDatabase, private_server};
use super::{ConnectError, PostgresOptions, PostgresStorage, PostgresTx};

/// A connection for migrations to an empty database, and a guard; [`None`] without a server.
pub(super) fn empty_database() -> Option<(MigrationConn, (Runtime, TestDatabase))> {
    let database = TestDatabase::create()?;
    // A runtime with threads, which drive the connection while the test blocks.
    let runtime = Runtime::new().expect("a runtime");
    let connector = Connector::new(database.url(), Duration::from_secs(10)).expect("a connector");
    let conn = runtime.block_on(connector.connect()).expect("a connection");
    let guard = runtime.enter();
    let conn = MigrationConn::from(conn);
    drop(guard);
    Some((conn, (runtime, database)))
}

async fn storage(database: &TestDatabase, options: impl FnOnce(&mut PostgresOptions)) -> PostgresStorage {
    let mut settings = PostgresOptions::new(database.url().clone());
    options(&mut settings);
    let storage = PostgresStorage::open(&settings).await.expect("a database");
    storage.with_unit_timeout(Duration::from_mins(1)).migrate().await.expect("the tables");
    storage
}

/// Adds an entry to the window of each key, with a pause after each.
struct RecordInOrder(Vec<&'static str>, Duration);

impl UnitOfWork<PostgresTx> for RecordInOrder {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut PostgresTx) -> Result<(), StorageError> {
        for key in &self.0 {
            let key = LimitKey::new("test", key);
            let mut times = tx.window(&key).await?.times().to_vec();
            times.push(Timestamp::from_micros(1));
            tx.save_window(&key, &SlidingWindow::from_times(times), Timestamp::from_micros(i64::MAX)).await?;
            sleep(self.1).await;
        }
        Ok(())
    }
}

/// Reads the number of entries of a window.
struct CountEntries(&'static str);

impl UnitOfWork<PostgresTx> for CountEntries {
    type Output = usize;
    type Error = StorageError;

    async fn run(&self, tx: &mut PostgresTx) -> Result<usize, StorageError> {
        Ok(tx.window(&LimitKey::new("test", self.0)).await?.times().len())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocked_units_are_retried() {
    let Some(database) = TestDatabase::create() else { return };
    let storage = storage(&database, |options| options.unit_timeout = Duration::from_mins(1)).await;
    // Each locks the key that the other needs next: PostgreSQL aborts one of them after a second.
    let pause = Duration::from_millis(100);
    let (one, other) = tokio::join!(
        storage.write(RecordInOrder(vec!["a", "b"], pause)),
        storage.write(RecordInOrder(vec!["b", "a"], pause))
    );
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    for key in ["a", "b"] {
        assert_eq!(
            storage.read(CountEntries(key)).await.expect("the store works"),
            2,
            "each unit is applied once"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollback_of_a_unit_that_times_out() {
    let Some(database) = TestDatabase::create() else { return };
    let storage = storage(&database, |options| options.unit_timeout = Duration::from_secs(2)).await;
    let slow = storage.write(RecordInOrder(vec!["a"], Duration::from_mins(5))).await;
    assert!(matches!(slow, Err(StorageError::Unavailable(_))), "{slow:?}");
    // The writes are rolled back and the locks released.
    let storage = storage.with_unit_timeout(Duration::from_mins(1));
    storage.write(RecordInOrder(vec!["a"], Duration::ZERO)).await.expect("the key is free");
    assert_eq!(storage.read(CountEntries("a")).await.expect("the store works"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_over_the_queue_limit_fails_as_busy() {
    let Some(database) = TestDatabase::create() else { return };
    let storage = storage(&database, |options| {
        (options.connections, options.queue_length) = (1, 1);
        (options.longest_wait, options.unit_timeout) = (Duration::from_millis(200), Duration::from_secs(10));
    })
    .await;
    let slow = storage.write(RecordInOrder(vec!["a"], Duration::from_secs(2)));
    let waits = async {
        sleep(Duration::from_millis(300)).await;
        storage.read(CountEntries("a")).await
    };
    let too_many = async {
        sleep(Duration::from_millis(400)).await;
        storage.read(CountEntries("a")).await
    };
    let (slow, waits, too_many) = tokio::join!(slow, waits, too_many);
    assert!(slow.is_ok(), "{slow:?}");
    assert!(matches!(waits, Err(StorageError::Busy)), "the wait for a connection times out: {waits:?}");
    assert!(matches!(too_many, Err(StorageError::Busy)), "the queue is full: {too_many:?}");
}

/// A root certificate, a certificate for this name, and its key, all in PEM.
fn authority_of(name: &str) -> (String, String, String) {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = parameters.self_signed(&key).expect("a certificate");
    let issuer = Issuer::new(parameters, key);
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = parameters.signed_by(&key, &issuer).expect("a certificate");
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

async fn open(server: &PrivateServer, host: &str, parameters: &str) -> Result<PostgresStorage, ConnectError> {
    let url = format!("postgres://postgres@{host}:{}/postgres?{parameters}", server.port());
    let options = PostgresOptions::new(url.parse().expect("the address of a database"));
    PostgresStorage::open(&PostgresOptions { unit_timeout: Duration::from_secs(20), ..options }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_of_the_server_is_verified() {
    let Some(server) = private_server() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let refused = open(&server, "localhost", "sslmode=require").await.err().expect("TLS is not enabled yet");
    assert!(in_one_line(&refused).contains("does not support TLS"), "{}", in_one_line(&refused));

    let (authority, certificate, key) = authority_of("localhost");
    server.enable_tls(&certificate, &key).expect("TLS is enabled");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        format!("sslmode=require&sslrootcert={}", path.display())
    };
    let (own, foreign) = (file("own.pem", &authority), file("foreign.pem", &authority_of("localhost").0));
    let storage = open(&server, "localhost", &own).await.expect("a valid certificate");
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE ssl AND application_name = 'asteroid'";
    assert_eq!(server.query(encrypted).expect("an answer"), "1");
    drop(storage);
    for (what, host, parameters) in [
        ("another root certificate", "localhost", foreign.as_str()),
        ("the public root certificates", "localhost", "sslmode=require"),
        ("another name", "127.0.0.1", own.as_str()),
    ] {
        let refused =
            open(&server, host, parameters).await.err().unwrap_or_else(|| panic!("{what} is accepted"));
        assert!(in_one_line(&refused).contains("certificate"), "{what}: {}", in_one_line(&refused));
    }
    let empty = file("empty.pem", "");
    let refused = open(&server, "localhost", &empty).await.err().expect("no root certificates");
    assert!(matches!(refused, ConnectError::RootCertificates { .. }), "{refused:?}");
}
