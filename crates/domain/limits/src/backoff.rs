use std::time::Duration;

use asteroid_kernel::Timestamp;

/// Exponential back-off for consecutive failures, with a lockout at the end (OWASP ASVS 5.0, 6.1.1; NIST SP 800-63B-4,
/// 3.2.2: at most 100 consecutive failures).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The number of consecutive failures that cause no wait.
    pub free: u32,
    /// The wait after the first failure beyond the free ones. Each further failure doubles it.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// The number of consecutive failures at which no attempt is admitted until the count is reset.
    pub lock_at: u32,
}

impl Default for Backoff {
    /// 4 free failures, then waits of 1 second doubling to 15 minutes, and a lockout at 100 failures.
    fn default() -> Self {
        Self { free: 4, first: Duration::from_secs(1), longest: Duration::from_mins(15), lock_at: 100 }
    }
}

/// The number of consecutive failures, and the time of the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsecutiveFailures {
    /// The number of failures since the last success.
    pub count: u32,
    /// The time of the last failure; [`None`] if there was none.
    pub last_at: Option<Timestamp>,
}

/// Whether an attempt is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The attempt is admitted now.
    Admitted,
    /// The attempts that are still running may use up what is left: how they end decides.
    Busy,
    /// No attempt is admitted before this time.
    Wait {
        /// The earliest time at which an attempt is admitted.
        until: Timestamp,
    },
    /// No attempt is admitted until the count of failures is reset.
    Locked,
}

impl Backoff {
    /// Whether an attempt is admitted now, beside this many that are still running.
    ///
    /// Running attempts count as failures, so that no number of attempts at one moment gives more guesses than as many one
    /// after the other. Beyond the free failures and one more, only one attempt runs at a time.
    ///
    /// A wait that would begin in the future is over, because the clock was set back since, and no wait ends later than its
    /// own length from now. The count stays, so that a clock that jumps gives one attempt for each jump.
    #[must_use]
    pub fn admission(&self, failures: ConsecutiveFailures, running: usize, now: Timestamp) -> Admission {
        if failures.count >= self.lock_at {
            return Admission::Locked;
        }
        let counted = u64::from(failures.count).saturating_add(running as u64);
        let without_wait = (u64::from(self.free) + 1).min(self.lock_at.into());
        if running > 0 {
            return if counted < without_wait { Admission::Admitted } else { Admission::Busy };
        }
        let Some(last_at) = failures.last_at else { return Admission::Admitted };
        if last_at.is_ahead_of(now) {
            return Admission::Admitted;
        }
        let until = last_at.min(now) + self.wait_after(failures.count);
        if now < until { Admission::Wait { until } } else { Admission::Admitted }
    }

    /// The wait after this many consecutive failures, counted from the last one.
    #[must_use]
    pub fn wait_after(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free).filter(|over| *over > 0) else {
            return Duration::ZERO;
        };
        self.first.saturating_mul(1 << (doublings - 1).min(30)).min(self.longest)
    }
}

impl ConsecutiveFailures {
    /// The count with one more failure, which happened now.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), last_at: Some(now) }
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::CLOCK_SKEW;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_wait_is_longer_than_its_length(count in 0u32..100, last_at in 0i64..1 << 40, now in 0i64..1 << 40) {
            let (backoff, now) = (Backoff::default(), Timestamp::from_micros(now));
            let failures = ConsecutiveFailures { count, last_at: Some(Timestamp::from_micros(last_at)) };
            match backoff.admission(failures, 0, now) {
                Admission::Admitted => {}
                Admission::Wait { until } => prop_assert!(until.since(now) <= backoff.wait_after(count)),
                Admission::Busy => prop_assert!(false, "none is running"),
                Admission::Locked => prop_assert!(false, "under the cap"),
            }
        }

