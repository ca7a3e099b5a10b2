use std::fmt;

use asteroid_kernel::{StorageError, Timestamp};

use crate::{ConsecutiveFailures, SlidingWindow};

/// What a limit is kept on, by name: `sends:george@example.com`. May hold a contact, so it is not printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(String);

impl LimitKey {
    /// A limit of this name on this subject.
    #[must_use]
    pub fn new(limit: &str, subject: impl fmt::Display) -> Self {
        Self(format!("{limit}:{subject}"))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitKey({}:..)", self.0.split(':').next().unwrap_or_default())
    }
}

asteroid_kernel::repository! {
    /// Keeps what limits need to remember.
    ///
    /// A key keeps a window or a count of failures, never both: keeping one forgets the other.
    ///
    /// In a transaction that writes, reading a key locks it until the transaction ends: of units that read, decide and
    /// keep the same key at once, each sees what the one before kept.
    pub trait LimitRepository {
        /// When it happened; empty if it never did. Locks the key.
        read fn window(&mut self, key: &LimitKey) -> Result<SlidingWindow, StorageError>;

        /// Keeps the window; it may be forgotten at `expires_at`.
        write fn save_window(
            &mut self,
            key: &LimitKey,
            window: &SlidingWindow,
            expires_at: Timestamp,
        ) -> Result<(), StorageError>;

        /// Failures in a row; none if it never failed. Locks the key.
        read fn failures(&mut self, key: &LimitKey) -> Result<ConsecutiveFailures, StorageError>;

        /// Keeps the failures; it may be forgotten at `expires_at`.
        write fn save_failures(
            &mut self,
            key: &LimitKey,
            failures: ConsecutiveFailures,
            expires_at: Timestamp,
        ) -> Result<(), StorageError>;

        /// Forgets what is kept under the key.
        write fn remove_limit(&mut self, key: &LimitKey) -> Result<(), StorageError>;

        /// Removes what had become useless by then, at `now` or before; says how many keys.
        write fn remove_expired_limits(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}
