//! Counting events: once for each hour that is over, and of the running hours for each overview.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use asteroid_application::administration::Administration;
use asteroid_application::{AccountRules, Administrators, Retention};
use asteroid_audit::{Action, AuditEvent, AuditRepository, EventCount, HOUR, Outcome, hour_of};
use asteroid_identity::mocks::PlainHasher;
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{Clock, Origin, Randomness, Storage, Timestamp, unit_of_work};
use asteroid_memory::{MemoryStorage, MemoryTx};

const NOW: &str = "2026-01-02T03:04:05.678Z";

struct Bench {
    storage: Arc<MemoryStorage>,
    clock: Arc<ManualClock>,
    randomness: Arc<dyn Randomness>,
}

impl Bench {
    fn new() -> Self {
        let (storage, clock) = (Arc::new(MemoryStorage::default()), Arc::new(ManualClock::at(NOW)));
        Self { storage, clock, randomness: Arc::new(CountingRandomness::default()) }
    }

    async fn record(&self, action: Action, outcome: Outcome, at: Timestamp) {
        let event = AuditEvent::new(action, outcome, &Origin::local(), at, &*self.randomness);
        let record = unit_of_work(event, |event, tx: &mut MemoryTx| Box::pin(tx.record_event(event)));
        self.storage.write(record).await.expect("the store works");
    }

    async fn sweep(&self) {
        let retention = Retention {
            storage: Arc::clone(&self.storage),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            rules: AccountRules::default(),
            keys: Arc::new(RwLock::new(Vec::new())),
            audit_kept_for: Duration::from_hours(400 * 24),
            completed_messages_kept_for: Duration::from_hours(24),
        };
        retention.sweep().await.expect("the store works");
    }

    /// The counts that are not 0.
    async fn counts(&self) -> Vec<EventCount> {
        let administrators = Administrators::new(
            Arc::clone(&self.storage),
            Arc::new(PlainHasher),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            Arc::clone(&self.randomness),
            AccountRules::default(),
        );
        let overview = administrators.overview().await.expect("the store works");
        assert!(overview.counts.is_sorted_by_key(|count| count.hour), "{:?}", overview.counts);
        overview.counts.into_iter().filter(|count| count.number > 0).collect()
    }
}

#[tokio::test]
async fn each_event_of_a_month_is_counted_once_before_and_after_its_hour_is_stored() {
    let bench = Bench::new();
    let hour = hour_of(bench.clock.now());
    let sign_ins = |hours: u32, number| EventCount {
        hour: hour - hours * HOUR,
        action: Action::SignIn,
        outcome: Outcome::Done,
        number,
    };
    for hours in [30 * 24 + 1, 30 * 24, 5, 5, 1, 0] {
        bench.record(Action::SignIn, Outcome::Done, hour - hours * HOUR).await;
    }
    // Nothing is stored yet: the running hour and the two before it are counted.
    assert_eq!(bench.counts().await, [sign_ins(1, 1), sign_ins(0, 1)]);
    bench.sweep().await;
    // The last hour ended four minutes ago: it is not stored before ten.
    let oldest = sign_ins(30 * 24, 1);
    let all = [oldest, sign_ins(5, 2), sign_ins(1, 1), sign_ins(0, 1)];
    assert_eq!(bench.counts().await, all);
    bench.record(Action::SignIn, Outcome::Done, hour - Duration::from_secs(1)).await;
    let late = [oldest, sign_ins(5, 2), sign_ins(1, 2), sign_ins(0, 1)];
    assert_eq!(bench.counts().await, late);
    for _ in 0..2 {
        bench.clock.advance(Duration::from_mins(10));
        bench.sweep().await;
        assert_eq!(bench.counts().await, late);
    }
    bench.clock.advance(Duration::from_hours(48));
    bench.sweep().await;
    assert_eq!(bench.counts().await, late[1..], "a month goes on");
}

#[tokio::test]
async fn outcomes_are_counted_apart() {
    let bench = Bench::new();
    let at = bench.clock.now();
    for outcome in [Outcome::Refused, Outcome::Done, Outcome::Limited, Outcome::Refused] {
        bench.record(Action::VerifyCode, outcome, at).await;
    }
    let mut counts: Vec<_> = bench.counts().await.iter().map(|count| (count.outcome, count.number)).collect();
    counts.sort_unstable();
    assert_eq!(counts, [(Outcome::Done, 1), (Outcome::Refused, 2), (Outcome::Limited, 1)]);
}
