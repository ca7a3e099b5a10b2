//! Migrations of an `SQLite` database.

use super::*;

/// The names of all migrations, in order.
fn all_migrations() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../migrations/sqlite");
    let folders = std::fs::read_dir(folder).expect("the folder of the migrations");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().into_string().expect("a name")
    };
    let mut names: Vec<String> = folders.map(name).collect();
    names.sort_unstable();
    assert!(names.len() > 12, "{names:?}");
    names
}

#[tokio::test]
async fn check_fails_until_a_new_database_is_migrated() {
    let storage = test_storage().await;
    assert_eq!(storage.pending_migrations().await.expect("a list"), all_migrations());
    let error = storage.check().await.expect_err("no tables");
    assert_eq!(cause(&error), format!("the database lacks migrations: {}", all_migrations().join(", ")));

    assert_eq!(storage.migrate().await.expect("the tables"), all_migrations());
    storage.check().await.expect("the tables");
    assert_eq!(storage.pending_migrations().await.expect("a list"), [""; 0]);
    assert_eq!(storage.migrate().await.expect("nothing to do"), [""; 0]);
}

#[tokio::test]
async fn concurrent_migrations_run_once() {
    let storage = test_storage().await;
    let all = tokio::join!(storage.migrate(), storage.migrate(), storage.migrate(), storage.migrate());
    let mut all = [all.0, all.1, all.2, all.3].map(|names| names.expect("migrated").len());
    all.sort_unstable();
    assert_eq!(all, [0, 0, 0, all_migrations().len()]);
}

#[tokio::test]
async fn rollback_of_a_failed_migration_undoes_all_migrations() {
    let storage = test_storage().await;
    storage.write(RunSql("CREATE TABLE audit_events (id)")).await.expect("a conflicting table");
    let error = storage.migrate().await.expect_err("a conflicting table");
    assert_eq!(error.to_string(), "the database could not be migrated");
    assert_eq!(storage.pending_migrations().await.expect("a list"), all_migrations());
    storage.write(RunSql("DROP TABLE audit_events")).await.expect("no conflicting table");
    assert_eq!(storage.migrate().await.expect("the tables"), all_migrations());
}

#[tokio::test]
async fn existing_contacts_count_as_imported_unless_their_user_verified_them() {
    use asteroid_identity::{ContactSource, ImportScope, UserContact, UserRepository};
    use asteroid_kernel::UserId;

    struct ReadSources;
    impl UnitOfWork<SqliteTx> for ReadSources {
        type Output = Vec<(i64, String, ContactSource)>;
        type Error = StorageError;

        async fn run(&self, tx: &mut SqliteTx) -> Result<Self::Output, StorageError> {
            let mut sources = Vec::new();
            for user in 1..=3 {
                let profile = tx.find_profile(UserId(user)).await?.expect("the user exists");
                let source = |own: &UserContact| (user, own.contact.as_str().to_owned(), own.source);
                sources.extend(profile.contacts.iter().map(source));
            }
            Ok(sources)
        }
    }

    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    // User 1 registered. User 2 registered, and an import added a practice and a phone. An import created user 3.
    let rows =
        "INSERT INTO users (id, first_name, last_name, enabled, password_hash, last_login, created_at) VALUES
            (1, 'A', 'B', 1, NULL, NULL, '2026-01-01T00:00:00.000000Z'),
            (2, 'A', 'B', 1, NULL, NULL, '2026-01-02T00:00:00.000000Z'),
            (3, 'A', 'B', 1, NULL, NULL, '2026-01-03T00:00:00.000000Z');
        INSERT INTO user_contacts
            (user_id, kind, contact, contact_key, contact_type, is_primary, verified_at)
        VALUES
            (1, 'email', 'a@example.com', 'a@example.com', 'work', 1, '2026-01-01T00:00:00.000000Z'),
            (2, 'email', 'b@example.com', 'b@example.com', 'work', 1, '2026-01-02T00:00:00.000000Z'),
            (2, 'phone', '+15556654345', '+15556654345', 'work', 1, '2026-01-09T00:00:00.000000Z'),
            (3, 'email', 'c@example.com', 'c@example.com', 'work', 1, '2026-01-03T00:00:00.000000Z');
        INSERT INTO practices VALUES (7, 1, 'P', 'p', NULL, NULL, '[]', 'UTC', '[]');
        INSERT INTO memberships (user_id, practice_id, source_id, primary_role, roles)
        VALUES (2, 7, 1, 'pet', '[]'), (3, 7, 1, 'pet', '[]');
        INSERT INTO audit_events (id, at, action, outcome, user_id)
        VALUES
            (randomblob(16), '2026-01-01T00:00:00.000000Z', 'verify_code', 'done', 1),
            (randomblob(16), '2026-01-02T00:00:00.000000Z', 'verify_code', 'done', 2),
            (randomblob(16), '2026-01-04T00:00:00.000000Z', 'verify_code', 'done', 3)";
    storage.write(RunSql(rows)).await.expect("existing users");
    let step = include_str!("../../../../../../migrations/sqlite/0017_contacts_of_imports/up.sql");
    storage.write(RunSql(step)).await.expect("the step");
    let imported = ContactSource::Imported(ImportScope(Some(7)));
    let sources = storage.read(ReadSources).await.expect("the users");
    let expected = [
        (1, "a@example.com", ContactSource::Verified),
        (2, "b@example.com", ContactSource::Verified),
        (2, "+15556654345", imported),
        (3, "c@example.com", imported),
    ];
    assert_eq!(sources, expected.map(|(user, contact, source)| (user, contact.to_owned(), source)));
}
