mod copying;
mod fixtures;
mod numbers;
mod refusals;
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

/// A database of the test's own.
struct Place {
    database: Database,
    _folder: Option<TempDir>,
    _server: Option<TestDatabase>,
}

impl Place {
    fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let database = Database::Sqlite(folder.path().join("a 100% #1?.db"));
        Self { database, _folder: Some(folder), _server: None }
    }

    fn postgres() -> Self {
        let server = TestDatabase::create().expect("there is a server");
        let database = Database::Postgres(Box::new(server.url().clone()));
        Self { database, _folder: None, _server: Some(server) }
    }

    fn path(&self) -> &PathBuf {
        match &self.database {
            Database::Sqlite(path) => path,
            Database::Postgres(_) => panic!("it is no file"),
        }
    }

    fn migrate(&self) {
        match &self.database {
            Database::Sqlite(path) => sqlite::copy::migrate(path),
            Database::Postgres(url) => postgres::copy::migrate(url),
        }
        .expect("migrated");
    }

    fn source(&self) -> Box<dyn Side> {
        match &self.database {
            Database::Sqlite(path) => Box::new(sqlite::copy::source(path).expect("opened")),
            Database::Postgres(url) => Box::new(postgres::copy::source(url).expect("opened")),
        }
    }

    fn target(&self) -> Box<dyn Side> {
        match &self.database {
            Database::Sqlite(path) => Box::new(sqlite::copy::target(path).expect("opened")),
            Database::Postgres(url) => Box::new(postgres::copy::target(url).expect("opened")),
        }
    }

    /// Migrates it, and puts so many rows into every table.
    fn fill(&self, rows: usize) {
        self.migrate();
        let mut target = self.target();
        for table in tables() {
            let rows: Vec<Row> = (0..rows).map(|number| fixtures::row(&table, number)).collect();
            for page in rows.chunks(side::PAGE) {
                let inserted = target.insert(&table, page);
                inserted.unwrap_or_else(|refused| panic!("{}: {}", table.name, refused.source));
            }
            if table.numbered {
                let last = target.last_number(&table).expect("a number");
                target.number_above(&table, last).expect("numbered");
            }
        }
        target.commit().expect("committed");
    }

    /// Runs statements on a connection of their own.
    fn run(&self, sql: &str) {
        match &self.database {
            Database::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("opened");
                conn.batch_execute(sql).expect(sql);
            }
            Database::Postgres(url) => {
                let (config, sql) = (url.expose().parse::<Config>().expect("an address"), sql.to_owned());
                // On a thread of its own: the test may be on a runtime's.
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
    fn contents(&self) -> Vec<(&'static str, Vec<Row>)> {
        let mut side = self.source();
        let mut read = |table: &Table| {
            let mut rows: Vec<Row> = Vec::new();
            loop {
                let page = side.page(table, rows.last());
                let page = page.unwrap_or_else(|wrong| panic!("{}: {}", table.name, wrong.source));
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
        let mut side = self.source();
        let tables = tables();
        let numbered = tables.iter().filter(|table| table.numbered);
        numbered.map(|table| (table.name, side.last_number(table).expect("a number"))).collect()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// The version that stores get by themselves.
fn first_terms() -> TermsVersion {
    let label = VersionLabel::parse("1").expect("a label");
    TermsVersion { label, text: "Be kind.".to_owned(), published_at: Timestamp::from_micros(0) }
}

fn copy_and_watch(
    from: &Place,
    to: &Place,
    watch: impl FnMut(CopyProgress) + Send + 'static,
) -> Result<Copied, CopyError> {
    let order =
        CopyOrder { from: from.database.clone(), to: to.database.clone(), first_terms: first_terms() };
    runtime().block_on(copy(order, watch))
}

fn copy_all(from: &Place, to: &Place) -> Result<Copied, CopyError> {
    copy_and_watch(from, to, |_| ())
}

/// The error and its source, in words.
fn told(error: &CopyError) -> (String, String) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    (error.to_string(), source.unwrap_or_default())
}
