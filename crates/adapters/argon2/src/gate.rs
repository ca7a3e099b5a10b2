use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use asteroid_identity::HashingError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::arena::Arena;

type Job = Box<dyn FnOnce(&mut Arena) + Send>;

/// The hash gate: threads of its own that do costly work one piece at a time, each in its own arena, and a
/// bounded queue before them. The threads end when the gate is dropped, each after the work that it has begun.
pub(crate) struct Gate {
    queue: SyncSender<Job>,
    max_wait: Duration,
}

/// Why work that was let in came to no end.
#[derive(Debug, thiserror::Error)]
#[error("the hashing thread dropped the work")]
struct Dropped;

impl Gate {
    /// Starts the threads; each keeps an arena of so many blocks.
    pub(crate) fn start(
        threads: usize,
        queue: usize,
        max_wait: Duration,
        arena_blocks: usize,
    ) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(queue);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let (jobs, mut arena) = (Arc::clone(&jobs), Arena::new(arena_blocks));
            thread::Builder::new().name("asteroid-hash".into()).spawn(move || serve(&jobs, &mut arena))?;
        }
        Ok(Self { queue, max_wait })
    }

    /// Has the work done by a thread of the gate.
    ///
    /// Dropped before the work has begun, it is not done; later, it is done to its end and its thread is busy
    /// until then.
    ///
    /// # Errors
    ///
    /// `Overloaded` at once if the queue is full, or after the longest wait if the work has not begun by then;
    /// it is not done after that. `Failed` if the work panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Arena) -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let (starting, has_begun) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |arena| {
            // If nobody hears that the work begins, the caller has hung up or was told that it waited too long.
            if starting.send(()).is_ok() {
                let _ = answer.send(work(arena));
            }
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => self.overloaded(),
            TrySendError::Disconnected(_) => dropped(),
        })?;
        timeout(self.max_wait, has_begun).await.map_err(|_| self.overloaded())?.map_err(|_| dropped())?;
        answered.await.map_err(|_| dropped())
    }

    /// After the longest wait, all that waits now has been begun or turned away.
    fn overloaded(&self) -> HashingError {
        HashingError::Overloaded { retry_after: self.max_wait }
    }
}

fn dropped() -> HashingError {
    HashingError::Failed(Dropped.into())
}

fn serve(jobs: &Mutex<Receiver<Job>>, arena: &mut Arena) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A panic ends the job alone: its caller finds the answer's sender dropped. The arena holds nothing that
        // could be left half done.
        let _ = catch_unwind(AssertUnwindSafe(|| job(arena)));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::time::Instant;

    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(200);

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

    /// Work that has begun, and keeps its thread until the sender is dropped.
    async fn hold(gate: &Arc<Gate>) -> (mpsc::Sender<()>, JoinHandle<Result<(), HashingError>>) {
        let (starting, has_begun) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let task = spawn(gate, move |_| {
            starting.send(()).expect("the test waits");
            let _ = released.recv();
        });
        has_begun.await.expect("the work begins");
        (release, task)
    }

    fn is_overloaded<T>(answer: &Result<T, HashingError>, after: Duration) -> bool {
        matches!(answer, Err(HashingError::Overloaded { retry_after }) if *retry_after == after)
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once_and_recovers() {
        let gate = gate(1, 1, LONG);
        let (release, held) = hold(&gate).await;
        let queued = spawn(&gate, |_| "queued");
        yield_now().await;

        let asked = Instant::now();
        assert!(is_overloaded(&gate.run(|_| ()).await, LONG));
        assert!(asked.elapsed() < LONG / 2);

        drop(release);
        assert!(held.await.expect("no panic").is_ok());
        assert_eq!(queued.await.expect("no panic").expect("it was queued"), "queued");
        assert_eq!(gate.run(|_| "again").await.expect("there is room"), "again");
    }

    #[tokio::test]
    async fn work_that_waits_too_long_is_turned_away_and_never_done() {
        let gate = gate(1, 4, SHORT);
        let (release, held) = hold(&gate).await;
        let done = Arc::new(AtomicBool::new(false));

        let asked = Instant::now();
        let flag = Arc::clone(&done);
        let answer = gate.run(move |_| flag.store(true, Ordering::SeqCst)).await;
        assert!(is_overloaded(&answer, SHORT));
        assert!(asked.elapsed() >= SHORT);

        drop(release);
        assert!(held.await.expect("no panic").is_ok(), "what has begun may take longer");
        assert_eq!(gate.run(|_| "again").await.expect("the thread is free"), "again");
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn hanging_up_does_not_free_the_thread() {
        let gate = gate(1, 4, SHORT);
        let (release, held) = hold(&gate).await;
        held.abort();
        assert!(held.await.is_err_and(|error| error.is_cancelled()));

        assert!(is_overloaded(&gate.run(|_| ()).await, SHORT));
        drop(release);
        assert_eq!(gate.run(|_| "again").await.expect("the thread is free"), "again");
    }

    #[tokio::test]
    async fn work_whose_caller_hung_up_before_it_began_is_not_done() {
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
    async fn a_panic_fails_its_own_work_alone() {
        let gate = gate(1, 4, LONG);
        let answer: Result<(), _> = gate.run(|_| panic!("a panic that a test wants")).await;
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
