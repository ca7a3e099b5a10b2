use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::{Connection, SqliteConnection};
use futures_util::FutureExt;
use tokio::task::JoinHandle;

use super::*;

/// Keeps the writer at a unit until it is let go.
struct Held {
    go: SyncSender<()>,
    unit: JoinHandle<Result<(), StorageError>>,
}

/// A unit that says when it runs, and then waits to be let go.
struct Hold {
    runs: SyncSender<()>,
    go: Mutex<Receiver<()>>,
}

impl UnitOfWork<SqliteTx> for Hold {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.sql("INSERT INTO numbers (number) VALUES (0)")?;
        self.runs.send(()).expect("a test that waits");
        self.go.lock().expect("a lock").recv().expect("a test that goes on");
        Ok(())
    }
}

async fn hold(storage: &Arc<Scratch>) -> Held {
    let ((runs, running), (go, gone)) = (sync_channel(1), sync_channel(1));
    let storage = Arc::clone(storage);
    let unit = tokio::spawn(async move { storage.write(Hold { runs, go: Mutex::new(gone) }).await });
    tokio::task::spawn_blocking(move || running.recv()).await.expect("no panic").expect("the unit runs");
    Held { go, unit }
}

impl Held {
    async fn let_go(self) -> Result<(), StorageError> {
        self.go.send(()).expect("a unit that waits");
        self.unit.await.expect("no panic")
    }
}

/// Hands a unit over; the future is its answer.
fn enqueue_unit<W: UnitOfWork<SqliteTx>>(
    storage: &Arc<Scratch>,
    work: W,
) -> impl Future<Output = Result<W::Output, W::Error>> + use<W> {
    let storage = Arc::clone(storage);
    let mut answer = Box::pin(async move { storage.write(work).await });
    assert!(answer.as_mut().now_or_never().is_none(), "the unit waits");
    answer
}

