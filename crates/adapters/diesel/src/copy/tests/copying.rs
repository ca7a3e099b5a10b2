use std::sync::{Arc, Mutex};

use super::*;

/// More than a page, and not whole pages.
const ROWS: usize = 2 * side::PAGE + 3;

#[test]
fn everything_goes_to_postgresql_and_back() {
    if !testing::is_there() {
        return;
    }
    let (here, there, back) = (Place::sqlite(), Place::postgres(), Place::sqlite());
    here.fill(ROWS);
    let tables: Vec<_> = tables().iter().map(|table| (table.name, ROWS as u64)).collect();

    let copied = copy_all(&here, &there).expect("copied");
    assert_eq!(copied.tables, tables);
    assert_eq!(copied.rows(), (tables.len() * ROWS) as u64);
    assert_eq!(copied.migrated.first().map(String::as_str), Some("0001_users"));
    let contents = here.contents();
    assert!(contents.iter().all(|(_, rows)| rows.len() == ROWS));
    assert!(there.contents() == contents, "it is not the same in PostgreSQL");

    assert_eq!(copy_all(&there, &back).expect("copied back").tables, tables);
    assert!(back.contents() == contents, "it is not the same in SQLite again");
}

#[test]
fn everything_goes_from_file_to_file() {
    let (here, there) = (Place::sqlite(), Place::sqlite());
    here.fill(20);
    copy_all(&here, &there).expect("copied");
    assert!(there.contents() == here.contents(), "it is not the same");
}

#[test]
fn everything_goes_from_one_database_of_postgresql_to_another() {
    if !testing::is_there() {
        return;
    }
    let (here, there) = (Place::postgres(), Place::postgres());
    here.fill(20);
    copy_all(&here, &there).expect("copied");
    assert!(there.contents() == here.contents(), "it is not the same");
}

#[test]
fn a_server_finds_in_postgresql_what_it_had_in_sqlite() {
    use asteroid_clients::{Practice, PracticeId, PracticeRepository};
    use asteroid_identity::{Profile, UserRepository};
    use asteroid_kernel::{Storage, StorageError, UnitOfWork, UserId};

    struct Find;

    impl<Tx: UserRepository + PracticeRepository> UnitOfWork<Tx> for Find {
        type Output = (Option<Profile>, Option<Practice>);
        type Error = StorageError;

        async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
            Ok((tx.find_profile(UserId(1)).await?, tx.find_practice(PracticeId(3)).await?))
        }
    }

    if !testing::is_there() {
        return;
    }
    let (here, there) = (Place::sqlite(), Place::postgres());
    here.fill(4);
    here.run(
        "UPDATE practices SET time_zone = 'America/New_York';
         UPDATE user_contacts SET contact = 'ann-' || id || '@example.com', contact_key = 'ann-' || id || '@example.com';
         UPDATE users SET first_name = 'Ann', last_name = 'Lee'",
    );
    copy_all(&here, &there).expect("copied");
    let runtime = runtime();
    let sqlite = crate::SqliteStorage::open(&crate::SqliteOptions::new(here.path())).expect("opened");
    let Database::Postgres(url) = &there.database else { panic!("it is in PostgreSQL") };
    let options = crate::PostgresOptions::new(*url.clone());
    let postgres = runtime.block_on(crate::PostgresStorage::open(&options)).expect("opened");
    let found = runtime.block_on(sqlite.read(Find)).expect("found");
    let (user, practice) = &found;
    let contacts = user.as_ref().expect("a user").contacts.iter().map(|contact| contact.contact.as_str());
    assert_eq!(contacts.collect::<Vec<_>>(), ["ann-1@example.com"]);
    assert!(practice.is_some());
    assert_eq!(runtime.block_on(postgres.read(Find)).expect("found"), found);
}

/// Adds a user to the source as soon as the copy began.
fn what_comes_later(here: Place, there: &Place) {
    here.fill(3);
    let before = here.contents();
    let here = Arc::new(here);
    let writer = Arc::clone(&here);
    let watch = move |progress: CopyProgress| {
        if progress == (CopyProgress { phase: CopyPhase::Copying, done: 0, ..progress }) {
            writer.run(
                "INSERT INTO users (first_name, last_name, enabled, created_at) \
                 VALUES ('Late', 'Comer', true, '2026-01-01T00:00:00.000000Z'); \
                 UPDATE practices SET name = 'Later'",
            );
        }
    };
    copy_and_watch(&here, there, watch).expect("copied");
    assert!(there.contents() == before, "it is not what was there at the beginning");
    assert!(here.contents() != before, "something came later");
}

#[test]
fn one_state_of_sqlite_is_copied_though_others_write_meanwhile() {
    what_comes_later(Place::sqlite(), &Place::sqlite());
}

#[test]
fn one_state_of_postgresql_is_copied_though_others_write_meanwhile() {
    if testing::is_there() {
        what_comes_later(Place::postgres(), &Place::sqlite());
    }
}

#[test]
fn who_watches_learns_how_far_it_is() {
    let (here, there) = (Place::sqlite(), Place::sqlite());
    here.fill(2);
    let seen = Arc::<Mutex<Vec<CopyProgress>>>::default();
    let notes = Arc::clone(&seen);
    copy_and_watch(&here, &there, move |progress| notes.lock().expect("a lock").push(progress))
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
fn a_source_is_not_touched_however_it_is_kept() {
    let (here, there) = (Place::sqlite(), Place::sqlite());
    here.fill(3);
    // As a backup is.
    here.run("PRAGMA journal_mode = DELETE");
    let before = std::fs::read(here.path()).expect("the file");
    copy_all(&here, &there).expect("copied");
    assert!(std::fs::read(here.path()).expect("the file") == before, "the file was written");
    let folder = here.path().parent().expect("a folder");
    assert_eq!(std::fs::read_dir(folder).expect("the folder").count(), 1, "there is a file beside it");
    assert!(there.contents() == here.contents(), "it is not the same");
}
