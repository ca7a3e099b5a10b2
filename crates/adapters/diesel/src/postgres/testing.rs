//! Databases of `PostgreSQL` for tests: each has one of its own, gone when the test has ended.
//!
//! The server is found by itself: the one that `ASTEROID_TEST_POSTGRES_URL` names (a role that may create databases),
//! else one on 127.0.0.1:5432 that takes us, else a private one, started from the `initdb` of the machine and stopped
//! with the process. Where there is none, the tests that need one are skipped, and one line says so; with
//! `ASTEROID_REQUIRE_POSTGRES=1` they fail instead.

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

/// What a test's pools may open together, about. A found server takes so many tests at once as it has connections for.
const CONNECTIONS_PER_TEST: usize = 12;

/// The server that the tests of this process share.
struct Server {
    /// What comes before a database's name in its address, and what behind it.
    address: (String, String),
    /// So many databases may be in use at once.
    slots: Mutex<usize>,
    freed: Condvar,
    /// Stops it at the end, if it is ours.
    _private: Option<PrivateServer>,
}

static NEXT: AtomicU32 = AtomicU32::new(0);
static SAID: Once = Once::new();
static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// A fresh, empty database; it is dropped with this, whoever is still connected.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static Server,
    name: String,
    url: PostgresUrl,
}

/// Whether tests have a server. If not, standard error has told once what is skipped.
///
/// # Panics
///
/// If there is none although `ASTEROID_REQUIRE_POSTGRES` is set, or if the one that was named does not take us.
#[must_use]
pub fn is_there() -> bool {
    server().is_some()
}

impl TestDatabase {
    /// Makes one; none if there is no server. Waits while others of this process use all that the server can take.
    ///
    /// # Panics
    ///
    /// As [`is_there`] does, or if the server makes no database.
    #[must_use]
    pub fn create() -> Option<Self> {
        let server = server()?;
        server.take_slot();
        let (number, chance) = (NEXT.fetch_add(1, Ordering::Relaxed), RandomState::new().hash_one(0));
        let name = format!("asteroid_test_{}_{number}_{:08x}", std::process::id(), chance & 0xffff_ffff);
        // template0: nobody is ever connected to it, so tests do not get in each other's way. One that sorts as English
        // does, where the server can, so that whatever relies on the order of bytes has to see to it.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        let in_english = format!("{create} LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'");
        server.execute(in_english).or_else(|_| server.execute(create)).expect("a database is made");
        // Tests crash servers of ours, and not this one: its commits need not wait for the disk.
        let url = server.url(&name, Some("options=-c%20synchronous_commit%3Doff"));
        let url = url.parse().expect("the address of a database");
        Some(Self { server, name, url })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &PostgresUrl {
        &self.url
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

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server(..)")
    }
}

impl Server {
    /// The address of a database, with a parameter besides those that the server's own address has.
    fn url(&self, database: &str, parameter: Option<&str>) -> String {
        let (before, given) = &self.address;
        let parameters: Vec<&str> =
            given.split('&').filter(|given| !given.is_empty()).chain(parameter).collect();
        format!("{before}/{database}?{}", parameters.join("&"))
    }

    fn execute(&self, statement: String) -> Result<(), BoxError> {
        let config: Config = self.url("postgres", None).parse()?;
        on_a_runtime(async move { Ok(connect(&config).await?.batch_execute(&statement).await?) })
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

fn server() -> Option<&'static Server> {
    SERVER.get_or_init(find_server).as_ref()
}

fn find_server() -> Option<Server> {
    if let Ok(url) = env::var("ASTEROID_TEST_POSTGRES_URL") {
        return match found(&url, None) {
            Ok(server) => Some(server),
            Err(error) => panic!("ASTEROID_TEST_POSTGRES_URL names a server that cannot be used: {error}"),
        };
    }
    let user = env::var("USER").unwrap_or_default();
    for role in ["postgres", &user] {
        if let Ok(server) = found(&format!("postgres://{role}@127.0.0.1:5432/postgres"), None) {
            return Some(server);
        }
    }
    let why = match PrivateServer::start() {
        Ok(private) => match found(&private.url("postgres"), Some(private)) {
            Ok(server) => return Some(server),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    skip(&format!(
        "every test that needs PostgreSQL: none on 127.0.0.1:5432 takes us, and no private one could be started \
         ({why}); ASTEROID_TEST_POSTGRES_URL may name another"
    ));
    None
}

/// Says what is skipped, once a process.
fn skip(what: &str) {
    assert!(
        env::var_os("ASTEROID_REQUIRE_POSTGRES").is_none(),
        "ASTEROID_REQUIRE_POSTGRES is set; skipped were {what}"
    );
    // Not by a macro, whose output the test harness would keep.
    SAID.call_once(|| drop(writeln!(stderr(), "\nSKIPPED: {what}.")));
}

/// A server of the test's own, to be restarted and frozen; none where no `initdb` is, and standard error has told so.
///
/// # Panics
///
/// If there is none although `ASTEROID_REQUIRE_POSTGRES` is set.
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

/// The server at this address, if it takes us and lets us make databases.
fn found(url: &str, private: Option<PrivateServer>) -> Result<Server, BoxError> {
    let config: Config = url.parse()?;
    let connections = on_a_runtime(async move {
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
    Ok(Server { address, slots: Mutex::new(slots.max(1)), freed: Condvar::new(), _private: private })
}

async fn connect(config: &Config) -> Result<Client, BoxError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Runs it on a thread and a runtime of its own: whoever asks may be on a thread of another runtime.
fn on_a_runtime<T: Send + 'static>(
    future: impl Future<Output = Result<T, BoxError>> + Send + 'static,
) -> Result<T, BoxError> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let limit = std::time::Duration::from_secs(20);
            tokio::time::timeout(limit, future).await.map_err(BoxError::from)?
        })
    };
    thread::spawn(run).join().map_err(|_| BoxError::from("the thread broke"))?
}
