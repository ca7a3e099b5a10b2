//! Whether writes succeed.

use std::sync::{Arc, Mutex, PoisonError};

use asteroid_kernel::StorageError;
use diesel::result::Error;

use super::error::storage_error;
use crate::access::Access;

/// The error of the last write, if it could not be written (a full or broken disk). Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteHealth(Arc<Mutex<Option<Arc<Error>>>>);

impl WriteHealth {
    /// Succeeds unless the last write could not be written.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        self.set(|failure| failure.as_ref().map_or(Ok(()), |error| Err(storage_error(error, Access::Write))))
    }

    /// Whether the last write could not be written.
    pub(super) fn is_failing(&self) -> bool {
        self.set(|failure| failure.is_some())
    }

    /// Records the error of a write. An error that says nothing about the disk changes nothing.
    pub(super) fn failed(&self, error: &Arc<Error>) {
        if matches!(storage_error(error, Access::Write), StorageError::Unavailable(_)) {
            self.set(|failure| *failure = Some(Arc::clone(error)));
        }
    }

    /// Records that a write was written.
    pub(super) fn succeeded(&self) {
        self.set(|failure| *failure = None);
    }

    fn set<R>(&self, change: impl FnOnce(&mut Option<Arc<Error>>) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
