//! The conformance suite on `SQLite`.

use asteroid_diesel::{SqliteOptions, SqliteStorage};
use tempfile::TempDir;

async fn make_storage() -> (SqliteStorage, TempDir) {
    let folder = TempDir::new().expect("a temporary folder");
    let options = SqliteOptions::new(folder.path().join("conformance.db"));
    let storage = SqliteStorage::open(&options).expect("a new database");
    storage.migrate().await.expect("the tables");
    (storage, folder)
}

asteroid_conformance::suite!(make_storage);
