use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use asteroid_identity::HashingError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::arena::Arena;
use crate::metrics::{self, Counted, Refusal};

type Job = Box<dyn FnOnce(&mut Arena) + Send>;

/// The hash gate: a thread pool for expensive work, with an arena for each thread and a bounded queue. Dropping it ends
/// the threads, each after its current job.
pub(crate) struct Gate {
    queue: SyncSender<Job>,
    /// The places of the queue.
    places: usize,
    /// Each job has a clone until it starts or is dropped, which counts them: the channel does not tell.
    place: Arc<()>,
    max_wait: Duration,
}

/// How much less urgent hashing is than the threads that answer requests, from 0 to 19: a session lookup does not wait
/// for the hashes of a crowd.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NICENESS: i32 = 10;

/// A queued job was dropped without a result.
#[derive(Debug, thiserror::Error)]
#[error("the hashing thread dropped the job")]
struct Dropped;

impl Gate {
    /// Starts the threads, each with an arena of this many blocks.
    pub(crate) fn start(
        threads: usize,
        queue: usize,
        max_wait: Duration,
        arena_blocks: usize,
    ) -> io::Result<Self> {
        let places = queue;
        let (queue, jobs) = sync_channel(places);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let (jobs, mut arena) = (Arc::clone(&jobs), Arena::new(arena_blocks));
            let run = move || {
                lower_priority();
                serve(&jobs, &mut arena);
            };
            thread::Builder::new().name("asteroid-hash".into()).spawn(run)?;
        }
        metrics::set_threads(threads);
        Ok(Self { queue, places, place: Arc::default(), max_wait })
    }

    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if the queue is full.
    pub(crate) fn check_capacity(&self) -> Result<(), HashingError> {
        // One is the gate's own.
        let waiting = Arc::strong_count(&self.place) - 1;
        if waiting < self.places { Ok(()) } else { Err(self.overloaded(Refusal::QueueFull)) }
    }

    /// Runs the work on a thread of the gate.
    ///
    /// If this future is dropped before the work starts, the work does not run. Once started, it runs to its end.
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] at once if the queue is full, or after `max_wait` if the work has not started; it does
    /// not run after that. [`HashingError::Failed`] if the work panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Arena) -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let (starting, started) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let (waiting, place) = (Counted::waiting(), Arc::clone(&self.place));
        let queued_at = Instant::now();
        let job: Job = Box::new(move |arena| {
            drop((waiting, place));
            let in_use = Counted::in_use();
            // A failed send means that the caller is gone, or has waited too long.
            if starting.send(()).is_ok() {
                metrics::record_wait(queued_at.elapsed());
                let result = work(arena);
                // Before the caller goes on: who has an answer sees no thread that still works on it.
                drop(in_use);
                let _ = answer.send(result);
            }
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => self.overloaded(Refusal::QueueFull),
            TrySendError::Disconnected(_) => dropped(),
        })?;
        timeout(self.max_wait, started)
            .await
            .map_err(|_| self.overloaded(Refusal::Timeout))?
            .map_err(|_| dropped())?;
        answered.await.map_err(|_| dropped())
    }

    /// After `max_wait`, every job that is in the queue now has started or was rejected.
    fn overloaded(&self, reason: Refusal) -> HashingError {
        metrics::record_refusal(reason);
        HashingError::Overloaded { retry_after: self.max_wait }
    }
}

fn dropped() -> HashingError {
    HashingError::Failed(Dropped.into())
}

/// Lowers the priority of this thread.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn lower_priority() {
    // On Linux this is the thread, not the process. To lower a priority needs no privilege; if a sandbox forbids it all the
    // same, hashing works as before.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Other systems have no priority of a thread that they all share.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn lower_priority() {}

