use std::fmt;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::stored::{MAX_MEMORY_KIB, MAX_WORK_KIB};

/// The cost of a new hash, and the concurrency of hashing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Settings {
    /// The memory of one hash, in KiB.
    pub memory_kib: u32,
    /// The passes over that memory.
    pub iterations: u32,
    /// The lanes of the memory. One thread computes all of them in sequence.
    pub parallelism: u32,
    /// The hashes that are computed concurrently; each thread has the memory of one.
    pub threads: usize,
    /// The hashes that may wait for a thread.
    pub queue: usize,
    /// The longest wait for a thread.
    pub max_wait: Duration,
}

impl Default for Argon2Settings {
    /// 19456 KiB, 2 iterations, 1 lane (OWASP's Password Storage Cheat Sheet); as many threads as the machine has
    /// cores, 64 in the queue, for at most 2 s.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            threads: available_parallelism().map_or(1, NonZero::get),
            queue: 64,
            max_wait: Duration::from_secs(2),
        }
    }
}

/// A setting that is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is {given}, and must be from {} to {}{unit}", bounds.start(), bounds.end())]
pub struct OutOfBounds {
    /// The field of [`Argon2Settings`].
    pub setting: &'static str,
    /// Its value, in `unit`.
    pub given: u128,
    /// The allowed values, in `unit`.
    pub bounds: RangeInclusive<u128>,
    /// The unit with a space before it; empty for a count.
    pub unit: &'static str,
}

/// All settings that are out of their bounds: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidArgon2Settings(pub Vec<OutOfBounds>);

impl fmt::Display for InvalidArgon2Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidArgon2Settings {}

impl Argon2Settings {
    const PARALLELISM: RangeInclusive<u128> = 1..=64;
    const THREADS: RangeInclusive<u128> = 1..=1024;
    const QUEUE: RangeInclusive<u128> = 1..=65_536;
    const MAX_WAIT_MS: RangeInclusive<u128> = 1..=60_000;

    /// Checks that every setting is within its bounds, so that the hashes can be verified.
    ///
    /// # Errors
    ///
    /// All settings that are not.
    pub fn validate(&self) -> Result<(), InvalidArgon2Settings> {
        let lanes = u128::from(self.parallelism).clamp(*Self::PARALLELISM.start(), *Self::PARALLELISM.end());
        // Each lane has four slices of at least two blocks (RFC 9106, 3.1).
        let memory = 8 * lanes..=u128::from(MAX_MEMORY_KIB);
        let iterations =
            1..=u128::from(MAX_WORK_KIB) / u128::from(self.memory_kib).clamp(*memory.start(), *memory.end());
        let errors: Vec<OutOfBounds> = [
            ("memory_kib", u128::from(self.memory_kib), memory, " KiB"),
            ("iterations", u128::from(self.iterations), iterations, ""),
            ("parallelism", u128::from(self.parallelism), Self::PARALLELISM, ""),
            ("threads", self.threads as u128, Self::THREADS, ""),
            ("queue", self.queue as u128, Self::QUEUE, ""),
            ("max_wait", self.max_wait.as_millis(), Self::MAX_WAIT_MS, " ms"),
        ]
        .into_iter()
        .filter(|(_, given, bounds, _)| !bounds.contains(given))
        .map(|(setting, given, bounds, unit)| OutOfBounds { setting, given, bounds, unit })
        .collect();
        if errors.is_empty() { Ok(()) } else { Err(InvalidArgon2Settings(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_follow_the_policy() {
        let settings = Argon2Settings::default();
        assert_eq!(settings.validate(), Ok(()));
        assert_eq!((settings.memory_kib, settings.iterations, settings.parallelism), (19_456, 2, 1));
        assert_eq!((settings.queue, settings.max_wait), (64, Duration::from_secs(2)));
        assert_eq!(settings.threads, available_parallelism().expect("a number of cores").get());
    }

    #[test]
    fn all_invalid_settings_are_reported_with_their_bounds() {
        let settings = Argon2Settings {
            memory_kib: 15,
            iterations: 0,
            parallelism: 2,
            threads: 0,
            queue: 0,
            max_wait: Duration::ZERO,
        };
        assert_eq!(
            settings.validate().expect_err("nothing is right").to_string(),
            "memory_kib is 15, and must be from 16 to 1048576 KiB; \
             iterations is 0, and must be from 1 to 262144; \
             threads is 0, and must be from 1 to 1024; \
             queue is 0, and must be from 1 to 65536; \
             max_wait is 0, and must be from 1 to 60000 ms"
        );
    }

    #[test]
    fn settings_whose_hashes_could_not_be_verified_are_rejected() {
        let settings = Argon2Settings { memory_kib: 1 << 20, iterations: 5, ..Argon2Settings::default() };
        let errors = settings.validate().expect_err("too much work").0;
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].setting, errors[0].bounds.clone()), ("iterations", 1..=4));
    }
}
