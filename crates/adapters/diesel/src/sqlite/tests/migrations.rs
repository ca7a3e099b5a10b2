use super::*;

const ALL: [&str; 13] = [
    "0001_users",
    "0002_registrations_and_sessions",
    "0003_challenges",
    "0004_outbox",
    "0005_limits",
    "0006_audit",
    "0007_terms",
    "0008_practices",
    "0009_memberships",
    "0010_client_classes",
    "0011_clients",
    "0012_patients",
    "0013_outbox_channels",
];

#[tokio::test]
async fn a_new_database_is_ready_once_it_is_migrated() {
    let storage = scratch().await;
    assert_eq!(storage.pending_migrations().await.expect("a list"), ALL);
    let error = storage.check().await.expect_err("no tables");
    assert_eq!(cause(&error), format!("the database lacks migrations: {}", ALL.join(", ")));

    assert_eq!(storage.migrate().await.expect("the tables"), ALL);
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
    assert_eq!(all, [0, 0, 0, ALL.len()]);
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let storage = scratch().await;
    storage.write(Sql("CREATE TABLE audit_events (id)")).await.expect("a table in the way");
    let error = storage.migrate().await.expect_err("a table in the way");
    assert_eq!(error.to_string(), "the database could not be migrated");
    assert_eq!(storage.pending_migrations().await.expect("a list"), ALL);
    storage.write(Sql("DROP TABLE audit_events")).await.expect("no table in the way");
    assert_eq!(storage.migrate().await.expect("the tables"), ALL);
}
