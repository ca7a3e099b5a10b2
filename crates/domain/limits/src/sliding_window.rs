use std::time::Duration;

use asteroid_kernel::Timestamp;

use crate::Admission;

/// A rate limit: at most `count` events within any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The most events within the window; 0 allows none.
    pub count: usize,
    /// The length of the sliding window.
    pub window: Duration,
}

/// The times of past events, in ascending order and exact to the microsecond: a sliding-window log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlidingWindow(Vec<Timestamp>);

impl SlidingWindow {
    /// Creates a window from stored times, in any order.
    #[must_use]
    pub fn from_times(mut times: Vec<Timestamp>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The times of the events, in ascending order.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.0
    }

    /// Records an event at this time, which may lie before the latest one.
    pub fn record(&mut self, now: Timestamp) {
        let at = self.0.partition_point(|time| *time <= now);
        self.0.insert(at, now);
    }

    /// Removes one event of exactly this time. Does nothing if there is none.
    pub fn withdraw(&mut self, at: Timestamp) {
        if let Ok(index) = self.0.binary_search(&at) {
            self.0.remove(index);
        }
    }

    /// The earliest time at which all these quotas allow one more event; `now` if they allow it now.
    ///
    /// A quota of count 0 gives the end of a window that starts now, so it never allows an event.
    ///
    /// Events in the future were recorded before the clock was set back, and do not count; so no wait is longer than the
    /// longest window, and each jump of the clock allows each quota's count once more at the most.
    #[must_use]
    pub fn next_allowed(&self, quotas: &[Quota], now: Timestamp) -> Timestamp {
        let known = self.past(now);
        quotas
            .iter()
            .filter_map(|quota| {
                // The window is full until the earliest of the newest `count` events leaves it.
                let newest = known.len().checked_sub(quota.count)?;
                let earliest = known.get(newest).map_or(now, |earliest| now.min(*earliest));
                Some(earliest + quota.window)
            })
            .fold(now, Timestamp::max)
    }

    /// Whether these quotas allow one more attempt, where this window has the failed ones, and this many are still running.
    /// Running attempts count as failures.
    #[must_use]
    pub fn admission(&self, quotas: &[Quota], running: usize, now: Timestamp) -> Admission {
        let until = self.next_allowed(quotas, now);
        if until > now {
            return Admission::Wait { until };
        }
        let mut beside = self.clone();
        (0..running).for_each(|_| beside.record(now));
        if beside.allows(quotas, now) { Admission::Admitted } else { Admission::Busy }
    }

    /// The events that do not lie in the future, but for the difference between the clocks of several servers.
    fn past(&self, now: Timestamp) -> &[Timestamp] {
        &self.0[..self.0.partition_point(|time| !time.is_ahead_of(now))]
    }

    /// Whether all these quotas allow one more event now.
    #[must_use]
    pub fn allows(&self, quotas: &[Quota], now: Timestamp) -> bool {
        self.next_allowed(quotas, now) <= now
    }

    /// Removes the events that lie in the window of none of these quotas: those whose age is at least the longest
    /// window, and those in the future, which would stay until the clock is there again.
    pub fn prune(&mut self, quotas: &[Quota], now: Timestamp) {
        let longest_window = quotas.iter().map(|quota| quota.window).max().unwrap_or_default();
        self.keep_younger_than(longest_window, now);
    }

