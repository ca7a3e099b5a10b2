//! The file of the database: permissions, errors and settings.

use diesel::sql_types::Text;

use super::*;
use crate::sqlite::OpenError;

#[tokio::test]
async fn committed_rows_survive_reopening_the_file() {
    let storage = test_storage().await;
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (1)")).await.expect("a unit");
    let TestStorage { storage, folder } = storage;
    drop(storage);
    let files = std::fs::read_dir(folder.path()).expect("the folder");
    let files: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(files, ["test.db"], "a closed store leaves one file");
    let again = SqliteStorage::open(&options(&folder)).expect("the same database");
    assert_eq!(numbers(&again).await, [1]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_readable_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt;

    let storage = test_storage_with(|options| {
        let folder = options.path.parent().expect("a folder").join("new").join("folder");
        options.path = folder.join("test.db");
    })
    .await;
    let new = storage.folder.path().join("new");
    for (path, mode) in [
        ("", 0o700),
        ("folder", 0o700),
        ("folder/test.db", 0o600),
        ("folder/test.db-wal", 0o600),
        ("folder/test.db-shm", 0o600),
    ] {
        let found = std::fs::metadata(new.join(path)).expect("the file exists").permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
}

#[test]
fn an_error_on_open_names_the_path() {
    let folder = TempDir::new().expect("a temporary folder");
    let open = |name: &str| SqliteStorage::open(&SqliteOptions::new(folder.path().join(name))).err();
    std::fs::write(folder.path().join("letter"), "Dear Martha, this is not a database.").expect("a file");

    let in_a_file = open("letter/test.db").expect("an error");
    assert!(matches!(&in_a_file, OpenError::Folder { path, .. } if *path == folder.path().join("letter")));
    let a_folder = open("").expect("an error");
    assert!(matches!(a_folder, OpenError::File { .. }), "{a_folder:?}");
    let no_database = open("letter").expect("an error");
    assert_eq!(
        no_database.to_string(),
        format!("SQLite cannot use the file {}", folder.path().join("letter").display())
    );
    assert_eq!(
        std::error::Error::source(&no_database).expect("a cause").to_string(),
        "file is not a database"
    );
}

#[tokio::test]
async fn a_special_sqlite_name_is_opened_as_a_file() {
    let storage = test_storage_with(|options| options.path.set_file_name(":memory:")).await;
    assert!(storage.folder.path().join(":memory:").is_file());
}

async fn pragma(storage: &SqliteStorage, reader: bool, name: &'static str) -> String {
    let read = unit(move |tx| {
        let value = diesel::dsl::sql::<Text>(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"));
        tx.run(|conn| value.get_result(conn))
    });
    if reader { storage.read(read).await } else { storage.write(read).await }.expect("a setting")
}

#[tokio::test]
async fn a_commit_is_synced_to_the_disk_before_it_is_acknowledged() {
    let storage = test_storage().await;
    assert_eq!(pragma(&storage, false, "journal_mode").await, "wal");
    // 2 is FULL.
    assert_eq!(pragma(&storage, false, "synchronous").await, "2");
    assert_eq!(pragma(&storage, false, "foreign_keys").await, "1");
    assert_eq!(pragma(&storage, true, "query_only").await, "1");
}

#[tokio::test]
async fn sqlite_is_compiled_with_the_configured_options() {
    let configured = option_env!("LIBSQLITE3_FLAGS").unwrap_or_default();
    let storage = test_storage().await;
    let options = unit(|tx| {
        tx.run(|conn| {
            diesel::dsl::sql::<Text>("SELECT compile_options FROM pragma_compile_options").load(conn)
        })
    });
    let options: Vec<String> = storage.read(options).await.expect("a list");
    for flag in configured.split_whitespace().filter_map(|flag| flag.strip_prefix("-DSQLITE_")) {
        assert!(options.iter().any(|option| option == flag), "{flag} is not among {options:?}");
    }
}
