//! What operators watch of the store.

use std::sync::Arc;
use std::time::Duration;

use asteroid_identity::SessionRepository;
use asteroid_kernel::{Clock, Storage, StorageError, Timestamp, UnitOfWork};
use asteroid_messaging::{Backlog, Channel, OutboxRepository};

/// Reads what operators watch of the store.
pub struct Monitoring<S> {
    /// The store.
    pub storage: Arc<S>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The idle timeout of sessions.
    pub session_idle: Duration,
}

/// What operators watch of the store, counted up to a bound so that it is always cheap to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFigures {
    /// The waiting messages of each channel, up to [`StoreFigures::MAX_MESSAGES`].
    pub backlogs: Vec<(Channel, Backlog)>,
    /// The live sessions, up to [`StoreFigures::MAX_SESSIONS`].
    pub live_sessions: usize,
    /// When they were read.
    pub read_at: Timestamp,
}

impl StoreFigures {
    /// The most waiting messages of a channel that are counted.
    pub const MAX_MESSAGES: usize = 10_000;
    /// The most live sessions that are counted.
    pub const MAX_SESSIONS: usize = 100_000;
}

struct ReadFigures {
    now: Timestamp,
    idle_since: Timestamp,
}

impl<Tx: OutboxRepository + SessionRepository + Send> UnitOfWork<Tx> for ReadFigures {
    type Output = StoreFigures;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<StoreFigures, StorageError> {
        let mut backlogs = Vec::new();
        for channel in Channel::ALL {
            backlogs.push((channel, tx.backlog(channel, StoreFigures::MAX_MESSAGES).await?));
        }
        let live_sessions =
            tx.count_live_sessions(self.now, self.idle_since, StoreFigures::MAX_SESSIONS).await?;
        Ok(StoreFigures { backlogs, live_sessions, read_at: self.now })
    }
}

impl<S: Storage<Tx: OutboxRepository + SessionRepository>> Monitoring<S> {
    /// Reads the figures.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn figures(&self) -> Result<StoreFigures, StorageError> {
        let now = self.clock.now();
        self.storage.read(ReadFigures { now, idle_since: now - self.session_idle }).await
    }
}
