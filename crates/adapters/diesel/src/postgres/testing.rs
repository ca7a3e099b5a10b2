//! `PostgreSQL` databases for tests: a fresh one for each test, dropped when the test ends.
//!
//! The server is found automatically: the one in `ASTEROID_TEST_POSTGRES_URL` (with a role that may create
//! databases), or one on 127.0.0.1:5432 that accepts the connection, or a private server that is started from a local
//! `initdb` and stopped with the process. Without a server, the tests that need one are skipped with one line on
//! standard error. With `ASTEROID_REQUIRE_POSTGRES=1` they fail instead.

mod private;

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::io::{Write, stderr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, Once, OnceLock, PoisonError};
use std::thread;

use asteroid_kernel::BoxError;
use tokio_postgres::{Client, Config, NoTls};

use super::PostgresUrl;

pub use private::{PrivateServer, StartServerError};

/// The approximate number of connections per test, which limits the number of concurrent tests on a server.
const CONNECTIONS_PER_TEST: usize = 12;

/// The server for all tests of this process.
struct SharedServer {
    /// The parts of a database URL before and after the name of the database.
    address: (String, String),
    /// The number of databases that may still be created.
    slots: Mutex<usize>,
    freed: Condvar,
    /// The private server, which stops when dropped.
    _private: Option<PrivateServer>,
}

static NEXT: AtomicU32 = AtomicU32::new(0);
static SKIP_REPORTED: Once = Once::new();
static SERVER: OnceLock<Option<SharedServer>> = OnceLock::new();

/// A fresh, empty database. Dropping this value drops the database, even with open connections.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static SharedServer,
    name: String,
    url: PostgresUrl,
}

/// Whether a server is available. If not, one line on standard error says which tests are skipped.
///
/// # Panics
///
/// If there is no server although `ASTEROID_REQUIRE_POSTGRES` is set, or if the one in `ASTEROID_TEST_POSTGRES_URL`
/// cannot be used.
#[must_use]
pub fn is_available() -> bool {
    server().is_some()
}

impl TestDatabase {
    /// Creates a database; [`None`] without a server. Waits while this process uses all connections of the server.
    ///
    /// # Panics
    ///
    /// Like [`is_available`], or if the database cannot be created.
    #[must_use]
    pub fn create() -> Option<Self> {
        let server = server()?;
        server.take_slot();
        let (number, chance) = (NEXT.fetch_add(1, Ordering::Relaxed), RandomState::new().hash_one(0));
        let name = format!("asteroid_test_{}_{number}_{:08x}", std::process::id(), chance & 0xffff_ffff);
        // template0 never has connections, so concurrent tests can copy it. The collation is English if the server has
        // it, so that tests detect code that wrongly relies on byte order.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        let in_english = format!("{create} LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'");
        server.execute(in_english).or_else(|_| server.execute(create)).expect("the database is created");
        // No test crashes this server, so commits need not wait for the disk.
        let url = server.url(&name, Some("options=-c%20synchronous_commit%3Doff"));
        let url = url.parse().expect("the address of a database");
        Some(Self { server, name, url })
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> &PostgresUrl {
        &self.url
    }

    /// All rows of all tables, as text.
    ///
    /// # Panics
    ///
    /// If the database cannot be read.
    #[must_use]
    pub fn dump(&self) -> String {
        let config: Config = self.url.expose().parse().expect("the address of a database");
        let rows = run_on_own_runtime(async move {
            let client = connect(&config).await?;
            let tables = "SELECT oid::REGCLASS::TEXT FROM pg_class WHERE relkind = 'r' \
                          AND relnamespace = 'public'::REGNAMESPACE";
            let mut dump = String::new();
            for table in client.query(tables, &[]).await? {
                let table: String = table.get(0);
                for row in client.query(&format!("SELECT whole::TEXT FROM {table} AS whole"), &[]).await? {
                    dump.push_str(row.get(0));
                    dump.push('\n');
                }
            }
            Ok(dump)
        });
        rows.expect("the database can be read")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Err(error) = self.server.execute(format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            let _ = writeln!(stderr(), "the database {} could not be dropped: {error}", self.name);
        }
        self.server.free_slot();
    }
}

impl std::fmt::Debug for SharedServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedServer(..)")
    }
}

