//! Fixtures: a storage that can fail, providers, and a clock that follows the runtime's time.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asteroid_application::{AccountRules, DeliveryRules, Dispatcher, Retention};
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{Clock, Contact, Randomness, Region, Storage, StorageError, Timestamp, UnitOfWork};
use asteroid_memory::{MemoryStorage, MemoryTx};
use asteroid_messaging::{
    Branding, Content, DeliveryError, Message, MessageKind, MessageRenderer, MessageTransport, OutboxEntry,
    OutboxFilter, OutboxRepository, OutgoingMessage,
};
use asteroid_verification::mocks::sample_keys;
use tokio::time::{Instant, sleep};
use tracing::subscriber::DefaultGuard;

/// A clock that follows the time of the tokio runtime.
pub(crate) struct RuntimeClock(pub(crate) Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-01-02T03:04:05Z").expect("a time") + self.0.elapsed()
    }
}

/// A storage in memory that can fail or panic, and counts its writes.
#[derive(Default)]
pub(crate) struct FaultyStorage {
    inner: MemoryStorage,
    pub(crate) is_out: AtomicBool,
    pub(crate) panics: AtomicBool,
    pub(crate) writes: AtomicUsize,
}

impl Storage for FaultyStorage {
    type Tx = MemoryTx;

    async fn write<W: UnitOfWork<MemoryTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        assert!(!self.panics.load(Ordering::SeqCst), "a panic of the storage, for a test");
        if self.is_out.load(Ordering::SeqCst) {
            return Err(StorageError::Unavailable("unplugged".into()).into());
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.write(work).await
    }

    async fn read<W: UnitOfWork<MemoryTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        self.inner.read(work).await
    }

    async fn check(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// How a provider answers a message.
#[derive(Clone, Copy)]
pub(crate) enum ProviderAnswer {
    Accepts,
    AcceptsAfter(Duration),
    NeverAnswers,
    FailsForNow,
    FailsAfter(Duration),
    Panics,
}

/// The deliveries that the providers have seen.
#[derive(Default)]
pub(crate) struct SeenDeliveries {
    pub(crate) started: Vec<String>,
    pub(crate) accepted: Vec<String>,
    in_flight: usize,
    pub(crate) most_in_flight: usize,
}

/// A provider that answers by recipient.
pub(crate) struct TestProvider {
    pub(crate) answer: Box<dyn Fn(&str) -> ProviderAnswer + Send + Sync>,
    pub(crate) seen: Arc<Mutex<SeenDeliveries>>,
}

impl MessageTransport for TestProvider {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        let to = message.to.as_str().to_owned();
        let note = |change: &dyn Fn(&mut SeenDeliveries)| change(&mut self.seen.lock().expect("no panic"));
        note(&|seen| {
            seen.started.push(to.clone());
            seen.in_flight += 1;
            seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        });
        let outcome = match (self.answer)(&to) {
            ProviderAnswer::Accepts => Ok(()),
            ProviderAnswer::AcceptsAfter(wait) => {
                sleep(wait).await;
                Ok(())
            }
            ProviderAnswer::NeverAnswers => pending().await,
            ProviderAnswer::FailsForNow => Err(DeliveryError::Passing("not now".into())),
            ProviderAnswer::FailsAfter(wait) => {
                sleep(wait).await;
                Err(DeliveryError::Passing("no answer in time".into()))
            }
            ProviderAnswer::Panics => panic!("a panic of the provider, for a test"),
        };
        note(&|seen| {
            seen.in_flight -= 1;
            seen.accepted.extend(outcome.is_ok().then(|| to.clone()));
        });
        outcome
    }
}

/// Enqueues messages.
pub(crate) struct Enqueue(pub(crate) Vec<Message>);

impl UnitOfWork<MemoryTx> for Enqueue {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut MemoryTx) -> Result<(), StorageError> {
        for message in &self.0 {
            tx.enqueue(message).await?;
        }
        Ok(())
    }
}

/// Lists the outbox.
pub(crate) struct ListEntries;

impl UnitOfWork<MemoryTx> for ListEntries {
    type Output = Vec<OutboxEntry>;
    type Error = StorageError;

    async fn run(&self, tx: &mut MemoryTx) -> Result<Vec<OutboxEntry>, StorageError> {
        tx.list_entries(&OutboxFilter::default(), None, usize::MAX).await
    }
}

/// A dispatcher over this storage whose providers answer by recipient.
pub(crate) fn dispatcher(
    storage: &Arc<FaultyStorage>,
    rules: DeliveryRules,
    answer: impl Fn(&str) -> ProviderAnswer + Clone + Send + Sync + 'static,
    seen: &Arc<Mutex<SeenDeliveries>>,
) -> Dispatcher<FaultyStorage, TestProvider, TestProvider> {
    let provider = || TestProvider { answer: Box::new(answer.clone()), seen: Arc::clone(seen) };
    Dispatcher {
        storage: Arc::clone(storage),
        email: provider(),
        sms: provider(),
        renderer: MessageRenderer::new(Branding::default(), &BTreeMap::new())
            .expect("the built-in templates are valid"),
        keys: Arc::new(sample_keys()),
        clock: Arc::new(RuntimeClock(Instant::now())),
        randomness: Arc::new(CountingRandomness::default()),
        rules,
    }
}

/// Retention over this storage with the default rules.
pub(crate) fn retention(storage: &Arc<FaultyStorage>) -> Retention<FaultyStorage> {
    Retention {
        storage: Arc::clone(storage),
        clock: Arc::new(RuntimeClock(Instant::now())),
        rules: AccountRules::default(),
        keys: Arc::default(),
        audit_kept_for: Duration::from_hours(24),
        completed_messages_kept_for: Duration::from_hours(24),
    }
}

/// A notice to this contact.
pub(crate) fn notice(to: &str, now: Timestamp, randomness: &dyn Randomness) -> Message {
    let to = Contact::parse(to, Region::US).expect("a contact");
    let expires_at = now + Message::NOTICE_LIFE;
    Message::new(to, MessageKind::PasswordChanged, Content::Notice, expires_at, now, randomness)
}

/// What this thread logs while it lives.
#[derive(Clone, Default)]
pub(crate) struct CapturedLogs(Arc<Mutex<Vec<u8>>>);

impl CapturedLogs {
    pub(crate) fn start() -> (Self, DefaultGuard) {
        let logs = Self::default();
        let writer = logs.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        (logs, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl io::Write for CapturedLogs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