fn serve(jobs: &Mutex<Receiver<Job>>, arena: &mut Arena) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A panic ends only this job: its caller finds the sender dropped. The arena has no state that a panic could
        // leave inconsistent.
        let _ = catch_unwind(AssertUnwindSafe(|| job(arena)));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(200);

    /// The niceness of each thread of the process with this name (proc(5), field 19 of `stat`).
    #[cfg(target_os = "linux")]
    fn niceness(name: &str) -> Vec<i32> {
        let threads = std::fs::read_dir("/proc/self/task").expect("the threads");
        let stats =
            threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok());
        let named = stats.filter(|stat| stat.contains(&format!("({name})")));
        named
            .map(|stat| {
                let (_, fields) = stat.rsplit_once(") ").expect("a name");
                fields.split(' ').nth(16).and_then(|nice| nice.parse().ok()).expect("a niceness")
            })
            .collect()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_threads_have_a_lower_priority_than_others() {
        let before = rustix::process::getpriority_process(None).expect("a priority");
        let gate = gate(2, 2, LONG);
        let names = gate.run(|_| niceness("asteroid-hash")).await.expect("room");
        // Other tests start threads of this name, too. They may not have lowered their priority yet.
        assert!(names.iter().filter(|nice| **nice == 10).count() >= 1, "{names:?}");
        let own = gate.run(|_| rustix::process::getpriority_process(None)).await.expect("room");
        assert_eq!(own.expect("a priority"), 10);
        let after = rustix::process::getpriority_process(None).expect("a priority");
        assert_eq!(after, before, "the caller's is unchanged");
    }

    fn gate(threads: usize, queue: usize, max_wait: Duration) -> Arc<Gate> {
        Arc::new(Gate::start(threads, queue, max_wait, 8).expect("threads"))
    }

    fn spawn<T: Send + 'static>(
        gate: &Arc<Gate>,
        work: impl FnOnce(&mut Arena) -> T + Send + 'static,
    ) -> JoinHandle<Result<T, HashingError>> {
        let gate = Arc::clone(gate);
        tokio::spawn(async move { gate.run(work).await })
    }

    /// Work that occupies its thread until the sender is dropped.
    async fn hold(gate: &Arc<Gate>) -> (mpsc::Sender<()>, JoinHandle<Result<(), HashingError>>) {
        let (starting, started) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let task = spawn(gate, move |_| {
            starting.send(()).expect("the test waits");
            let _ = released.recv();
        });
        started.await.expect("the work begins");
        (release, task)
    }

    fn is_overloaded<T>(answer: &Result<T, HashingError>, after: Duration) -> bool {
        matches!(answer, Err(HashingError::Overloaded { retry_after }) if *retry_after == after)
    }

    #[tokio::test]
    async fn a_full_queue_is_overloaded_at_once_and_recovers() {
        let gate = gate(1, 1, LONG);
        let (release, held) = hold(&gate).await;
        let queued = spawn(&gate, |_| "queued");
        yield_now().await;

        let asked = Instant::now();
        assert!(is_overloaded(&gate.run(|_| ()).await, LONG));
        assert!(is_overloaded(&gate.check_capacity(), LONG));
        assert!(asked.elapsed() < LONG / 2);

        drop(release);
        assert!(held.await.expect("no panic").is_ok());
        assert_eq!(queued.await.expect("no panic").expect("it was queued"), "queued");
        gate.check_capacity().expect("there is room");
        assert_eq!(gate.run(|_| "again").await.expect("there is room"), "again");
    }

    #[tokio::test]
    async fn a_job_that_waits_too_long_is_overloaded_and_never_runs() {
        let gate = gate(1, 4, SHORT);
        let (release, held) = hold(&gate).await;
        let done = Arc::new(AtomicBool::new(false));

        let asked = Instant::now();
        let flag = Arc::clone(&done);
        let answer = gate.run(move |_| flag.store(true, Ordering::SeqCst)).await;
        assert!(is_overloaded(&answer, SHORT));
        assert!(asked.elapsed() >= SHORT);

        drop(release);
        assert!(held.await.expect("no panic").is_ok(), "started work may take longer");
        assert_eq!(gate.run(|_| "again").await.expect("the thread is free"), "again");
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_dropped_caller_does_not_free_the_thread() {
        let gate = gate(1, 4, SHORT);
        let (release, held) = hold(&gate).await;
        held.abort();
        assert!(held.await.is_err_and(|error| error.is_cancelled()));

        assert!(is_overloaded(&gate.run(|_| ()).await, SHORT));
        drop(release);
        assert_eq!(gate.run(|_| "again").await.expect("the thread is free"), "again");
    }

    #[tokio::test]
    async fn a_job_whose_caller_is_dropped_before_it_starts_never_runs() {
        let gate = gate(1, 4, LONG);
        let (release, _held) = hold(&gate).await;
        let done = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&done);
        let queued = spawn(&gate, move |_| flag.store(true, Ordering::SeqCst));
        yield_now().await;
        queued.abort();
        assert!(queued.await.is_err_and(|error| error.is_cancelled()));

        drop(release);
        assert_eq!(gate.run(|_| "later").await.expect("the thread is free"), "later");
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_panic_fails_only_its_own_job() {
        let gate = gate(1, 4, LONG);
        let answer: Result<(), _> = gate.run(|_| panic!("the panic of a test")).await;
        assert!(matches!(answer, Err(HashingError::Failed(_))));
        assert_eq!(gate.run(|_| "next").await.expect("the thread lives"), "next");
    }

    #[tokio::test]
    async fn dropping_the_gate_ends_its_threads() {
        thread_local! {
            static ENDS_WITH_THE_THREAD: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
        }
        let gate = gate(2, 4, LONG);
        let (sender, threads) = mpsc::channel();
        let both = Arc::new(Barrier::new(2));
        let mark = || {
            let (sender, both) = (sender.clone(), Arc::clone(&both));
            gate.run(move |_| {
                ENDS_WITH_THE_THREAD.set(Some(sender));
                both.wait();
            })
        };
        let (first, second) = tokio::join!(mark(), mark());
        first.and(second).expect("both threads are marked");
        drop(sender);
        assert_eq!(threads.try_recv(), Err(mpsc::TryRecvError::Empty));

        drop(gate);
        assert_eq!(threads.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
