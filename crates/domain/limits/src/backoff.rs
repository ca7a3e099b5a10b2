use std::time::Duration;

use asteroid_kernel::Timestamp;

/// How somebody who fails again and again is slowed down, and at last locked out (ASVS 5.0, 6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// So many failures in a row cost nothing.
    pub free: u32,
    /// The wait after the next failure; each further one doubles it.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// At so many failures in a row, no try is admitted until the failures is ended by other means.
    pub lock_at: u32,
}

impl Default for Backoff {
    /// 4 free, then 1 second doubling to 15 minutes, locked at 100.
    fn default() -> Self {
        Self { free: 4, first: Duration::from_secs(1), longest: Duration::from_mins(15), lock_at: 100 }
    }
}

/// A count of consecutive failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsecutiveFailures {
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last_at: Option<Timestamp>,
}

/// Whether a try is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is.
    Admitted,
    /// Not before this time.
    Wait {
        /// From when on a try is admitted.
        until: Timestamp,
    },
    /// Not until the failures is ended by other means.
    Locked,
}

impl Backoff {
    /// Whether a try is admitted now.
    #[must_use]
    pub fn admission(&self, failures: ConsecutiveFailures, now: Timestamp) -> Admission {
        if failures.count >= self.lock_at {
            return Admission::Locked;
        }
        let Some(last_at) = failures.last_at else { return Admission::Admitted };
        let until = last_at + self.wait_after(failures.count);
        if now < until { Admission::Wait { until } } else { Admission::Admitted }
    }

    /// How long to wait after so many failures in a row.
    #[must_use]
    pub fn wait_after(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free).filter(|over| *over > 0) else {
            return Duration::ZERO;
        };
        self.first.saturating_mul(1 << (doublings - 1).min(30)).min(self.longest)
    }
}

impl ConsecutiveFailures {
    /// The failures with one more failure.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), last_at: Some(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_failures_are_free_then_the_wait_doubles_to_fifteen_minutes() {
        let backoff = Backoff::default();
        let waits: Vec<u64> = (0..=16).map(|failures| backoff.wait_after(failures).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn a_try_is_admitted_when_the_wait_is_over_and_not_before() {
        let (backoff, start) = (Backoff::default(), Timestamp::from_micros(0));
        let mut failures = ConsecutiveFailures::default();
        for _ in 0..5 {
            assert_eq!(backoff.admission(failures, start), Admission::Admitted);
            failures = failures.failed(start);
        }
        let until = start + Duration::from_secs(1);
        assert_eq!(backoff.admission(failures, start), Admission::Wait { until });
        assert_eq!(backoff.admission(failures, until), Admission::Admitted);
    }

    #[test]
    fn a_hundred_failures_lock() {
        let (backoff, start) = (Backoff::default(), Timestamp::from_micros(0));
        let failures = ConsecutiveFailures { count: 100, last_at: Some(start) };
        assert_eq!(backoff.admission(failures, start + Duration::from_hours(24 * 365)), Admission::Locked);
        assert_eq!(backoff.wait_after(u32::MAX), Duration::from_mins(15));
    }
}
