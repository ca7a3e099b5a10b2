//! Write units in `SQLite`: the queue, group commit, rollback and errors.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::{Connection, SqliteConnection};
use futures_util::FutureExt;
use tokio::task::JoinHandle;

use super::*;

/// A writer thread that is blocked by a unit of work.
struct BlockedWriter {
    release: SyncSender<()>,
    unit: JoinHandle<Result<(), StorageError>>,
}

/// A unit of work that signals that it runs, and then blocks until released.
struct BlockWriter {
    running: SyncSender<()>,
    release: Mutex<Receiver<()>>,
}

impl UnitOfWork<SqliteTx> for BlockWriter {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.sql("INSERT INTO numbers (number) VALUES (0)")?;
        self.running.send(()).expect("the test waits");
        self.release.lock().expect("a lock").recv().expect("the test releases");
        Ok(())
    }
}

/// Blocks the writer thread of the store.
async fn block_writer(storage: &Arc<TestStorage>) -> BlockedWriter {
    let ((running, is_running), (release, released)) = (sync_channel(1), sync_channel(1));
    let storage = Arc::clone(storage);
    let unit =
        tokio::spawn(
            async move { storage.write(BlockWriter { running, release: Mutex::new(released) }).await },
        );
    tokio::task::spawn_blocking(move || is_running.recv()).await.expect("no panic").expect("the unit runs");
    BlockedWriter { release, unit }
}

impl BlockedWriter {
    /// Releases the writer and returns the result of its unit.
    async fn release(self) -> Result<(), StorageError> {
        self.release.send(()).expect("the unit waits");
        self.unit.await.expect("no panic")
    }
}

/// Queues a unit of work and returns the future of its result.
fn enqueue_unit<W: UnitOfWork<SqliteTx>>(
    storage: &Arc<TestStorage>,
    work: W,
) -> impl Future<Output = Result<W::Output, W::Error>> + use<W> {
    let storage = Arc::clone(storage);
    let mut answer = Box::pin(async move { storage.write(work).await });
    assert!(answer.as_mut().now_or_never().is_none(), "the unit waits");
    answer
}

#[tokio::test]
async fn a_unit_over_the_queue_limit_fails_as_busy() {
    let storage = Arc::new(test_storage_with(|options| options.queue_length = 1).await);
    let blocked = block_writer(&storage).await;
    let waiting = enqueue_unit(&storage, RunSql("INSERT INTO numbers (number) VALUES (1)"));
    let refused = storage.write(RunSql("INSERT INTO numbers (number) VALUES (2)")).await;
    assert!(matches!(refused, Err(StorageError::Busy)), "{refused:?}");
    blocked.release().await.expect("the first unit");
    waiting.await.expect("the second unit");
    assert_eq!(numbers(&storage).await, [0, 1]);
}

#[tokio::test]
async fn a_cancelled_caller_leaves_a_complete_transaction() {
    let storage = Arc::new(test_storage().await);
    let blocked = block_writer(&storage).await;
    drop(enqueue_unit(
        &storage,
        RunSql("INSERT INTO numbers VALUES (1, NULL); INSERT INTO numbers VALUES (2, NULL)"),
    ));
    blocked.unit.abort();
    blocked.release.send(()).expect("the unit waits");
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (3)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [0, 1, 2, 3]);
}

#[tokio::test]
async fn rollback_of_one_unit_keeps_the_others_of_its_group() {
    let storage = Arc::new(test_storage().await);
    let blocked = block_writer(&storage).await;
    let before = enqueue_unit(&storage, RunSql("INSERT INTO numbers (number) VALUES (1)"));
    let refused = enqueue_unit(
        &storage,
        unit(|tx| {
            tx.sql("DELETE FROM numbers; INSERT INTO numbers (number) VALUES (2)")?;
            Err::<(), _>(intended_error())
        }),
    );
    let failed = enqueue_unit(&storage, RunSql("INSERT INTO numbers (number) VALUES (1)"));
    let after = enqueue_unit(&storage, unit(all_numbers));
    blocked.release().await.expect("the first unit");
    before.await.expect("the second unit");
    assert_eq!(cause(&refused.await.expect_err("an error")), "intended");
    let failed = failed.await.expect_err("a failure");
    assert_eq!(cause(&failed), "UNIQUE constraint failed: numbers.number");
    assert_eq!(after.await.expect("the last unit"), [0, 1]);
    assert_eq!(numbers(&storage).await, [0, 1]);
}