#[tokio::test]
async fn a_unit_beyond_the_queue_is_refused_as_busy() {
    let storage = Arc::new(scratch_with(|options| options.queue_length = 1).await);
    let held = hold(&storage).await;
    let waiting = enqueue_unit(&storage, Sql("INSERT INTO numbers (number) VALUES (1)"));
    let refused = storage.write(Sql("INSERT INTO numbers (number) VALUES (2)")).await;
    assert!(matches!(refused, Err(StorageError::Busy)), "{refused:?}");
    held.let_go().await.expect("the first unit");
    waiting.await.expect("the second unit");
    assert_eq!(numbers(&storage).await, [0, 1]);
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_a_whole_transaction() {
    let storage = Arc::new(scratch().await);
    let held = hold(&storage).await;
    drop(enqueue_unit(
        &storage,
        Sql("INSERT INTO numbers VALUES (1, NULL); INSERT INTO numbers VALUES (2, NULL)"),
    ));
    held.unit.abort();
    held.go.send(()).expect("a unit that waits");
    storage.write(Sql("INSERT INTO numbers (number) VALUES (3)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_unit_that_is_refused_takes_back_nothing_but_its_own() {
    let storage = Arc::new(scratch().await);
    let held = hold(&storage).await;
    let before = enqueue_unit(&storage, Sql("INSERT INTO numbers (number) VALUES (1)"));
    let refused = enqueue_unit(
        &storage,
        unit(|tx| {
            tx.sql("DELETE FROM numbers; INSERT INTO numbers (number) VALUES (2)")?;
            Err::<(), _>(refusal())
        }),
    );
    let failed = enqueue_unit(&storage, Sql("INSERT INTO numbers (number) VALUES (1)"));
    let after = enqueue_unit(&storage, unit(all_numbers));
    held.let_go().await.expect("the first unit");
    before.await.expect("the second unit");
    assert_eq!(cause(&refused.await.expect_err("a refusal")), "refused");
    let failed = failed.await.expect_err("a failure");
    assert_eq!(cause(&failed), "UNIQUE constraint failed: numbers.number");
    assert_eq!(after.await.expect("the last unit"), [0, 1]);
    assert_eq!(numbers(&storage).await, [0, 1]);
}

#[tokio::test]
async fn if_the_commit_fails_nothing_of_any_unit_was_kept_and_all_are_told() {
    let storage = Arc::new(scratch().await);
    let held = hold(&storage).await;
    let good = enqueue_unit(&storage, Sql("INSERT INTO numbers (number) VALUES (1)"));
    let refused = enqueue_unit(&storage, unit(|_| Err::<(), _>(refusal())));
    let bad = enqueue_unit(&storage, Sql("INSERT INTO friends VALUES (7)"));
    let first = held.let_go().await;
    for ended in [first, good.await, refused.await, bad.await] {
        let error = ended.expect_err("a failed commit");
        assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
        assert_eq!(cause(&error), "FOREIGN KEY constraint failed");
    }
    storage.write(Sql("INSERT INTO numbers (number) VALUES (2)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [2]);
}

#[tokio::test]
async fn a_full_disk_is_told_to_all_whom_it_befell_and_is_over_once_there_is_space() {
    let storage = Arc::new(scratch().await);
    storage.write(Sql("INSERT INTO numbers (number) VALUES (5)")).await.expect("there is space");
    let held = hold(&storage).await;
    let tight = enqueue_unit(&storage, Sql("PRAGMA max_page_count = 1"));
    let fills = enqueue_unit(&storage, Sql("INSERT INTO numbers VALUES (1, zeroblob(1000000))"));
    let first = held.let_go().await;
    for ended in [first, tight.await, fills.await] {
        let error = ended.expect_err("a full disk");
        assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
        assert_eq!(cause(&error), "database or disk is full");
    }
    assert_eq!(numbers(&storage).await, [5]);
    storage.write(Sql("PRAGMA max_page_count = 4294967294")).await.expect("there is space again");
    storage.write(Sql("INSERT INTO numbers VALUES (1, zeroblob(1000000))")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [1, 5]);
}

#[tokio::test]
async fn a_unit_that_goes_on_after_a_failed_statement_is_not_kept() {
    let storage = scratch().await;
    storage.write(Sql("PRAGMA max_page_count = 1")).await.expect("a tight disk");
    let deaf = unit(|tx| {
        let _ = tx.sql("INSERT INTO numbers VALUES (1, zeroblob(1000000))");
        // By now SQLite has rolled the transaction back: this would be committed by itself.
        let _ = tx.sql("INSERT INTO numbers (number) VALUES (2)");
        Ok(())
    });
    let error = storage.write(deaf).await.expect_err("a full disk");
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn a_panic_rolls_its_unit_back_and_the_next_one_runs() {
    let storage = scratch().await;
    let panics = unit(|tx| -> Result<(), StorageError> {
        tx.sql("INSERT INTO numbers (number) VALUES (1)")?;
        panic!("a panic that a test wants");
    });
    let error = storage.write(panics).await.expect_err("a panic");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert_eq!(cause(&error), "the unit of work panicked");
    storage.write(Sql("INSERT INTO numbers (number) VALUES (2)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [2]);
}

struct Sleeps;

impl UnitOfWork<SqliteTx> for Sleeps {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.sql("INSERT INTO numbers (number) VALUES (1)")?;
        tokio::task::yield_now().await;
        Ok(())
    }
}

#[tokio::test]
async fn a_unit_that_waits_for_something_else_is_rolled_back() {
    let storage = scratch().await;
    let error = storage.write(Sleeps).await.expect_err("it waits");
    assert_eq!(cause(&error), "the unit of work waited for something else than its repositories");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn while_another_process_writes_units_are_refused_as_busy() {
    let storage = scratch().await;
    storage.write(Sql("PRAGMA busy_timeout = 1")).await.expect("an impatient writer");
    let path = storage.folder.path().join("test.db");
    let mut other = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a connection");
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let refused = storage.write(Sql("INSERT INTO numbers (number) VALUES (1)")).await;
    assert!(matches!(refused, Err(StorageError::Busy)), "{refused:?}");
    other.batch_execute("COMMIT").expect("the end of the lock");
    storage.write(Sql("INSERT INTO numbers (number) VALUES (2)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [2]);
}

#[tokio::test]
async fn dropping_the_store_waits_for_what_was_handed_over() {
    let mut storage = Arc::new(scratch().await);
    let held = hold(&storage).await;
    drop(enqueue_unit(&storage, Sql("INSERT INTO numbers (number) VALUES (1)")));
    held.unit.abort();
    let _ = held.unit.await;
    let scratch = Arc::get_mut(&mut storage).expect("nobody else has it");
    let again = SqliteStorage::open(&options(&scratch.folder)).expect("a second one");
    let old = std::mem::replace(&mut scratch.storage, again);
    let (dropped, is_dropped) = sync_channel(1);
    let dropping = std::thread::spawn(move || {
        drop(old);
        dropped.send(()).expect("a test that waits");
    });
    assert!(is_dropped.recv_timeout(Duration::from_millis(100)).is_err(), "it waits");
    held.go.send(()).expect("a unit that waits");
    dropping.join().expect("no panic");
    assert_eq!(numbers(&storage).await, [0, 1]);
}