        /// However the clock jumps, each of the free attempts, each jump, and each wait that passed admits one.
        #[test]
        fn a_jump_of_the_clock_admits_one_attempt(steps in prop::collection::vec((any::<bool>(), 0i64..1 << 40), 1..60)) {
            let backoff = Backoff::default();
            let (mut now, mut failures) = (Timestamp::from_micros(0), ConsecutiveFailures::default());
            let (mut jumps, mut evaluated) = (0, 0);
            for (jumps_now, to) in steps {
                if jumps_now {
                    now = Timestamp::from_micros(to);
                    jumps += 1;
                }
                // Any number of tries at one moment.
                for _ in 0..10 {
                    if backoff.admission(failures, 0, now) == Admission::Admitted {
                        failures = failures.failed(now);
                        evaluated += 1;
                    }
                }
            }
            prop_assert!(evaluated <= backoff.free + 1 + jumps, "{evaluated} of {jumps} jumps");
        }
    }

    proptest! {
        /// In whatever order attempts begin and end at one moment, no more end wrong than the free ones and one.
        #[test]
        fn concurrent_attempts_give_no_more_guesses(
            steps in prop::collection::vec(any::<bool>(), 1..300),
            free in 0u32..10,
            lock_at in 1u32..20,
        ) {
            let backoff = Backoff { free: free.min(lock_at), lock_at, ..Backoff::default() };
            let now = Timestamp::from_micros(0);
            let (mut failures, mut running) = (ConsecutiveFailures::default(), 0);
            for begins in steps {
                if !begins && running > 0 {
                    running -= 1;
                    failures = failures.failed(now);
                } else if backoff.admission(failures, running, now) == Admission::Admitted {
                    running += 1;
                }
                let evaluated = failures.count as usize + running;
                prop_assert!(evaluated <= (backoff.free as usize + 1).min(lock_at as usize), "{evaluated}");
            }
        }

        /// Attempts that end right hold nobody back: when none is running, the next one is admitted at once.
        #[test]
        fn right_attempts_use_nothing_up(steps in prop::collection::vec(any::<bool>(), 1..300)) {
            let (backoff, now) = (Backoff::default(), Timestamp::from_micros(0));
            let mut running = 0;
            for begins in steps {
                if !begins && running > 0 {
                    running -= 1;
                } else {
                    match backoff.admission(ConsecutiveFailures::default(), running, now) {
                        Admission::Admitted => running += 1,
                        other => prop_assert_eq!((other, running), (Admission::Busy, 5)),
                    }
                }
            }
        }
    }

    #[test]
    fn in_back_off_one_attempt_runs_at_a_time() {
        let (backoff, start) = (Backoff::default(), Timestamp::from_micros(0));
        let failures = ConsecutiveFailures { count: 5, last_at: Some(start) };
        let later = start + Duration::from_secs(1);
        assert_eq!(backoff.admission(failures, 0, later), Admission::Admitted);
        assert_eq!(backoff.admission(failures, 1, later), Admission::Busy);
        let locked = ConsecutiveFailures { count: 100, last_at: Some(start) };
        assert_eq!(backoff.admission(locked, 1, later), Admission::Locked);
    }

    #[test]
    fn a_clock_that_is_set_back_leaves_no_wait_beyond_its_length() {
        let (backoff, start) = (Backoff::default(), Timestamp::from_micros(0));
        let two_hours_ahead = start + Duration::from_hours(2);
        let failures = ConsecutiveFailures { count: 20, last_at: Some(two_hours_ahead) };
        assert_eq!(backoff.admission(failures, 0, start), Admission::Admitted);
        // Between servers whose clocks differ a little, the wait holds.
        let failures = ConsecutiveFailures { count: 20, last_at: Some(start + CLOCK_SKEW) };
        assert_eq!(
            backoff.admission(failures, 0, start),
            Admission::Wait { until: start + Duration::from_mins(15) }
        );
    }

    #[test]
    fn four_failures_are_free_then_the_wait_doubles_to_fifteen_minutes() {
        let backoff = Backoff::default();
        let waits: Vec<u64> = (0..=16).map(|failures| backoff.wait_after(failures).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn an_attempt_is_admitted_when_the_wait_is_over_and_not_before() {
        let (backoff, start) = (Backoff::default(), Timestamp::from_micros(0));
        let mut failures = ConsecutiveFailures::default();
        for _ in 0..5 {
            assert_eq!(backoff.admission(failures, 0, start), Admission::Admitted);
            failures = failures.failed(start);
        }
        let until = start + Duration::from_secs(1);
        assert_eq!(backoff.admission(failures, 0, start), Admission::Wait { until });
        assert_eq!(backoff.admission(failures, 0, until), Admission::Admitted);
    }

    #[test]
    fn a_hundred_consecutive_failures_lock_out() {
        let (backoff, start) = (Backoff::default(), Timestamp::from_micros(0));
        let failures = ConsecutiveFailures { count: 100, last_at: Some(start) };
        assert_eq!(backoff.admission(failures, 0, start + Duration::from_hours(24 * 365)), Admission::Locked);
        assert_eq!(backoff.wait_after(u32::MAX), Duration::from_mins(15));
        let one_less = ConsecutiveFailures { count: 99, ..failures };
        let until = start + Duration::from_mins(15);
        assert_eq!(backoff.admission(one_less, 0, start), Admission::Wait { until });
    }

    #[test]
    fn a_failure_raises_the_count_and_sets_the_time_of_the_last_one() {
        let now = Timestamp::from_micros(7);
        let once = ConsecutiveFailures::default().failed(now);
        assert_eq!(once, ConsecutiveFailures { count: 1, last_at: Some(now) });
        let most = ConsecutiveFailures { count: u32::MAX, last_at: None };
        assert_eq!(most.failed(now).count, u32::MAX);
    }
}
