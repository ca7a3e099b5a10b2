use super::*;

/// The folders of the migrations, in their order.
fn every_step() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../migrations/sqlite");
    let folders = std::fs::read_dir(folder).expect("the migrations are there");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().into_string().expect("a name")
    };
    let mut names: Vec<String> = folders.map(name).collect();
    names.sort_unstable();
    assert!(names.len() > 12, "{names:?}");
    names
}

#[tokio::test]
async fn a_new_database_is_ready_once_it_is_migrated() {
    let storage = scratch().await;
    assert_eq!(storage.pending_migrations().await.expect("a list"), every_step());
    let error = storage.check().await.expect_err("no tables");
    assert_eq!(cause(&error), format!("the database lacks migrations: {}", every_step().join(", ")));

    assert_eq!(storage.migrate().await.expect("the tables"), every_step());
    storage.check().await.expect("the tables");
    assert_eq!(storage.pending_migrations().await.expect("a list"), [""; 0]);
    assert_eq!(storage.migrate().await.expect("nothing to do"), [""; 0]);
}

#[tokio::test]
async fn of_several_who_migrate_at_once_one_does() {
    let storage = scratch().await;
    let all = tokio::join!(storage.migrate(), storage.migrate(), storage.migrate(), storage.migrate());
    let mut all = [all.0, all.1, all.2, all.3].map(|names| names.expect("migrated").len());
    all.sort_unstable();
    assert_eq!(all, [0, 0, 0, every_step().len()]);
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let storage = scratch().await;
    storage.write(Sql("CREATE TABLE audit_events (id)")).await.expect("a table in the way");
    let error = storage.migrate().await.expect_err("a table in the way");
    assert_eq!(error.to_string(), "the database could not be migrated");
    assert_eq!(storage.pending_migrations().await.expect("a list"), every_step());
    storage.write(Sql("DROP TABLE audit_events")).await.expect("no table in the way");
    assert_eq!(storage.migrate().await.expect("the tables"), every_step());
}
