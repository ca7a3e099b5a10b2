//! Lanes over a store in memory and stand-ins for providers, in a time that passes only where somebody waits for it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asteroid_application::{DeliveryRules, Dispatcher};
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{Clock, Contact, Region, Storage, StorageError, Timestamp, UnitOfWork};
use asteroid_memory::{MemoryStorage, MemoryTx};
use asteroid_messaging::{
    Branding, Channel, Content, DeliveryError, DeliverySignal, Message, MessageKind, MessageRenderer,
    MessageTransport, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState, OutgoingMessage,
};
use asteroid_verification::mocks::sample_keys;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::WakeUp;
use super::lane::{LAST_TRIES, LOOK_EVERY, Lane};

/// Shows the time that passes on this runtime.
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-01-02T03:04:05Z").expect("a time") + self.0.elapsed()
    }
}

/// A store that can be cut off, and counts its writes.
#[derive(Default)]
struct Store {
    inner: MemoryStorage,
    is_out: AtomicBool,
    writes: AtomicUsize,
}

impl Storage for Store {
    type Tx = MemoryTx;

    async fn write<W: UnitOfWork<MemoryTx>>(&self, work: W) -> Result<W::Output, W::Error> {
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

/// What a provider does with a message.
#[derive(Clone, Copy)]
enum Does {
    Takes,
    TakesAfter(Duration),
    NeverAnswers,
    RefusesForNow,
    Panics,
}

/// What was handed to the providers, and how much at once.
#[derive(Default)]
struct Seen {
    begun: Vec<String>,
    taken: Vec<String>,
    in_flight: usize,
    most_at_once: usize,
}

struct Provider {
    does: Box<dyn Fn(&str) -> Does + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
}

impl MessageTransport for Provider {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        let to = message.to.as_str().to_owned();
        let tell = |note: &dyn Fn(&mut Seen)| note(&mut self.seen.lock().expect("no panic"));
        tell(&|seen| {
            seen.begun.push(to.clone());
            seen.in_flight += 1;
            seen.most_at_once = seen.most_at_once.max(seen.in_flight);
        });
        let outcome = match (self.does)(&to) {
            Does::Takes => Ok(()),
            Does::TakesAfter(wait) => {
                sleep(wait).await;
                Ok(())
            }
            Does::NeverAnswers => pending().await,
            Does::RefusesForNow => Err(DeliveryError::Passing("not now".into())),
            Does::Panics => panic!("on purpose: a test looks what becomes of it"),
        };
        tell(&|seen| {
            seen.in_flight -= 1;
            seen.taken.extend(outcome.is_ok().then(|| to.clone()));
        });
        outcome
    }
}

struct Put(Vec<Message>);

impl UnitOfWork<MemoryTx> for Put {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut MemoryTx) -> Result<(), StorageError> {
        for message in &self.0 {
            tx.enqueue(message).await?;
        }
        Ok(())
    }
}

struct Entries;

impl UnitOfWork<MemoryTx> for Entries {
    type Output = Vec<OutboxEntry>;
    type Error = StorageError;

    async fn run(&self, tx: &mut MemoryTx) -> Result<Vec<OutboxEntry>, StorageError> {
        tx.list_entries(&OutboxFilter::default(), None, usize::MAX).await
    }
}

/// Both lanes at work, with a provider each.
struct Delivery {
    dispatcher: Arc<Dispatcher<Store, Provider, Provider>>,
    wake_up: WakeUp,
    stop: watch::Sender<bool>,
    lanes: Vec<JoinHandle<()>>,
    seen: Arc<Mutex<Seen>>,
}

impl Delivery {
    fn start(rules: DeliveryRules, does: impl Fn(&str) -> Does + Clone + Send + Sync + 'static) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let provider = || Provider { does: Box::new(does.clone()), seen: Arc::clone(&seen) };
        let dispatcher = Arc::new(Dispatcher {
            storage: Arc::default(),
            email: provider(),
            sms: provider(),
            renderer: MessageRenderer::new(Branding::default(), &BTreeMap::new())
                .expect("what comes along is good"),
            keys: Arc::new(sample_keys()),
            clock: Arc::new(RuntimeClock(Instant::now())),
            randomness: Arc::new(CountingRandomness::default()),
            rules,
        });
        let (stop, stopped) = watch::channel(false);
        let wake_up = WakeUp::default();
        let lanes = Channel::ALL.map(|channel| {
            let lane = Lane::new(Arc::clone(&dispatcher), channel);
            tokio::spawn(lane.run(wake_up.of(channel), stopped.clone()))
        });
        Self { dispatcher, wake_up, stop, lanes: lanes.into(), seen }
    }

