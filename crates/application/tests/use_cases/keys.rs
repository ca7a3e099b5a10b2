//! The keys that the servers of a store use.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use asteroid_application::{
    AccountRules, KeyConflict, KeyConflicts, KeyRegister, RecordKeysError, Retention,
};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{Clock, Contact, Region, Storage, unit_of_work};
use asteroid_memory::{MemoryStorage, MemoryTx};
use asteroid_verification::{
    Challenge, ChallengeRepository, ChallengeRules, CodeFormat, KeyFingerprint, KeyIdentity, KeyKind, Purpose,
};

use crate::operator;

const DAY: Duration = Duration::from_hours(24);

struct Bench {
    storage: Arc<MemoryStorage>,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn new() -> Self {
        Self {
            storage: Arc::new(MemoryStorage::default()),
            clock: Arc::new(ManualClock::at("2026-11-26T10:00:00Z")),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<ManualClock>::clone(&self.clock)
    }

    fn register(&self) -> KeyRegister<MemoryStorage> {
        let randomness = Arc::new(CountingRandomness::default());
        KeyRegister::new(Arc::clone(&self.storage), self.clock(), randomness, AccountRules::default())
    }

    async fn record(&self, ring: &[KeyIdentity]) -> Result<(), Vec<KeyConflict>> {
        match self.register().record(ring).await {
            Ok(()) => Ok(()),
            Err(RecordKeysError::Conflicts(KeyConflicts(conflicts))) => Err(conflicts),
            Err(RecordKeysError::Storage(error)) => panic!("the store works: {error}"),
        }
    }

    /// The ids of the known keys.
    async fn known(&self) -> Vec<String> {
        let known = self.register().known().await.expect("the store works");
        known.into_iter().map(|known| known.key.id).collect()
    }

    /// A code that lives for a week.
    async fn open_code(&self, key: &str) {
        let contact = Contact::parse("martha@example.com", Region::US).expect("a contact");
        let rules = ChallengeRules { life: 7 * DAY, ..ChallengeRules::default() };
        let (format, randomness) = (CodeFormat::Digits { length: 6 }, CountingRandomness::default());
        let now = self.clock.now();
        let challenge =
            Challenge::open(contact, Purpose::SignIn, format, key, None, &[], &rules, now, &randomness);
        let insert =
            unit_of_work(challenge, |challenge, tx: &mut MemoryTx| Box::pin(tx.insert_challenge(challenge)));
        self.storage.write(insert).await.expect("the store works");
    }

    async fn sweep(&self, own: &[KeyIdentity]) -> u64 {
        let retention = Retention {
            storage: Arc::clone(&self.storage),
            clock: self.clock(),
            rules: AccountRules::default(),
            keys: Arc::new(RwLock::new(own.to_vec())),
            audit_kept_for: DAY,
            completed_messages_kept_for: DAY,
        };
        retention.sweep().await.expect("the store works").keys
    }
}

fn ring(codes: &[&str], tokens: &[&str]) -> Vec<KeyIdentity> {
    let of = |kind, ids: &[&str]| -> Vec<KeyIdentity> {
        let key = |id: &&str| KeyIdentity {
            kind,
            id: (*id).to_owned(),
            fingerprint: KeyFingerprint::from_stored(*id),
        };
        ids.iter().map(key).collect()
    };
    [of(KeyKind::Code, codes), of(KeyKind::Token, tokens)].concat()
}

#[tokio::test]
async fn refused_ring_leaves_no_key_behind() {
    let bench = Bench::new();
    assert_eq!(bench.record(&ring(&["c1"], &["t1"])).await, Ok(()));
    let conflicts = bench.record(&ring(&["c2", "c1"], &["t2"])).await;
    let foreign = KeyConflict::Foreign { kind: KeyKind::Token, known: vec!["t1".to_owned()] };
    assert_eq!(conflicts, Err(vec![foreign]));
    assert_eq!(bench.known().await, ["c1", "t1"]);
    assert_eq!(bench.record(&ring(&["c2", "c1"], &["t2", "t1"])).await, Ok(()));
    assert_eq!(bench.known().await, ["c1", "c2", "t1", "t2"]);
}

#[tokio::test]
async fn key_that_no_server_has_is_forgotten_once_no_open_code_needs_it() {
    let bench = Bench::new();
    bench.record(&ring(&["c1", "c2"], &["t1", "t2"])).await.expect("recorded");
    bench.open_code("c2").await;
    let own = ring(&["c1"], &["t1"]);
    bench.clock.advance(Retention::<MemoryStorage>::KEYS_KEPT_FOR);
    assert_eq!(bench.sweep(&own).await, 0, "another server may have read it");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.sweep(&own).await, 1);
    assert_eq!(bench.known().await, ["c1", "c2", "t1"]);
    bench.clock.advance(7 * DAY);
    assert_eq!(bench.sweep(&own).await, 1);
    assert_eq!(bench.known().await, ["c1", "t1"]);
}

#[tokio::test]
async fn retired_key_is_forgotten_and_its_open_codes_end() {
    let bench = Bench::new();
    bench.record(&ring(&["c1", "c2"], &["t1"])).await.expect("recorded");
    bench.open_code("c2").await;
    let register = bench.register();
    let uses = register.uses(KeyKind::Code, "c2", None).await.expect("the store works");
    assert!(uses.is_known && uses.codes.is_some_and(|codes| codes.count == 1) && uses.sessions.is_none());
    assert!(register.uses(KeyKind::Code, "c1", None).await.expect("the store works").are_none());
    assert_eq!(register.retire(KeyKind::Code, "c2", &operator()).await.expect("the store works"), 1);
    assert_eq!(bench.known().await, ["c1", "t1"]);
    assert!(register.uses(KeyKind::Code, "c2", None).await.expect("the store works").are_none());
    assert_eq!(bench.record(&ring(&["c1"], &["t1"])).await, Ok(()), "no open code needs it");
}
