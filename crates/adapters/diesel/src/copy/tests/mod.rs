//! Tests of copies in both backends.

mod copying;
mod failures;
mod fixtures;
mod numbers;
mod schema;

use std::path::PathBuf;

use asteroid_kernel::Timestamp;
use asteroid_terms::{TermsVersion, VersionLabel};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};

use super::table::tables;
use super::*;
use crate::postgres::testing::{self, TestDatabase};
use crate::{postgres, sqlite};

/// A fresh database as the source or target of a copy.
struct TestEndpoint {
    database: Database,
    _folder: Option<TempDir>,
    _server: Option<TestDatabase>,
}

impl TestEndpoint {
    fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let database = Database::Sqlite(folder.path().join("a 100% #1?.db"));
        Self { database, _folder: Some(folder), _server: None }
    }

    fn postgres() -> Self {
        let server = TestDatabase::create().expect("a server is available");
        let database = Database::Postgres(Box::new(server.url().clone()));
        Self { database, _folder: None, _server: Some(server) }
    }

    fn path(&self) -> &PathBuf {
        match &self.database {
            Database::Sqlite(path) => path,
            Database::Postgres(_) => panic!("not a file"),
        }
    }

    fn migrate(&self) {
        match &self.database {
            Database::Sqlite(path) => sqlite::copy::migrate(path),
            Database::Postgres(url) => postgres::copy::migrate(url),
        }
        .expect("migrated");
    }

    fn source(&self) -> Box<dyn CopyTransaction> {
        match &self.database {
            Database::Sqlite(path) => Box::new(sqlite::copy::source(path).expect("opened")),
            Database::Postgres(url) => Box::new(postgres::copy::source(url).expect("opened")),
        }
    }

    fn target(&self) -> Box<dyn CopyTransaction> {
        match &self.database {
            Database::Sqlite(path) => Box::new(sqlite::copy::target(path).expect("opened")),
            Database::Postgres(url) => Box::new(postgres::copy::target(url).expect("opened")),
        }
    }

    /// Migrates the database and inserts this number of rows into every table.
    fn fill(&self, rows: usize) {
        self.migrate();
        let mut target = self.target();
        for table in tables() {
            let rows: Vec<CopyRow> = (0..rows).map(|number| fixtures::row(&table, number)).collect();
            for page in rows.chunks(transaction::PAGE) {
                let inserted = target.insert(&table, page);
                inserted.unwrap_or_else(|error| panic!("{}: {}", table.name, error.source));
            }
            if table.numbered {
                let last = target.last_number(&table).expect("a number");
                target.number_above(&table, last).expect("numbered");
            }
        }
        target.commit().expect("committed");
    }

    /// Runs statements on a new connection.
    fn run(&self, sql: &str) {
        match &self.database {
            Database::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("opened");
                conn.batch_execute(sql).expect(sql);
            }
            Database::Postgres(url) => {
                let (config, sql) = (url.expose().parse::<Config>().expect("an address"), sql.to_owned());
                // On a thread of its own, because the test may run on a runtime.
                let run = move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.expect("a runtime").block_on(async {
                        let (client, connection) = config.connect(NoTls).await.expect("connected");
                        tokio::spawn(connection);
                        client.batch_execute(&sql).await.expect(&sql);
                    });
                };
                thread::spawn(run).join().expect("it ran");
            }
        }
    }

    /// Every row of every table.
    fn contents(&self) -> Vec<(&'static str, Vec<CopyRow>)> {
        let mut transaction = self.source();
        let mut read = |table: &CopyTable| {
            let mut rows: Vec<CopyRow> = Vec::new();
            loop {
                let page = transaction.page(table, rows.last());
                let page = page.unwrap_or_else(|error| panic!("{}: {}", table.name, error.source));
                if page.is_empty() {
                    return rows;
                }
                rows.extend(page);
            }
        };
        tables().iter().map(|table| (table.name, read(table))).collect()
    }

    fn is_empty(&self) -> bool {
        self.contents().iter().all(|(_, rows)| rows.is_empty())
    }

    fn last_numbers(&self) -> Vec<(&'static str, i64)> {
        let mut transaction = self.source();
        let tables = tables();
        let numbered = tables.iter().filter(|table| table.numbered);
        numbered.map(|table| (table.name, transaction.last_number(table).expect("a number"))).collect()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// The version of the terms that a fresh store publishes.
fn first_terms() -> TermsVersion {
    let label = VersionLabel::parse("1").expect("a label");
    TermsVersion { label, text: "Be kind.".to_owned(), published_at: Timestamp::from_micros(0) }
}

fn copy_and_watch(
    from: &TestEndpoint,
    to: &TestEndpoint,
    watch: impl FnMut(CopyProgress) + Send + 'static,
) -> Result<Copied, CopyError> {
    let order =
        CopyOrder { from: from.database.clone(), to: to.database.clone(), first_terms: first_terms() };
    runtime().block_on(copy(order, watch))
}

fn copy_all(from: &TestEndpoint, to: &TestEndpoint) -> Result<Copied, CopyError> {
    copy_and_watch(from, to, |_| ())
}

/// The messages of an error and its source.
fn message(error: &CopyError) -> (String, String) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    (error.to_string(), source.unwrap_or_default())
}
