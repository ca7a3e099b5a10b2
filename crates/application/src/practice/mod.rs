//! What users of a practice do: a file for each use case, with its port.

#[macro_use]
mod clients;
#[macro_use]
mod profile;
#[macro_use]
mod terms;

use std::sync::Arc;

use asteroid_kernel::{Clock, Randomness};

pub use clients::*;
pub use profile::*;
pub use terms::*;

/// The use cases of practices, over any store. Cheap to clone; clones share everything.
pub struct Practices<S> {
    storage: Arc<S>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl<S> Clone for Practices<S> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            clock: Arc::clone(&self.clock),
            randomness: Arc::clone(&self.randomness),
        }
    }
}

impl<S> Practices<S> {
    /// Puts the use cases on a store.
    #[must_use]
    pub fn new(storage: Arc<S>, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { storage, clock, randomness }
    }
}