#[tokio::test]
async fn rollback_of_a_failed_commit_fails_every_unit_of_the_group() {
    let storage = Arc::new(test_storage().await);
    let blocked = block_writer(&storage).await;
    let good = enqueue_unit(&storage, RunSql("INSERT INTO numbers (number) VALUES (1)"));
    let refused = enqueue_unit(&storage, unit(|_| Err::<(), _>(intended_error())));
    let bad = enqueue_unit(&storage, RunSql("INSERT INTO number_references VALUES (7)"));
    let first = blocked.release().await;
    for ended in [first, good.await, refused.await, bad.await] {
        let error = ended.expect_err("a failed commit");
        assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
        assert_eq!(cause(&error), "FOREIGN KEY constraint failed");
    }
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (2)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [2]);
}

#[tokio::test]
async fn a_full_disk_fails_every_unit_of_the_group_until_there_is_space() {
    let storage = Arc::new(test_storage().await);
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (5)")).await.expect("there is space");
    let blocked = block_writer(&storage).await;
    let tight = enqueue_unit(&storage, RunSql("PRAGMA max_page_count = 1"));
    let fills = enqueue_unit(&storage, RunSql("INSERT INTO numbers VALUES (1, zeroblob(1000000))"));
    let first = blocked.release().await;
    for ended in [first, tight.await, fills.await] {
        let error = ended.expect_err("a full disk");
        assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
        assert_eq!(cause(&error), "database or disk is full");
    }
    assert_eq!(numbers(&storage).await, [5]);
    storage.write(RunSql("PRAGMA max_page_count = 4294967294")).await.expect("there is space again");
    storage.write(RunSql("INSERT INTO numbers VALUES (1, zeroblob(1000000))")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [1, 5]);
}

#[tokio::test]
async fn rollback_of_a_unit_that_ignores_a_failed_statement() {
    let storage = test_storage().await;
    storage.write(RunSql("PRAGMA max_page_count = 1")).await.expect("a tight disk");
    let ignores_error = unit(|tx| {
        let _ = tx.sql("INSERT INTO numbers VALUES (1, zeroblob(1000000))");
        // SQLite has rolled back the transaction, so this would be committed on its own.
        let _ = tx.sql("INSERT INTO numbers (number) VALUES (2)");
        Ok(())
    });
    let error = storage.write(ignores_error).await.expect_err("a full disk");
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn rollback_after_a_panic_lets_the_next_unit_run() {
    let storage = test_storage().await;
    let panics = unit(|tx| -> Result<(), StorageError> {
        tx.sql("INSERT INTO numbers (number) VALUES (1)")?;
        panic!("intended by the test");
    });
    let error = storage.write(panics).await.expect_err("a panic");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert_eq!(cause(&error), "the unit of work panicked");
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (2)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [2]);
}

/// A unit of work that awaits something other than its repositories.
struct AwaitsOther;

impl UnitOfWork<SqliteTx> for AwaitsOther {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.sql("INSERT INTO numbers (number) VALUES (1)")?;
        tokio::task::yield_now().await;
        Ok(())
    }
}

#[tokio::test]
async fn rollback_of_a_unit_that_awaits_something_else() {
    let storage = test_storage().await;
    let error = storage.write(AwaitsOther).await.expect_err("the unit awaits something else");
    assert_eq!(cause(&error), "the unit of work awaited something other than its repositories");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn a_unit_fails_as_busy_while_another_process_holds_the_lock() {
    let storage = test_storage().await;
    storage.write(RunSql("PRAGMA busy_timeout = 1")).await.expect("a short timeout");
    let path = storage.folder.path().join("test.db");
    let mut other = SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a connection");
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let refused = storage.write(RunSql("INSERT INTO numbers (number) VALUES (1)")).await;
    assert!(matches!(refused, Err(StorageError::Busy)), "{refused:?}");
    other.batch_execute("COMMIT").expect("the end of the lock");
    storage.write(RunSql("INSERT INTO numbers (number) VALUES (2)")).await.expect("the next unit");
    assert_eq!(numbers(&storage).await, [2]);
}

#[tokio::test]
async fn dropping_the_store_waits_for_queued_units() {
    let mut storage = Arc::new(test_storage().await);
    let blocked = block_writer(&storage).await;
    drop(enqueue_unit(&storage, RunSql("INSERT INTO numbers (number) VALUES (1)")));
    blocked.unit.abort();
    let _ = blocked.unit.await;
    let test_storage = Arc::get_mut(&mut storage).expect("no other reference");
    let again = SqliteStorage::open(&options(&test_storage.folder)).expect("a second one");
    let old = std::mem::replace(&mut test_storage.storage, again);
    let (dropped, is_dropped) = sync_channel(1);
    let dropping = std::thread::spawn(move || {
        drop(old);
        dropped.send(()).expect("the test waits");
    });
    assert!(is_dropped.recv_timeout(Duration::from_millis(100)).is_err(), "the drop waits");
    blocked.release.send(()).expect("the unit waits");
    dropping.join().expect("no panic");
    assert_eq!(numbers(&storage).await, [0, 1]);
}
