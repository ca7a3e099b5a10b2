//! Copies that succeed.

use std::sync::{Arc, Mutex};

use super::*;

/// Several pages, the last of which is not full.
const ROWS: usize = 2 * transaction::PAGE + 3;

#[test]
fn a_copy_to_postgresql_and_back_is_complete() {
    if !testing::is_available() {
        return;
    }
    let (source, target, back) = (TestEndpoint::sqlite(), TestEndpoint::postgres(), TestEndpoint::sqlite());
    source.fill(ROWS);
    let tables: Vec<_> = tables().iter().map(|table| (table.name, ROWS as u64)).collect();

    let copied = copy_all(&source, &target).expect("copied");
    assert_eq!(copied.tables, tables);
    assert_eq!(copied.rows(), (tables.len() * ROWS) as u64);
    assert_eq!(copied.migrated.first().map(String::as_str), Some("0001_users"));
    let contents = source.contents();
    assert!(contents.iter().all(|(_, rows)| rows.len() == ROWS));
    assert!(target.contents() == contents, "the contents in PostgreSQL differ");

    assert_eq!(copy_all(&target, &back).expect("copied back").tables, tables);
    assert!(back.contents() == contents, "the contents in SQLite differ");
}

#[test]
fn a_copy_from_sqlite_to_sqlite_is_complete() {
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    source.fill(20);
    copy_all(&source, &target).expect("copied");
    assert!(target.contents() == source.contents(), "the contents differ");
}

#[test]
fn a_copy_from_postgresql_to_postgresql_is_complete() {
    if !testing::is_available() {
        return;
    }
    let (source, target) = (TestEndpoint::postgres(), TestEndpoint::postgres());
    source.fill(20);
    copy_all(&source, &target).expect("copied");
    assert!(target.contents() == source.contents(), "the contents differ");
}

#[test]
fn a_copy_to_postgresql_has_statistics_of_every_table() {
    if !testing::is_available() {
        return;
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
    source.fill(20);
    copy_all(&source, &target).expect("copied");
    for table in tables() {
        let name = table.name;
        target.run(&format!(
            "DO $$ BEGIN ASSERT EXISTS (SELECT FROM pg_stats WHERE tablename = '{name}'), '{name}'; END $$"
        ));
    }
}

#[test]
fn the_repositories_read_the_same_values_from_the_copy() {
    use asteroid_clients::{Practice, PracticeId, PracticeRepository};
    use asteroid_identity::{Profile, UserRepository};
    use asteroid_kernel::{Storage, StorageError, UnitOfWork, UserId};

    struct FindUserAndPractice;

    impl<Tx: UserRepository + PracticeRepository> UnitOfWork<Tx> for FindUserAndPractice {
        type Output = (Option<Profile>, Option<Practice>);
        type Error = StorageError;

        async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
            Ok((tx.find_profile(UserId(1)).await?, tx.find_practice(PracticeId(3)).await?))
        }
    }

    if !testing::is_available() {
        return;
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
    source.fill(4);
    source.run(
        "UPDATE practices SET time_zone = 'America/New_York';
         UPDATE user_contacts SET contact = 'ann-' || id || '@example.com', contact_key = 'ann-' || id || '@example.com';
         UPDATE users SET first_name = 'Ann', last_name = 'Lee'",
    );
    copy_all(&source, &target).expect("copied");
    let runtime = runtime();
    let sqlite = crate::SqliteStorage::open(&crate::SqliteOptions::new(source.path())).expect("opened");
    let Database::Postgres(url) = &target.database else { panic!("a PostgreSQL database") };
    let options = crate::PostgresOptions::new(*url.clone());
    let postgres = runtime.block_on(crate::PostgresStorage::open(&options)).expect("opened");
    let found = runtime.block_on(sqlite.read(FindUserAndPractice)).expect("found");
    let (user, practice) = &found;
    let contacts = user.as_ref().expect("a user").contacts.iter().map(|contact| contact.contact.as_str());
    assert_eq!(contacts.collect::<Vec<_>>(), ["ann-1@example.com"]);
    assert!(practice.is_some());
    assert_eq!(runtime.block_on(postgres.read(FindUserAndPractice)).expect("found"), found);
}

/// Writes to the source as soon as the copy starts, and asserts that the copy has the rows from before.
fn assert_snapshot(source: TestEndpoint, target: &TestEndpoint) {
    source.fill(3);
    let before = source.contents();
    let source = Arc::new(source);
    let writer = Arc::clone(&source);
    let watch = move |progress: CopyProgress| {
        if progress == (CopyProgress { phase: CopyPhase::Copying, done: 0, ..progress }) {
            writer.run(
                "INSERT INTO users (first_name, last_name, enabled, created_at) \
                 VALUES ('Late', 'Comer', true, '2026-01-01T00:00:00.000000Z'); \
                 UPDATE practices SET name = 'Later'",
            );
        }
    };
    copy_and_watch(&source, target, watch).expect("copied");
    assert!(target.contents() == before, "the copy is not the snapshot of the start");
    assert!(source.contents() != before, "the source has changed");
}

#[test]
fn concurrent_writes_to_an_sqlite_source_are_not_copied() {
    assert_snapshot(TestEndpoint::sqlite(), &TestEndpoint::sqlite());
}

#[test]
fn concurrent_writes_to_a_postgresql_source_are_not_copied() {
    if testing::is_available() {
        assert_snapshot(TestEndpoint::postgres(), &TestEndpoint::sqlite());
    }
}

#[test]
fn the_progress_counts_every_row_once_per_phase() {
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    source.fill(2);
    let seen = Arc::<Mutex<Vec<CopyProgress>>>::default();
    let recorder = Arc::clone(&seen);
    copy_and_watch(&source, &target, move |progress| recorder.lock().expect("a lock").push(progress))
        .expect("copied");
    let seen = seen.lock().expect("a lock");
    let total = 2 * tables().len() as u64;
    for phase in [CopyPhase::Copying, CopyPhase::Comparing] {
        let of_phase = seen.iter().filter(|progress| progress.phase == phase);
        let done: Vec<u64> = of_phase.map(|progress| progress.done).collect();
        let expected: Vec<u64> = (0..=total / 2).map(|tables| tables * 2).collect();
        assert_eq!(done, expected, "{phase:?}");
    }
    assert!(seen.iter().all(|progress| progress.total == total));
}

#[test]
fn an_sqlite_source_in_any_journal_mode_is_not_written() {
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    source.fill(3);
    // The journal mode of a backup.
    source.run("PRAGMA journal_mode = DELETE");
    let before = std::fs::read(source.path()).expect("the file");
    copy_all(&source, &target).expect("copied");
    assert!(std::fs::read(source.path()).expect("the file") == before, "the file was written");
    let folder = source.path().parent().expect("a folder");
    assert_eq!(
        std::fs::read_dir(folder).expect("the folder").count(),
        1,
        "the copy left a file beside the source"
    );
    assert!(target.contents() == source.contents(), "the contents differ");
}
