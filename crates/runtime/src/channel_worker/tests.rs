use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asteroid_application::{DeliveryRules, Dispatcher};
use asteroid_kernel::Storage;
use asteroid_messaging::{Channel, DeliverySignal, OutboxEntry, OutboxState};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{ChannelWorker, DRAIN_TIMEOUT, NOTIFIED_DELAY, POLL_INTERVAL};
use crate::OutboxNotifier;
use crate::test_support::{
    Enqueue, FaultyStorage, ListEntries, ProviderAnswer, SeenDeliveries, TestProvider, dispatcher, notice,
};

/// The running workers of both channels.
struct Workers {
    dispatcher: Arc<Dispatcher<FaultyStorage, TestProvider, TestProvider>>,
    notifier: OutboxNotifier,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    seen: Arc<Mutex<SeenDeliveries>>,
}

impl Workers {
    fn start(
        rules: DeliveryRules,
        answer: impl Fn(&str) -> ProviderAnswer + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::default();
        let dispatcher = Arc::new(dispatcher(&Arc::default(), rules, answer, &seen));
        let (stop, stopped) = watch::channel(false);
        let notifier = OutboxNotifier::default();
        let tasks = Channel::ALL.map(|channel| {
            let worker = ChannelWorker::new(Arc::clone(&dispatcher), channel);
            tokio::spawn(worker.run(notifier.of(channel), stopped.clone()))
        });
        Self { dispatcher, notifier, stop, tasks: tasks.into(), seen }
    }

    /// Enqueues a notice to each of these, without a notification.
    async fn enqueue(&self, to: impl IntoIterator<Item = String>) {
        let (now, randomness) = (self.dispatcher.clock.now(), &*self.dispatcher.randomness);
        let messages = to.into_iter().map(|to| notice(&to, now, randomness)).collect();
        self.dispatcher.storage.write(Enqueue(messages)).await.expect("the storage works");
    }

    /// Enqueues a notice to each of these, and notifies the workers.
    async fn send(&self, to: impl IntoIterator<Item = String>) {
        self.enqueue(to).await;
        self.notifier.outbox_filled();
    }

    async fn entries(&self) -> Vec<OutboxEntry> {
        self.dispatcher.storage.read(ListEntries).await.expect("the storage works")
    }

    async fn entry(&self, to: &str) -> OutboxEntry {
        let mut entries = self.entries().await.into_iter();
        entries.find(|entry| entry.message.to.as_str() == to).expect("it is in the outbox")
    }

    async fn delivered(&self) -> usize {
        let entries = self.entries().await;
        entries.iter().filter(|entry| matches!(entry.state, OutboxState::Delivered { .. })).count()
    }

    fn accepted(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").accepted.clone()
    }

    fn started(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").started.clone()
    }

    async fn stop(&mut self) {
        self.stop.send_replace(true);
        for task in self.tasks.drain(..) {
            task.await.expect("no panic");
        }
    }
}

fn emails(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("user{number}@example.com"))
}

fn at_once(emails: usize) -> DeliveryRules {
    DeliveryRules { emails_at_once: emails, ..DeliveryRules::default() }
}

const SOON: Duration = NOTIFIED_DELAY.saturating_add(Duration::from_millis(1));

#[tokio::test(start_paused = true)]
async fn notified_worker_delivers_without_waiting_for_the_poll_interval() {
    let workers = Workers::start(DeliveryRules::default(), |_| ProviderAnswer::Accepts);
    // Idle, between two polls.
    sleep(Duration::from_millis(400)).await;
    workers.send(["george@example.com".into(), "+15556654345".into()]).await;
    sleep(SOON).await;
    let mut accepted = workers.accepted();
    accepted.sort();
    assert_eq!(accepted, ["+15556654345", "george@example.com"]);
    assert_eq!(workers.delivered().await, 2);
}

#[tokio::test(start_paused = true)]
async fn delivery_does_not_run_beside_the_response_to_the_request_that_enqueued_its_message() {
    let workers = Workers::start(DeliveryRules::default(), |_| ProviderAnswer::Accepts);
    sleep(Duration::from_millis(400)).await;
    workers.send(emails(1)).await;
    sleep(NOTIFIED_DELAY / 2).await;
    assert!(workers.started().is_empty());
    sleep(NOTIFIED_DELAY).await;
    assert_eq!(workers.delivered().await, 1);
}

#[tokio::test(start_paused = true)]
async fn message_of_another_process_is_delivered_at_the_next_poll() {
    let workers = Workers::start(DeliveryRules::default(), |_| ProviderAnswer::Accepts);
    sleep(Duration::from_millis(400)).await;
    workers.enqueue(emails(1)).await;
    sleep(POLL_INTERVAL).await;
    assert_eq!(workers.delivered().await, 1);
}

