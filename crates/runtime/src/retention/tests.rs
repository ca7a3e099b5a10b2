use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{RETENTION_INTERVAL, run};
use crate::test_support::{CapturedLogs, FaultyStorage, retention};

const SOON: Duration = Duration::from_millis(1);

/// The writes of one round on a store that keeps nothing: one for each kind of data, and one of counts.
const WRITES: usize = 11;

fn start(storage: &Arc<FaultyStorage>) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    (stop, tokio::spawn(run(retention(storage), stopped)))
}

fn writes(storage: &FaultyStorage) -> usize {
    storage.writes.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn retention_runs_at_the_start_and_in_every_interval() {
    let storage = Arc::default();
    let _running = start(&storage);
    sleep(SOON).await;
    assert_eq!(writes(&storage), WRITES);
    sleep(RETENTION_INTERVAL).await;
    assert_eq!(writes(&storage), 2 * WRITES);
}

#[tokio::test(start_paused = true)]
async fn retention_failure_is_logged_and_retried() {
    let (logs, _guard) = CapturedLogs::start();
    let storage = Arc::<FaultyStorage>::default();
    storage.is_out.store(true, Ordering::SeqCst);
    let _running = start(&storage);
    sleep(SOON).await;
    let lines = logs.lines();
    assert!(lines[0].starts_with("WARN retention failed, retrying error="), "{lines:?}");
    assert!(lines[0].contains("unplugged"), "{lines:?}");
    storage.is_out.store(false, Ordering::SeqCst);
    sleep(RETENTION_INTERVAL).await;
    assert_eq!((writes(&storage), logs.lines().len()), (WRITES, 1));
}

#[tokio::test(start_paused = true)]
async fn retention_panic_is_caught_and_the_loop_goes_on() {
    let (logs, _guard) = CapturedLogs::start();
    let storage = Arc::<FaultyStorage>::default();
    storage.panics.store(true, Ordering::SeqCst);
    let (stop, task) = start(&storage);
    sleep(SOON).await;
    assert_eq!(logs.lines(), ["ERROR retention panicked"]);
    storage.panics.store(false, Ordering::SeqCst);
    sleep(RETENTION_INTERVAL).await;
    assert_eq!(writes(&storage), WRITES);
    stop.send_replace(true);
    task.await.expect("the panic did not end the task");
}

#[tokio::test(start_paused = true)]
async fn retention_stops_between_two_rounds() {
    let storage = Arc::default();
    let (stop, task) = start(&storage);
    sleep(SOON).await;
    let started = Instant::now();
    stop.send_replace(true);
    task.await.expect("no panic");
    assert_eq!((started.elapsed(), writes(&storage)), (Duration::ZERO, WRITES));
}

#[tokio::test(start_paused = true)]
async fn retention_stops_when_its_owner_is_dropped() {
    let storage = Arc::default();
    let (stop, task) = start(&storage);
    sleep(SOON).await;
    drop(stop);
    task.await.expect("no panic");
    assert_eq!(writes(&storage), WRITES);
}