    /// Puts a notice to each of these into the outbox, and tells nobody.
    async fn put(&self, to: impl IntoIterator<Item = String>) {
        let (now, randomness) = (self.dispatcher.clock.now(), &*self.dispatcher.randomness);
        let expires_at = now + Message::NOTICE_LIFE;
        let message = |to: String| {
            let to = Contact::parse(&to, Region::US).expect("a contact");
            Message::new(to, MessageKind::PasswordChanged, Content::Notice, expires_at, now, randomness)
        };
        let messages = to.into_iter().map(message).collect();
        self.dispatcher.storage.write(Put(messages)).await.expect("the store works");
    }

    /// Puts them, and tells the lanes.
    async fn send(&self, to: impl IntoIterator<Item = String>) {
        self.put(to).await;
        self.wake_up.outbox_filled();
    }

    async fn entries(&self) -> Vec<OutboxEntry> {
        self.dispatcher.storage.read(Entries).await.expect("the store works")
    }

    async fn entry(&self, to: &str) -> OutboxEntry {
        let mut entries = self.entries().await.into_iter();
        entries.find(|entry| entry.message.to.as_str() == to).expect("it is there")
    }

    async fn delivered(&self) -> usize {
        let entries = self.entries().await;
        entries.iter().filter(|entry| matches!(entry.state, OutboxState::Delivered { .. })).count()
    }

    fn taken(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").taken.clone()
    }

    fn begun(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").begun.clone()
    }

    async fn stop(&mut self) {
        self.stop.send_replace(true);
        for lane in self.lanes.drain(..) {
            lane.await.expect("no panic");
        }
    }
}

fn emails(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("user{number}@example.com"))
}

fn at_once(emails: usize) -> DeliveryRules {
    DeliveryRules { emails_at_once: emails, ..DeliveryRules::default() }
}

