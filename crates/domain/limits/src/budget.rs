use std::time::Duration;

use asteroid_kernel::Timestamp;

/// How often something may happen within any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// At most so often.
    pub count: usize,
    /// Within any stretch of time of this length.
    pub window: Duration,
}

/// When something happened, as far back as a budget may ask: a sliding window, exact to the microsecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<Timestamp>);

impl History {
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

    /// From when on it may happen again under all these budgets; `now` if it may at once.
    #[must_use]
    pub fn next_allowed(&self, budgets: &[Budget], now: Timestamp) -> Timestamp {
        budgets
            .iter()
            .filter_map(|budget| {
                // The newest `count` of them all lie in the window until the earliest of these leaves it.
                let newest = self.0.len().checked_sub(budget.count)?;
                self.0
                    .get(newest)
                    .map_or(Some(now + budget.window), |earliest| Some(*earliest + budget.window))
            })
            .fold(now, Timestamp::max)
    }

    /// Whether it may happen now under all these budgets.
    #[must_use]
    pub fn allows(&self, budgets: &[Budget], now: Timestamp) -> bool {
        self.next_allowed(budgets, now) <= now
    }

    /// Drops what no budget asks for any more.
    pub fn prune(&mut self, budgets: &[Budget], now: Timestamp) {
        let longest = budgets.iter().map(|budget| budget.window).max().unwrap_or_default();
        self.0.retain(|time| *time + longest > now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUDGETS: [Budget; 3] = [
        Budget { count: 1, window: Duration::from_secs(60) },
        Budget { count: 5, window: Duration::from_secs(3600) },
        Budget { count: 10, window: Duration::from_secs(86_400) },
    ];

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0) + Duration::from_secs(seconds)
    }

    #[test]
    fn the_strictest_budget_decides() {
        let mut history = History::default();
        assert!(history.allows(&BUDGETS, at(0)));
        history.record(at(0));
        assert_eq!(history.next_allowed(&BUDGETS, at(10)), at(60));
        for minute in 1..5 {
            assert!(history.allows(&BUDGETS, at(minute * 60)));
            history.record(at(minute * 60));
        }
        assert_eq!(history.next_allowed(&BUDGETS, at(300)), at(3600));
    }

    #[test]
    fn a_budget_of_nothing_never_allows() {
        let none = [Budget { count: 0, window: Duration::from_secs(60) }];
        assert!(!History::default().allows(&none, at(0)));
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_its_budget(gaps in prop::collection::vec(0u64..2000, 1..200)) {
            let (mut history, mut now, mut happened) = (History::default(), at(0), Vec::new());
            for gap in gaps {
                now = now + Duration::from_secs(gap);
                if history.allows(&BUDGETS, now) {
                    history.record(now);
                    happened.push(now);
                }
                history.prune(&BUDGETS, now);
                prop_assert!(history.times().len() <= 10);
            }
            for budget in BUDGETS {
                for (index, start) in happened.iter().enumerate() {
                    let within = happened[index..].iter().filter(|t| **t < *start + budget.window).count();
                    prop_assert!(within <= budget.count);
                }
            }
        }

        #[test]
        fn what_is_refused_is_allowed_when_it_says(times in prop::collection::vec(0u64..5000, 0..20), now in 0u64..6000) {
            let history = History::from_times(times.into_iter().map(at).collect());
            let next = history.next_allowed(&BUDGETS, at(now));
            prop_assert!(history.allows(&BUDGETS, next));
        }
    }
}
