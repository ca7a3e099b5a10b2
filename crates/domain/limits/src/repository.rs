use std::fmt;

use asteroid_kernel::{StorageError, Timestamp};

use crate::{ConsecutiveFailures, SlidingWindow};

/// The key of a limit's state: the name of the limit and its subject, such as `sends:george@example.com`.
///
/// The subject may be a contact, so [`Debug`](fmt::Debug) prints the name of the limit only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(String);

impl LimitKey {
    /// The key of the limit of this name on this subject. The name contains no `:`.
    #[must_use]
    pub fn new(limit: &str, subject: impl fmt::Display) -> Self {
        Self(format!("{limit}:{subject}"))
    }

    /// Whether this is the subject, or one of its parts between colons.
    #[must_use]
    pub fn is_about(&self, subject: &str) -> bool {
        format!(":{}:", self.0).contains(&format!(":{subject}:"))
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
    /// Stores the state of limits.
    ///
    /// A key has a window or a count of failures, never both: saving one removes the other.
    ///
    /// In a transaction that writes, reading a key locks it until the transaction ends. So of several concurrent units
    /// of work that read, decide and save the same key, each sees what the one before it saved.
    pub trait LimitRepository {
        /// The window of this key; empty if none is stored. Locks the key.
        read fn window(&mut self, key: &LimitKey) -> Result<SlidingWindow, StorageError>;

        /// Saves the window. It may be removed from `expires_at` on.
        write fn save_window(
            &mut self,
            key: &LimitKey,
            window: &SlidingWindow,
            expires_at: Timestamp,
        ) -> Result<(), StorageError>;

        /// The consecutive failures of this key; a count of 0 if none are stored. Locks the key.
        read fn failures(&mut self, key: &LimitKey) -> Result<ConsecutiveFailures, StorageError>;

        /// Saves the consecutive failures. They may be removed from `expires_at` on.
        write fn save_failures(
            &mut self,
            key: &LimitKey,
            failures: ConsecutiveFailures,
            expires_at: Timestamp,
        ) -> Result<(), StorageError>;

        /// Removes the state of this key, if any.
        write fn remove_limit(&mut self, key: &LimitKey) -> Result<(), StorageError>;

        /// Removes the state of every key that has this subject, alone or as one of its parts between colons. Returns the
        /// number of keys. It may read all keys: it is for rare occasions.
        write fn remove_limits_of(&mut self, subject: &str) -> Result<u64, StorageError>;

        /// Removes the state that expired at `now` or before. Returns the number of keys.
        write fn remove_expired_limits(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_key_names_the_limit_and_its_subject() {
        let key = LimitKey::new("sends", "george@example.com");
        assert_eq!(key.as_str(), "sends:george@example.com");
        assert_ne!(key, LimitKey::new("attempts", "george@example.com"));
    }

    #[test]
    fn a_limit_key_is_about_its_subject_and_its_parts() {
        let key = LimitKey::new("running", "strangers-sends:george@example.com:192.0.2.7");
        for subject in ["george@example.com", "192.0.2.7", "george@example.com:192.0.2.7"] {
            assert!(key.is_about(subject), "{subject}");
        }
        for subject in ["eorge@example.com", "george@example.co", "192.0.2", "25"] {
            assert!(!key.is_about(subject), "{subject}");
        }
    }

    #[test]
    fn the_subject_of_a_limit_key_is_not_printed() {
        let key = LimitKey::new("sends", "george@example.com");
        assert_eq!(format!("{key:?}"), "LimitKey(sends:..)");
    }
}