const SOON: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn a_message_leaves_as_soon_as_the_lanes_are_told() {
    let delivery = Delivery::start(DeliveryRules::default(), |_| Does::Takes);
    // Idle by now, between two looks.
    sleep(Duration::from_millis(400)).await;
    delivery.send(["george@example.com".into(), "+15556654345".into()]).await;
    sleep(SOON).await;
    let mut taken = delivery.taken();
    taken.sort();
    assert_eq!(taken, ["+15556654345", "george@example.com"]);
    assert_eq!(delivery.delivered().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_another_process_put_there_is_found_by_the_next_look() {
    let delivery = Delivery::start(DeliveryRules::default(), |_| Does::Takes);
    sleep(Duration::from_millis(400)).await;
    delivery.put(emails(1)).await;
    sleep(LOOK_EVERY).await;
    assert_eq!(delivery.delivered().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_channel_whose_provider_stalls_holds_up_no_other() {
    let stalls = |to: &str| if to.contains('@') { Does::NeverAnswers } else { Does::Takes };
    let delivery = Delivery::start(DeliveryRules::default(), stalls);
    delivery.send(emails(100)).await;
    delivery.send((0..100).map(|number| format!("+1555665{number:04}"))).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(delivery.taken().len(), 100, "every SMS, and no e-mail");
    assert_eq!(delivery.begun().len(), 116, "no more e-mails than there are places");
    assert_eq!(delivery.delivered().await, 100);
}

#[tokio::test(start_paused = true)]
async fn a_slow_message_holds_up_no_other_of_its_channel() {
    let slow = |to: &str| if to == "user0@example.com" { Does::NeverAnswers } else { Does::Takes };
    let delivery = Delivery::start(at_once(2), slow);
    delivery.send(emails(50)).await;
    sleep(SOON).await;
    assert_eq!(delivery.delivered().await, 49);
    let slow = delivery.entry("user0@example.com").await;
    assert!(matches!(slow.state, OutboxState::Waiting { .. }), "it is being tried: {slow:?}");
    assert_eq!(slow.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn as_many_are_in_flight_as_the_rules_say_and_a_free_place_is_filled_at_once() {
    let delivery = Delivery::start(at_once(5), |_| Does::TakesAfter(Duration::from_millis(100)));
    delivery.send(emails(50)).await;
    sleep(Duration::from_millis(1050)).await;
    assert_eq!(delivery.delivered().await, 50);
    assert_eq!(delivery.seen.lock().expect("no panic").most_at_once, 5);
    assert!(delivery.entries().await.iter().all(|entry| entry.attempts == 1), "each was claimed once");
}

#[tokio::test(start_paused = true)]
async fn what_ends_together_is_noted_together() {
    let delivery = Delivery::start(at_once(50), |_| Does::TakesAfter(Duration::from_millis(100)));
    delivery.send(emails(500)).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(delivery.delivered().await, 500);
    let writes = delivery.dispatcher.storage.writes.load(Ordering::SeqCst);
    assert!(writes <= 40, "{writes} writes for 500 messages");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_not_taken_is_tried_again_later_and_later() {
    let delivery = Delivery::start(DeliveryRules::default(), |_| Does::RefusesForNow);
    delivery.send(emails(1)).await;
    // 1 + 2 + 4 + 8 s, less up to a quarter of each.
    sleep(Duration::from_secs(11)).await;
    assert!((4..=5).contains(&delivery.begun().len()), "{:?}", delivery.begun());
    sleep(Duration::from_hours(25)).await;
    let entry = delivery.entry("user0@example.com").await;
    let OutboxState::Failed { reason, at } = &entry.state else { panic!("{entry:?}") };
    assert_eq!(reason, "not now");
    assert!(*at < entry.message.expires_at, "no try was left that could come in time");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_panics_costs_itself_alone_and_is_tried_again_after_its_lease() {
    let tries = Arc::new(AtomicUsize::new(0));
    let does = move |to: &str| match to {
        "user0@example.com" if tries.fetch_add(1, Ordering::SeqCst) == 0 => Does::Panics,
        _ => Does::Takes,
    };
    let delivery = Delivery::start(at_once(1), does);
    delivery.send(emails(3)).await;
    sleep(SOON).await;
    assert_eq!(delivery.delivered().await, 2);
    sleep(Duration::from_secs(29)).await;
    assert_eq!(delivery.delivered().await, 2);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(delivery.delivered().await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_delivered_while_the_store_was_out_is_noted_when_it_is_back_and_not_delivered_twice() {
    let delivery = Delivery::start(at_once(3), |_| Does::TakesAfter(Duration::from_secs(1)));
    delivery.send(emails(6)).await;
    sleep(SOON).await;
    delivery.dispatcher.storage.is_out.store(true, Ordering::SeqCst);
    sleep(Duration::from_secs(20)).await;
    assert_eq!((delivery.taken().len(), delivery.delivered().await), (3, 0), "nothing could be claimed");
    delivery.dispatcher.storage.is_out.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((delivery.taken().len(), delivery.delivered().await), (6, 6));
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_ends_what_is_in_flight_and_tries_what_is_due_for_a_last_time() {
    let slow = |to: &str| match to {
        "slow@example.com" => Does::TakesAfter(Duration::from_secs(8)),
        "closed@example.com" => Does::RefusesForNow,
        _ => Does::Takes,
    };
    let mut delivery = Delivery::start(DeliveryRules::default(), slow);
    delivery.send(["slow@example.com".into(), "closed@example.com".into()]).await;
    sleep(SOON).await;
    delivery.put(["late@example.com".into(), "+15556654345".into()]).await;
    delivery.stop().await;
    let mut taken = delivery.taken();
    taken.sort();
    assert_eq!(taken, ["+15556654345", "late@example.com", "slow@example.com"]);
    assert_eq!(delivery.delivered().await, 3);
    let closed = delivery.entry("closed@example.com").await;
    assert!(matches!(closed.state, OutboxState::Waiting { .. }), "the next start tries it: {closed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_leaves_a_long_backlog_to_the_next_start() {
    let mut delivery = Delivery::start(at_once(1), |_| Does::TakesAfter(Duration::from_secs(2)));
    delivery.send(emails(1000)).await;
    let started = Instant::now();
    delivery.stop().await;
    assert!(started.elapsed() <= LAST_TRIES + Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(delivery.delivered().await, 3);
    let untouched = delivery.entries().await.into_iter().filter(|entry| entry.attempts == 0);
    assert_eq!(untouched.count(), 997);
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_does_not_wait_for_a_store_that_is_out() {
    let mut delivery =
        Delivery::start(DeliveryRules::default(), |_| Does::TakesAfter(Duration::from_secs(1)));
    delivery.send(emails(1)).await;
    sleep(SOON).await;
    delivery.dispatcher.storage.is_out.store(true, Ordering::SeqCst);
    let started = Instant::now();
    delivery.stop().await;
    assert!(started.elapsed() <= LAST_TRIES + LOOK_EVERY, "{:?}", started.elapsed());
}