    /// Removes the events whose age is at least this, and those in the future.
    pub fn keep_younger_than(&mut self, age: Duration, now: Timestamp) {
        self.0.retain(|time| *time + age > now && !time.is_ahead_of(now));
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::CLOCK_SKEW;
    use proptest::prelude::*;

    use super::*;

    const QUOTAS: [Quota; 3] = [
        Quota { count: 1, window: Duration::from_secs(60) },
        Quota { count: 5, window: Duration::from_secs(3600) },
        Quota { count: 10, window: Duration::from_secs(86_400) },
    ];

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0) + Duration::from_secs(seconds)
    }

    #[test]
    fn the_strictest_quota_decides() {
        let mut window = SlidingWindow::default();
        assert!(window.allows(&QUOTAS, at(0)));
        window.record(at(0));
        assert_eq!(window.next_allowed(&QUOTAS, at(10)), at(60));
        for minute in 1..5 {
            assert!(window.allows(&QUOTAS, at(minute * 60)));
            window.record(at(minute * 60));
        }
        assert_eq!(window.next_allowed(&QUOTAS, at(300)), at(3600));
    }

    #[test]
    fn a_quota_of_zero_allows_nothing() {
        let zero = [Quota { count: 0, window: Duration::from_secs(60) }];
        assert!(!SlidingWindow::default().allows(&zero, at(0)));
    }

    #[test]
    fn events_are_kept_in_ascending_order() {
        let mut window = SlidingWindow::from_times(vec![at(30), at(10)]);
        window.record(at(20));
        window.record(at(40));
        assert_eq!(window.times(), [at(10), at(20), at(30), at(40)]);
    }

    #[test]
    fn a_withdrawn_event_no_longer_counts_against_the_quota() {
        let mut window = SlidingWindow::from_times(vec![at(0), at(10)]);
        let twice = [Quota { count: 2, window: Duration::from_secs(60) }];
        assert!(!window.allows(&twice, at(20)));
        window.withdraw(at(10));
        assert_eq!(window.times(), [at(0)]);
        assert!(window.allows(&twice, at(20)));
    }

    #[test]
    fn withdrawing_removes_one_event_of_exactly_that_time() {
        let mut window = SlidingWindow::from_times(vec![at(0), at(10), at(10)]);
        window.withdraw(at(5));
        assert_eq!(window.times(), [at(0), at(10), at(10)]);
        window.withdraw(at(10));
        assert_eq!(window.times(), [at(0), at(10)]);
    }

    #[test]
    fn an_event_is_pruned_when_it_leaves_the_longest_window() {
        let quotas = [
            Quota { count: 1, window: Duration::from_secs(60) },
            Quota { count: 5, window: Duration::from_secs(3600) },
        ];
        let mut window = SlidingWindow::from_times(vec![at(0), at(100), at(3500)]);
        window.prune(&quotas, at(3599));
        assert_eq!(window.times(), [at(0), at(100), at(3500)], "each lies in the longest window");
        window.prune(&quotas, at(3600));
        assert_eq!(window.times(), [at(100), at(3500)]);
        window.prune(&[], at(3600));
        assert_eq!(window.times(), [], "no quota needs any event");
    }

    #[test]
    fn running_attempts_count_until_they_end() {
        let quotas = [Quota { count: 3, window: Duration::from_secs(60) }];
        let failed = SlidingWindow::from_times(vec![at(0)]);
        assert_eq!(failed.admission(&quotas, 1, at(10)), Admission::Admitted);
        assert_eq!(failed.admission(&quotas, 2, at(10)), Admission::Busy);
        let failed = SlidingWindow::from_times(vec![at(0), at(1), at(2)]);
        assert_eq!(failed.admission(&quotas, 0, at(10)), Admission::Wait { until: at(60) });
        assert_eq!(failed.admission(&quotas, 1, at(60)), Admission::Busy);
    }

    #[test]
    fn events_in_the_future_neither_count_nor_stay() {
        let mut window = SlidingWindow::from_times(vec![at(0), at(7200), at(7300)]);
        assert_eq!(window.next_allowed(&QUOTAS, at(10)), at(60), "as if the clock had never been ahead");
        window.prune(&QUOTAS, at(10));
        assert_eq!(window.times(), [at(0)]);
        // Between servers whose clocks differ a little, the event counts.
        let window = SlidingWindow::from_times(vec![at(10) + CLOCK_SKEW]);
        assert_eq!(window.next_allowed(&QUOTAS, at(10)), at(70));
    }

    proptest! {
        /// In whatever order attempts begin and end, no window ever holds more failures and running ones than its quota.
        #[test]
        fn concurrent_attempts_exceed_no_quota(steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0u64..40), 1..200)) {
            let quotas = [
                Quota { count: 5, window: Duration::from_secs(60) },
                Quota { count: 8, window: Duration::from_secs(3600) },
            ];
            let (mut failed, mut running, mut now) = (SlidingWindow::default(), 0, at(0));
            for (begins, fails, pause) in steps {
                now = now + Duration::from_secs(pause);
                if !begins && running > 0 {
                    running -= 1;
                    if fails {
                        failed.record(now);
                    }
                } else if failed.admission(&quotas, running, now) == Admission::Admitted {
                    running += 1;
                }
                for quota in quotas {
                    let within = failed.times().iter().filter(|time| **time + quota.window > now).count();
                    prop_assert!(within + running <= quota.count, "{within} and {running}");
                }
            }
        }

        #[test]
        fn no_wait_is_longer_than_the_longest_window(
            times in prop::collection::vec(0u64..400_000, 0..30),
            now in 0u64..400_000,
        ) {
            let window = SlidingWindow::from_times(times.into_iter().map(at).collect());
            prop_assert!(window.next_allowed(&QUOTAS, at(now)).since(at(now)) <= QUOTAS[2].window);
        }

        /// Within a day of real time, each quota is used up at the most once more for each jump of the clock.
        #[test]
        fn jumps_of_the_clock_allow_a_stated_number_of_events(
            jumps in prop::collection::vec(0u64..1_000_000, 0..12),
            tries in 1usize..30,
        ) {
            let (mut window, mut allowed) = (SlidingWindow::default(), 0);
            let times = std::iter::once(500_000).chain(jumps.iter().copied());
            for start in times {
                for try_number in 0..tries {
                    let now = at(start + 61 * try_number as u64);
                    if window.allows(&QUOTAS, now) {
                        window.record(now);
                        window.prune(&QUOTAS, now);
                        allowed += 1;
                    }
                }
            }
            // In half an hour between jumps the hour's quota decides.
            prop_assert!(allowed <= QUOTAS[1].count * (jumps.len() + 1), "{allowed}");
        }

        #[test]
        fn no_window_ever_holds_more_events_than_its_quota(gaps in prop::collection::vec(0u64..2000, 1..200)) {
            let (mut window, mut now, mut happened) = (SlidingWindow::default(), at(0), Vec::new());
            for gap in gaps {
                now = now + Duration::from_secs(gap);
                if window.allows(&QUOTAS, now) {
                    window.record(now);
                    happened.push(now);
                }
                window.prune(&QUOTAS, now);
                prop_assert!(window.times().len() <= 10);
            }
            for quota in QUOTAS {
                for (index, start) in happened.iter().enumerate() {
                    let within = happened[index..].iter().filter(|t| **t < *start + quota.window).count();
                    prop_assert!(within <= quota.count);
                }
            }
        }

        #[test]
        fn an_event_is_allowed_at_the_next_allowed_time(times in prop::collection::vec(0u64..5000, 0..20), later in 0u64..2000) {
            // From the latest event on: what lies in the future does not count yet.
            let now = times.iter().max().copied().unwrap_or_default() + later;
            let window = SlidingWindow::from_times(times.into_iter().map(at).collect());
            let next = window.next_allowed(&QUOTAS, at(now));
            prop_assert!(window.allows(&QUOTAS, next));
        }
    }
}