impl SharedServer {
    /// The URL of a database, with a parameter in addition to those of the server.
    fn url(&self, database: &str, parameter: Option<&str>) -> String {
        let (before, given) = &self.address;
        let parameters: Vec<&str> =
            given.split('&').filter(|given| !given.is_empty()).chain(parameter).collect();
        format!("{before}/{database}?{}", parameters.join("&"))
    }

    fn execute(&self, statement: String) -> Result<(), BoxError> {
        let config: Config = self.url("postgres", None).parse()?;
        run_on_own_runtime(async move { Ok(connect(&config).await?.batch_execute(&statement).await?) })
    }

    fn take_slot(&self) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slots =
            self.freed.wait_while(slots, |slots| *slots == 0).unwrap_or_else(PoisonError::into_inner);
        *slots -= 1;
    }

    fn free_slot(&self) {
        *self.slots.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}

fn server() -> Option<&'static SharedServer> {
    SERVER.get_or_init(find_server).as_ref()
}

fn find_server() -> Option<SharedServer> {
    if let Ok(url) = env::var("ASTEROID_TEST_POSTGRES_URL") {
        return match connect_to_server(&url, None) {
            Ok(server) => Some(server),
            Err(error) => panic!("ASTEROID_TEST_POSTGRES_URL names a server that cannot be used: {error}"),
        };
    }
    let user = env::var("USER").unwrap_or_default();
    for role in ["postgres", &user] {
        if let Ok(server) = connect_to_server(&format!("postgres://{role}@127.0.0.1:5432/postgres"), None) {
            return Some(server);
        }
    }
    let reason = match PrivateServer::start() {
        Ok(private) => match connect_to_server(&private.url("postgres"), Some(private)) {
            Ok(server) => return Some(server),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    skip(&format!(
        "every test that needs PostgreSQL: no server on 127.0.0.1:5432 accepts the connection, and no private one \
         could be started ({reason}); ASTEROID_TEST_POSTGRES_URL may name another"
    ));
    None
}

/// Reports skipped tests, once per process.
fn skip(what: &str) {
    assert!(
        env::var_os("ASTEROID_REQUIRE_POSTGRES").is_none(),
        "ASTEROID_REQUIRE_POSTGRES is set, but these tests would be skipped: {what}"
    );
    // Not with a macro, because the test harness captures its output.
    SKIP_REPORTED.call_once(|| drop(writeln!(stderr(), "\nSKIPPED: {what}.")));
}

/// A server of its own for a test that restarts or stops it. [`None`] without `initdb`, which standard error reports.
///
/// # Panics
///
/// If no server can be started although `ASTEROID_REQUIRE_POSTGRES` is set.
#[must_use]
pub fn private_server() -> Option<PrivateServer> {
    match PrivateServer::start() {
        Ok(server) => Some(server),
        Err(error) => {
            skip(&format!("every test that needs a PostgreSQL of its own ({error})"));
            None
        }
    }
}

/// The server at this URL, if it accepts the connection and its role may create databases.
fn connect_to_server(url: &str, private: Option<PrivateServer>) -> Result<SharedServer, BoxError> {
    let config: Config = url.parse()?;
    let connections = run_on_own_runtime(async move {
        let client = connect(&config).await?;
        let row = client
            .query_one(
                "SELECT current_setting('max_connections')::INT8, rolcreatedb OR rolsuper FROM pg_roles \
                 WHERE rolname = current_user",
                &[],
            )
            .await?;
        if row.get(1) { Ok(row.get::<_, i64>(0)) } else { Err("its role may not create databases".into()) }
    })?;
    let (before, parameters) = url.split_once('?').unwrap_or((url, ""));
    let before = before.rsplit_once('/').map_or(before, |(before, _)| before);
    let address = (before.to_owned(), parameters.to_owned());
    let slots = usize::try_from(connections).unwrap_or(0).saturating_sub(10) / CONNECTIONS_PER_TEST;
    Ok(SharedServer { address, slots: Mutex::new(slots.max(1)), freed: Condvar::new(), _private: private })
}

async fn connect(config: &Config) -> Result<Client, BoxError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Runs a future on a thread and a runtime of its own, because the caller may be on a thread of another runtime.
fn run_on_own_runtime<T: Send + 'static>(
    future: impl Future<Output = Result<T, BoxError>> + Send + 'static,
) -> Result<T, BoxError> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let limit = std::time::Duration::from_secs(20);
            tokio::time::timeout(limit, future).await.map_err(BoxError::from)?
        })
    };
    thread::spawn(run).join().map_err(|_| BoxError::from("the thread panicked"))?
}
