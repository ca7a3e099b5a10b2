//! The one module that reads the system's clock and random source. All other code gets a [`Clock`] and a
//! [`Randomness`]; a lint (`clippy.toml`) enforces it.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::{Clock, Randomness, Timestamp};

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the system")]
    fn now(&self) -> Timestamp {
        DateTime::<Utc>::from(SystemTime::now()).into()
    }
}

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    /// # Panics
    ///
    /// If the operating system has no random bytes: no secret can be created then.
    #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the system")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
