//! Mocks and fakes of the ports of this crate.

use std::future::ready;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::{Clock, Randomness, Timer, Timestamp};

mockall::mock! {
    /// A mock of [`Clock`].
    pub Clock {}

    impl Clock for Clock {
        fn now(&self) -> Timestamp;
    }
}

impl MockClock {
    /// A clock that always returns this time.
    ///
    /// # Panics
    ///
    /// If the text is not an RFC 3339 time.
    #[must_use]
    pub fn at(text: &str) -> Self {
        let moment = Timestamp::parse(text).expect("an RFC 3339 time");
        let mut clock = Self::new();
        clock.expect_now().return_const(moment);
        clock
    }
}

/// A clock that stands still until a test advances it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that starts at this time.
    ///
    /// # Panics
    ///
    /// If the text is not an RFC 3339 time.
    #[must_use]
    pub fn at(text: &str) -> Self {
        Self(AtomicI64::new(Timestamp::parse(text).expect("an RFC 3339 time").as_micros()))
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A timer whose waits end at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct InstantTimer;

impl Timer for InstantTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ready(()))
    }
}

/// Bytes that differ in each call and repeat in each run. For tests only: they are predictable.
#[derive(Debug, Default)]
pub struct CountingRandomness(AtomicU64);

impl Randomness for CountingRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64 turns each count into well-mixed bytes.
            let mut z =
                self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
