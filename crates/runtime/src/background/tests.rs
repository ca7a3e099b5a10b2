use std::sync::{Arc, Mutex};
use std::time::Duration;

use asteroid_application::DeliveryRules;
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{Clock, Storage};
use asteroid_messaging::DeliverySignal;
use tokio::time::{Instant, sleep};

use super::BackgroundTasks;
use crate::channel_worker::NOTIFIED_DELAY;
use crate::test_support::{
    Enqueue, FaultyStorage, ProviderAnswer, RuntimeClock, SeenDeliveries, dispatcher, notice, retention,
};
use crate::{OutboxNotifier, close_storage};

struct Running {
    storage: Arc<FaultyStorage>,
    seen: Arc<Mutex<SeenDeliveries>>,
    notifier: OutboxNotifier,
    randomness: CountingRandomness,
    tasks: BackgroundTasks,
}

impl Running {
    fn start(answer: ProviderAnswer) -> Self {
        let (storage, seen) = (Arc::default(), Arc::default());
        let dispatcher = dispatcher(&storage, DeliveryRules::default(), move |_| answer, &seen);
        let notifier = OutboxNotifier::default();
        let tasks = BackgroundTasks::start(dispatcher, retention(&storage), &notifier);
        Self { storage, seen, notifier, randomness: CountingRandomness::default(), tasks }
    }

    async fn enqueue(&self, to: &str) {
        let message = notice(to, RuntimeClock(Instant::now()).now(), &self.randomness);
        self.storage.write(Enqueue(vec![message])).await.expect("the storage works");
    }

    fn accepted(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").accepted.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn background_tasks_deliver_both_channels_when_notified() {
    let running = Running::start(ProviderAnswer::Accepts);
    sleep(Duration::from_millis(400)).await;
    running.enqueue("george@example.com").await;
    running.enqueue("+15556654345").await;
    running.notifier.outbox_filled();
    sleep(NOTIFIED_DELAY + Duration::from_millis(1)).await;
    let mut accepted = running.accepted();
    accepted.sort();
    assert_eq!(accepted, ["+15556654345", "george@example.com"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_delivers_the_last_messages_before_the_storage_closes() {
    let running = Running::start(ProviderAnswer::AcceptsAfter(Duration::from_secs(2)));
    sleep(Duration::from_millis(400)).await;
    // What the last requests leave behind: enqueued without a notification.
    running.enqueue("last@example.com").await;
    let Running { storage, seen, tasks, .. } = running;
    tasks.stop().await;
    assert_eq!(seen.lock().expect("no panic").accepted, ["last@example.com"]);
    assert_eq!(Arc::strong_count(&storage), 1, "no task uses the storage any more");
    let started = Instant::now();
    assert!(close_storage(storage).await);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn storage_stays_open_while_a_background_task_runs() {
    let running = Running::start(ProviderAnswer::Accepts);
    sleep(Duration::from_millis(1)).await;
    assert!(!close_storage(running.storage).await);
    running.tasks.stop().await;
}
