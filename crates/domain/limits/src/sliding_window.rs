use std::time::Duration;

use asteroid_kernel::Timestamp;

/// How often something may happen within any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// At most so often.
    pub count: usize,
    /// Within any stretch of time of this length.
    pub window: Duration,
}

/// When something happened, as far back as a quota may ask: a sliding window, exact to the microsecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlidingWindow(Vec<Timestamp>);

impl SlidingWindow {
    /// Takes the times that a store kept, in any order.
    #[must_use]
    pub fn from_times(mut times: Vec<Timestamp>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The times, the earliest first.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.0
    }

    /// Notes that it happened now.
    pub fn record(&mut self, now: Timestamp) {
        let at = self.0.partition_point(|time| *time <= now);
        self.0.insert(at, now);
    }

    /// Takes back that it happened at this time.
    pub fn withdraw(&mut self, at: Timestamp) {
        if let Ok(index) = self.0.binary_search(&at) {
            self.0.remove(index);
        }
    }

    /// From when on it may happen again under all these quotas; `now` if it may at once.
    #[must_use]
    pub fn next_allowed(&self, quotas: &[Quota], now: Timestamp) -> Timestamp {
        quotas
            .iter()
            .filter_map(|quota| {
                // The newest `count` of them all lie in the window until the earliest of these leaves it.
                let newest = self.0.len().checked_sub(quota.count)?;
                self.0.get(newest).map_or(Some(now + quota.window), |earliest| Some(*earliest + quota.window))
            })
            .fold(now, Timestamp::max)
    }

    /// Whether it may happen now under all these quotas.
    #[must_use]
    pub fn allows(&self, quotas: &[Quota], now: Timestamp) -> bool {
        self.next_allowed(quotas, now) <= now
    }

    /// Drops what no quota asks for any more.
    pub fn prune(&mut self, quotas: &[Quota], now: Timestamp) {
        let longest = quotas.iter().map(|quota| quota.window).max().unwrap_or_default();
        self.0.retain(|time| *time + longest > now);
    }
}

#[cfg(test)]
mod tests {
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
    fn the_strictest_budget_decides() {
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
    fn a_budget_of_nothing_never_allows() {
        let none = [Quota { count: 0, window: Duration::from_secs(60) }];
        assert!(!SlidingWindow::default().allows(&none, at(0)));
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_its_budget(gaps in prop::collection::vec(0u64..2000, 1..200)) {
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
        fn what_is_refused_is_allowed_when_it_says(times in prop::collection::vec(0u64..5000, 0..20), now in 0u64..6000) {
            let window = SlidingWindow::from_times(times.into_iter().map(at).collect());
            let next = window.next_allowed(&QUOTAS, at(now));
            prop_assert!(window.allows(&QUOTAS, next));
        }
    }
}
