//! Files of the database that are deleted, moved or replaced while they are open.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::*;

/// What happens to the files in a folder with the database `test.db`, and the file that the error names.
type Change = (fn(&Path), &'static str);

fn copy(folder: &Path, name: &str) {
    fs::copy(folder.join(name), folder.join("copy")).expect("a copy");
    fs::rename(folder.join("copy"), folder.join(name)).expect("the copy takes its place");
}

const CHANGES: [Change; 9] = [
    (|folder| fs::remove_file(folder.join("test.db")).expect("deleted"), "test.db"),
    (|folder| fs::rename(folder.join("test.db"), folder.join("moved.db")).expect("moved"), "test.db"),
    (|folder| copy(folder, "test.db"), "test.db"),
    (
        |folder| {
            let other = folder.join("other.db");
            drop(SqliteStorage::open(&SqliteOptions::new(&other)).expect("another database"));
            fs::rename(other, folder.join("test.db")).expect("replaced");
        },
        "test.db",
    ),
    (
        |folder| {
            for name in ["test.db", "test.db-wal", "test.db-shm"] {
                fs::remove_file(folder.join(name)).expect("deleted");
            }
        },
        "test.db",
    ),
    (|folder| fs::remove_file(folder.join("test.db-wal")).expect("deleted"), "test.db-wal"),
    (|folder| copy(folder, "test.db-wal"), "test.db-wal"),
    (|folder| fs::remove_file(folder.join("test.db-shm")).expect("deleted"), "test.db-shm"),
    (
        |folder| {
            let moved = folder.with_extension("moved");
            fs::rename(folder, &moved).expect("moved");
            fs::create_dir(folder).expect("a new folder");
            fs::remove_dir_all(moved).expect("deleted");
        },
        "test.db",
    ),
];

fn assert_refused(result: Result<(), StorageError>, file: &Path) {
    let error = result.expect_err("a file has changed");
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    assert_eq!(
        cause(&error),
        format!(
            "the database file {} was deleted, moved or replaced while it was open: stop the server, restore the file, \
             and start the server again",
            file.display()
        )
    );
}

async fn insert(storage: &SqliteStorage, sql: &'static str) -> Result<(), StorageError> {
    storage.write(RunSql(sql)).await
}

#[tokio::test]
async fn nothing_is_acknowledged_after_a_file_was_deleted_moved_or_replaced() {
    for (change, file) in CHANGES {
        let storage = test_storage().await;
        insert(&storage, "INSERT INTO numbers (number) VALUES (1)").await.expect("nothing has changed");
        change(storage.folder.path());
        let file = storage.folder.path().join(file);
        assert_refused(insert(&storage, "INSERT INTO numbers (number) VALUES (2)").await, &file);
        assert_refused(storage.check().await, &file);
        // Reads go on, and see that the write was rolled back.
        assert_eq!(numbers(&storage).await, [1]);
    }
}

#[tokio::test]
async fn writes_go_on_when_the_same_file_is_back() {
    let storage = test_storage().await;
    let (file, moved) = (storage.folder.path().join("test.db"), storage.folder.path().join("moved.db"));
    fs::rename(&file, &moved).expect("moved");
    assert_refused(insert(&storage, "INSERT INTO numbers (number) VALUES (1)").await, &file);
    fs::rename(&moved, &file).expect("moved back");
    insert(&storage, "INSERT INTO numbers (number) VALUES (2)").await.expect("the same file");
    let TestStorage { storage, folder } = storage;
    drop(storage);
    let again = SqliteStorage::open(&options(&folder)).expect("the same database");
    assert_eq!(numbers(&again).await, [2]);
}

#[tokio::test]
async fn a_database_behind_a_link_is_refused_when_the_link_or_its_target_moves() {
    let changes: [Change; 3] = [
        (|folder| fs::remove_file(folder.join("test.db")).expect("deleted"), "test.db"),
        (|folder| fs::rename(folder.join("target.db"), folder.join("moved.db")).expect("moved"), "test.db"),
        // The link still leads to the same file. But the next start would look for its write-ahead log beside it.
        (
            |folder| {
                fs::rename(folder.join("target.db"), folder.join("moved.db")).expect("moved");
                fs::remove_file(folder.join("test.db")).expect("deleted");
                symlink("moved.db", folder.join("test.db")).expect("a link");
            },
            "target.db",
        ),
    ];
    for (change, file) in changes {
        let storage = test_storage_with(|options| {
            let folder = options.path.parent().map(PathBuf::from).expect("a folder");
            fs::write(folder.join("target.db"), "").expect("an empty database");
            symlink("target.db", &options.path).expect("a link");
        })
        .await;
        let folder = storage.folder.path();
        assert!(folder.join("target.db-wal").exists(), "the log is beside the target");
        insert(&storage, "INSERT INTO numbers (number) VALUES (1)").await.expect("nothing has changed");
        change(folder);
        assert_refused(insert(&storage, "INSERT INTO numbers (number) VALUES (2)").await, &folder.join(file));
    }
}
