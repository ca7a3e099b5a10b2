//! The conformance suite on `PostgreSQL`.

use std::time::Duration;

use asteroid_diesel::postgres::testing::{self, TestDatabase};
use asteroid_diesel::{PostgresOptions, PostgresStorage};

async fn make_storage() -> (PostgresStorage, TestDatabase) {
    let database = TestDatabase::create().expect("a server is available");
    // Some clauses write thousands of records in one unit of work, and the machine may be busy.
    let unit_timeout = Duration::from_mins(1);
    let options = PostgresOptions::new(database.url().clone());
    let options = PostgresOptions { connections: 8, unit_timeout, longest_wait: unit_timeout, ..options };
    let storage = PostgresStorage::open(&options).await.expect("a new database");
    storage.migrate().await.expect("the tables");
    (storage, database)
}

asteroid_conformance::suite!(make_storage, if testing::is_available);
