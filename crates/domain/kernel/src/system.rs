//! The one place that reads the system's clock and its random source. Everything else is handed a
//! [`Clock`] and a [`Randomness`]; a lint (`clippy.toml`) forbids the rest.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::{Clock, Randomness, Timestamp};

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
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
    /// If the operating system gives no random bytes: nothing secret can be made then, so nothing may go on.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
