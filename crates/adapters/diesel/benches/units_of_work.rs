//! Throughput and latency of units of work, from 16 concurrent tasks.
//!
//! A write unit reads and saves a limit and records an audit event. A read unit finds a session by its token. Run with
//! `cargo bench -p asteroid-diesel --bench units_of_work`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_diesel::{SqliteOptions, SqliteStorage};
use asteroid_identity::{
    ContactSource, ContactType, NewUser, PersonName, Session, SessionRepository, SessionToken,
    SessionTokenHash, UserRegistrationRepository, UserRepository,
};
use asteroid_kernel::system::{SystemClock, SystemRandomness};
use asteroid_kernel::{
    Clock, Contact, Origin, Region, SessionId, Storage, StorageError, Timestamp, UnitOfWork,
};
use asteroid_limits::{LimitKey, LimitRepository};

const TASKS: usize = 16;
const DURATION: Duration = Duration::from_secs(3);

struct RecordEvent {
    key: LimitKey,
    event: AuditEvent,
}

impl RecordEvent {
    fn new(task: usize) -> Self {
        let (origin, now) = (Origin::local(), SystemClock.now());
        let event = AuditEvent::new(Action::SignIn, Outcome::Done, &origin, now, &SystemRandomness);
        Self { key: LimitKey::new("bench", task), event }
    }
}

impl<Tx: LimitRepository + AuditRepository> UnitOfWork<Tx> for RecordEvent {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        let window = tx.window(&self.key).await?;
        tx.save_window(&self.key, &window, self.event.at).await?;
        tx.record_event(&self.event).await
    }
}

struct OpenSession {
    token: SessionTokenHash,
    now: Timestamp,
}

impl<Tx: UserRegistrationRepository + UserRepository + SessionRepository> UnitOfWork<Tx> for OpenSession {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        let user = NewUser {
            name: PersonName::new("George", "Washington").expect("a name"),
            password_hash: None,
            contact: Contact::parse("george@example.com", Region::US).expect("a contact"),
            contact_type: ContactType::Personal,
            source: ContactSource::Verified,
            created_at: self.now,
        };
        let user = tx.insert_user(&user).await?.expect("a new contact");
        let session = Session {
            id: SessionId::new(self.now, &SystemRandomness),
            user,
            token: Some(self.token),
            created_at: self.now,
            expires_at: self.now + Duration::from_hours(24),
            last_used_at: self.now,
            origin: Origin::local(),
        };
        tx.insert_session(&session, 20).await
    }
}

struct FindSession(SessionTokenHash);

impl<Tx: SessionRepository> UnitOfWork<Tx> for FindSession {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        tx.find_session_by_token(&self.0).await?.expect("a session");
        Ok(())
    }
}

/// Repeats a unit of work in every task, and prints the throughput and latencies.
async fn measure<F, Once>(name: &str, once: F)
where
    F: Fn(usize) -> Once + Send + Sync + 'static,
    Once: Future<Output = Result<(), StorageError>> + Send,
{
    let (once, start) = (Arc::new(once), Instant::now());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let once = Arc::clone(&once);
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while start.elapsed() < DURATION {
                    let begun = Instant::now();
                    once(task).await.expect("a unit of work");
                    latencies.push(begun.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("no panic"));
    }
    let elapsed = usize::try_from(start.elapsed().as_millis()).expect("a few seconds");
    latencies.sort_unstable();
    println!(
        "{name}: {} units/s, median {:?}, 99 of 100 within {:?}",
        latencies.len() * 1000 / elapsed,
        latencies[latencies.len() / 2],
        latencies[latencies.len() * 99 / 100],
    );
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SqliteOptions::new(folder.path().join("bench.db"));
    let storage = Arc::new(SqliteStorage::open(&options).expect("a new database"));
    storage.migrate().await.expect("the tables");
    let token = SessionToken::new(&SystemRandomness).hash();
    storage.write(OpenSession { token, now: SystemClock.now() }).await.expect("a session");

    let writer = Arc::clone(&storage);
    measure("writes", move |task| {
        let storage = Arc::clone(&writer);
        async move { storage.write(RecordEvent::new(task)).await }
    })
    .await;
    measure("reads", move |_| {
        let storage = Arc::clone(&storage);
        async move { storage.read(FindSession(token)).await }
    })
    .await;
}