#[tokio::test(start_paused = true)]
async fn stalled_provider_does_not_delay_the_other_channel() {
    let stalls =
        |to: &str| if to.contains('@') { ProviderAnswer::NeverAnswers } else { ProviderAnswer::Accepts };
    let workers = Workers::start(DeliveryRules::default(), stalls);
    workers.send(emails(100)).await;
    workers.send((0..100).map(|number| format!("+1555665{number:04}"))).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(workers.accepted().len(), 100, "every SMS, and no e-mail");
    assert_eq!(workers.started().len(), 116, "no more e-mails than the limit");
    assert_eq!(workers.delivered().await, 100);
}

#[tokio::test(start_paused = true)]
async fn slow_delivery_does_not_delay_its_channel() {
    let slow = |to: &str| {
        if to == "user0@example.com" { ProviderAnswer::NeverAnswers } else { ProviderAnswer::Accepts }
    };
    let workers = Workers::start(at_once(2), slow);
    workers.send(emails(50)).await;
    sleep(SOON).await;
    assert_eq!(workers.delivered().await, 49);
    let slow = workers.entry("user0@example.com").await;
    assert!(matches!(slow.state, OutboxState::Waiting { .. }), "in flight: {slow:?}");
    assert_eq!(slow.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn concurrent_deliveries_reach_and_keep_the_limit() {
    let workers = Workers::start(at_once(5), |_| ProviderAnswer::AcceptsAfter(Duration::from_millis(100)));
    workers.send(emails(50)).await;
    sleep(Duration::from_millis(1050)).await;
    assert_eq!(workers.delivered().await, 50);
    assert_eq!(workers.seen.lock().expect("no panic").most_in_flight, 5);
    assert!(workers.entries().await.iter().all(|entry| entry.attempts == 1), "each was claimed once");
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_complete_together_are_recorded_in_one_write() {
    let workers = Workers::start(at_once(50), |_| ProviderAnswer::AcceptsAfter(Duration::from_millis(100)));
    workers.send(emails(500)).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(workers.delivered().await, 500);
    let writes = workers.dispatcher.storage.writes.load(Ordering::SeqCst);
    assert!(writes <= 40, "{writes} writes for 500 messages");
}

#[tokio::test(start_paused = true)]
async fn failed_delivery_is_retried_with_backoff_until_it_expires() {
    let workers = Workers::start(DeliveryRules::default(), |_| ProviderAnswer::FailsForNow);
    workers.send(emails(1)).await;
    // 1 + 2 + 4 + 8 s, less up to a quarter of each.
    sleep(Duration::from_secs(11)).await;
    assert!((4..=5).contains(&workers.started().len()), "{:?}", workers.started());
    sleep(Duration::from_hours(25)).await;
    let entry = workers.entry("user0@example.com").await;
    let OutboxState::Failed { reason, at } = &entry.state else { panic!("{entry:?}") };
    assert_eq!(reason, "not now");
    assert!(*at < entry.message.expires_at, "the next retry would have come after the expiry");
}

#[tokio::test(start_paused = true)]
async fn providers_that_fail_for_hours_are_tried_by_the_schedule_and_delay_nothing_else() {
    const HOURS: u32 = 3;
    const EMAILS: usize = 40;
    let recovers_at = Instant::now() + Duration::from_hours(u64::from(HOURS));
    // Every second address is of a mail server that rejects at once, the others of one that is silent until the timeout.
    let hostile = move |to: &str| match to {
        _ if !to.contains('@') || Instant::now() >= recovers_at => ProviderAnswer::Accepts,
        _ if to.contains("0@") => ProviderAnswer::FailsForNow,
        _ => ProviderAnswer::FailsAfter(Duration::from_secs(10)),
    };
    let workers = Workers::start(DeliveryRules::default(), hostile);
    let addresses = (0..EMAILS).map(|number| format!("user{number}{}@example.com", number % 2));
    workers.send(addresses).await;
    for minute in 0..HOURS * 60 {
        let phone = format!("+1555665{minute:04}");
        workers.send([phone.clone()]).await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(workers.accepted().last(), Some(&phone), "an SMS does not wait for mail servers");
        sleep(Duration::from_secs(59)).await;
    }
    // Tries begin a minute apart at most, less up to a quarter, after the first six.
    let tries = |marked: &str| workers.started().iter().filter(|to| to.contains(marked)).count();
    let most = EMAILS / 2 * (6 + (HOURS as usize * 3600).div_ceil(45));
    let least = EMAILS / 2 * (HOURS as usize * 3600) / 71;
    for kind in ["0@", "1@"] {
        assert!((least..=most).contains(&tries(kind)), "{least} <= {} <= {most}", tries(kind));
    }
    assert!(workers.seen.lock().expect("no panic").most_in_flight <= 16 + 1);

    // Its deliveries in flight end, and the longest wait.
    sleep(Duration::from_secs(10 + 60 + 1)).await;
    let accepted = workers.accepted();
    assert_eq!(accepted.iter().filter(|to| to.contains('@')).count(), EMAILS, "each is delivered once");
    assert_eq!(workers.delivered().await, EMAILS + HOURS as usize * 60);
}

#[tokio::test(start_paused = true)]
async fn delivery_that_panics_is_retried_after_its_lease() {
    let tries = Arc::new(AtomicUsize::new(0));
    let does = move |to: &str| match to {
        "user0@example.com" if tries.fetch_add(1, Ordering::SeqCst) == 0 => ProviderAnswer::Panics,
        _ => ProviderAnswer::Accepts,
    };
    let workers = Workers::start(at_once(1), does);
    workers.send(emails(3)).await;
    sleep(SOON).await;
    assert_eq!(workers.delivered().await, 2);
    sleep(Duration::from_secs(29)).await;
    assert_eq!(workers.delivered().await, 2);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(workers.delivered().await, 3);
}

#[tokio::test(start_paused = true)]
async fn delivery_during_a_storage_outage_is_recorded_later_and_not_repeated() {
    let workers = Workers::start(at_once(3), |_| ProviderAnswer::AcceptsAfter(Duration::from_secs(1)));
    workers.send(emails(6)).await;
    sleep(SOON).await;
    workers.dispatcher.storage.is_out.store(true, Ordering::SeqCst);
    sleep(Duration::from_secs(20)).await;
    assert_eq!((workers.accepted().len(), workers.delivered().await), (3, 0), "nothing could be claimed");
    workers.dispatcher.storage.is_out.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((workers.accepted().len(), workers.delivered().await), (6, 6));
}

#[tokio::test(start_paused = true)]
async fn stopping_worker_finishes_deliveries_in_flight_and_tries_due_messages() {
    let slow = |to: &str| match to {
        "slow@example.com" => ProviderAnswer::AcceptsAfter(Duration::from_secs(8)),
        "closed@example.com" => ProviderAnswer::FailsForNow,
        _ => ProviderAnswer::Accepts,
    };
    let mut workers = Workers::start(DeliveryRules::default(), slow);
    workers.send(["slow@example.com".into(), "closed@example.com".into()]).await;
    sleep(SOON).await;
    workers.enqueue(["late@example.com".into(), "+15556654345".into()]).await;
    workers.stop().await;
    let mut accepted = workers.accepted();
    accepted.sort();
    assert_eq!(accepted, ["+15556654345", "late@example.com", "slow@example.com"]);
    assert_eq!(workers.delivered().await, 3);
    let closed = workers.entry("closed@example.com").await;
    assert!(matches!(closed.state, OutboxState::Waiting { .. }), "left for the next start: {closed:?}");
}

#[tokio::test(start_paused = true)]
async fn stopping_worker_leaves_a_long_backlog_in_the_outbox() {
    let mut workers = Workers::start(at_once(1), |_| ProviderAnswer::AcceptsAfter(Duration::from_secs(2)));
    workers.send(emails(1000)).await;
    let started = Instant::now();
    workers.stop().await;
    assert!(started.elapsed() <= DRAIN_TIMEOUT + Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(workers.delivered().await, 3);
    let untouched = workers.entries().await.into_iter().filter(|entry| entry.attempts == 0);
    assert_eq!(untouched.count(), 997);
}

#[tokio::test(start_paused = true)]
async fn stopping_worker_does_not_wait_for_a_storage_outage() {
    let mut workers =
        Workers::start(DeliveryRules::default(), |_| ProviderAnswer::AcceptsAfter(Duration::from_secs(1)));
    workers.send(emails(1)).await;
    sleep(SOON).await;
    workers.dispatcher.storage.is_out.store(true, Ordering::SeqCst);
    let started = Instant::now();
    workers.stop().await;
    assert!(started.elapsed() <= DRAIN_TIMEOUT + POLL_INTERVAL, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn idle_worker_stops_immediately() {
    let mut workers = Workers::start(DeliveryRules::default(), |_| ProviderAnswer::Accepts);
    sleep(SOON).await;
    let started = Instant::now();
    workers.stop().await;
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn worker_stops_when_its_owner_is_dropped() {
    let Workers { stop, tasks, .. } = Workers::start(DeliveryRules::default(), |_| ProviderAnswer::Accepts);
    sleep(SOON).await;
    drop(stop);
    for task in tasks {
        task.await.expect("no panic");
    }
}
