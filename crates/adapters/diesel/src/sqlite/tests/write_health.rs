//! Readiness while nothing can be written.

use std::time::{Duration, Instant};

use super::*;

const LARGE: RunSql = RunSql("INSERT INTO numbers VALUES (1, zeroblob(1000000))");

/// Waits until the store is ready. Panics after 5 seconds.
async fn wait_until_ready(storage: &SqliteStorage) {
    let start = Instant::now();
    while let Err(error) = storage.check().await {
        assert!(start.elapsed() < Duration::from_secs(5), "not ready: {error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_store_is_not_ready_from_a_failed_write_until_a_probe_succeeds() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    storage.write(RunSql("PRAGMA busy_timeout = 1; PRAGMA max_page_count = 1")).await.expect("settings");
    storage.check().await.expect("nothing has failed yet");
    storage.write(LARGE).await.expect_err("a full disk");
    // Probes fail as long as another process has the lock.
    let path = storage.folder.path().join("test.db");
    let mut other = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a connection");
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    for wait in [0, 1500] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let error = storage.check().await.expect_err("the last write failed");
        assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
        assert_eq!(cause(&error), "database or disk is full");
    }
    assert_eq!(numbers(&storage).await, [0; 0], "reads go on");
    other.batch_execute("COMMIT").expect("the end of the lock");
    wait_until_ready(&storage).await;
}

#[tokio::test]
async fn a_write_that_is_refused_for_its_values_leaves_the_store_ready() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (1), (1)")).await.expect_err("not unique");
    storage.check().await.expect("the disk is fine");
}

#[tokio::test]
async fn a_probe_writes_to_the_disk_although_it_changes_nothing() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    storage.write(RunSql("PRAGMA wal_autocheckpoint = 0")).await.expect("a setting");
    storage.write(RunSql("PRAGMA max_page_count = 1")).await.expect("a tight disk");
    let log = storage.folder.path().join("test.db-wal");
    let length = || std::fs::metadata(&log).expect("the log").len();
    storage.write(LARGE).await.expect_err("a full disk");
    let before = length();
    wait_until_ready(&storage).await;
    // A frame of one page and its header.
    assert_eq!(length() - before, 4096 + 24);
}
