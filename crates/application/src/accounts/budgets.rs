//! Budgets of failed tries. What failed and what is still running are separate facts: a try counts as a failure while it
//! runs, and for good only once it failed.

use std::time::Duration;

use asteroid_kernel::{StorageError, Timestamp};
use asteroid_limits::{
    Admission, Backoff, ConsecutiveFailures, LimitKey, LimitRepository, Quota, SlidingWindow,
};

use super::RequestContext;
use super::admission::TryAdmission;
use super::rate_limits::longest_window;

/// A running try of which nothing was heard for so long has died with its server or its caller. Longer than a request may
/// take by default.
const STALE_AFTER: Duration = Duration::from_secs(15);

/// What failed tries are counted on.
#[derive(Clone)]
pub(super) struct Budget {
    key: LimitKey,
    rule: BudgetRule,
}

/// How failures on a budget hold further tries back.
#[derive(Clone)]
enum BudgetRule {
    /// By their number in a row; a success clears it.
    InARow(Backoff),
    /// By their number in a time; a success changes nothing of it.
    PerWindow(Vec<Quota>),
}

enum Failed {
    InARow(ConsecutiveFailures),
    PerWindow(SlidingWindow),
}

impl Budget {
    /// Failures in a row under this key.
    pub(super) const fn in_a_row(key: LimitKey, backoff: Backoff) -> Self {
        Self { key, rule: BudgetRule::InARow(backoff) }
    }

    /// Failures within the windows of these quotas under this key.
    pub(super) const fn per_window(key: LimitKey, quotas: Vec<Quota>) -> Self {
        Self { key, rule: BudgetRule::PerWindow(quotas) }
    }

    /// The running tries have a key of their own: a key has a window or failures.
    fn running_key(&self) -> LimitKey {
        LimitKey::new("running", self.key.as_str())
    }

    async fn running<Tx: LimitRepository>(
        &self,
        tx: &mut Tx,
        now: Timestamp,
    ) -> Result<SlidingWindow, StorageError> {
        let mut running = tx.window(&self.running_key()).await?;
        running.keep_younger_than(STALE_AFTER, now);
        Ok(running)
    }

    async fn save_running<Tx: LimitRepository>(
        &self,
        tx: &mut Tx,
        running: &SlidingWindow,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        if running.times().is_empty() {
            return tx.remove_limit(&self.running_key()).await;
        }
        tx.save_window(&self.running_key(), running, now + STALE_AFTER).await
    }

    /// Counts a try that ran no longer as what it turned out to be.
    async fn settle<Tx: LimitRepository>(
        &self,
        tx: &mut Tx,
        began_at: Timestamp,
        outcome: TryOutcome,
        context: &RequestContext,
    ) -> Result<(), StorageError> {
        let now = context.now;
        let mut running = self.running(tx, now).await?;
        running.withdraw(began_at);
        self.save_running(tx, &running, now).await?;
        self.count(tx, outcome, context).await
    }

    /// Counts a try as what it turned out to be.
    async fn count<Tx: LimitRepository>(
        &self,
        tx: &mut Tx,
        outcome: TryOutcome,
        context: &RequestContext,
    ) -> Result<(), StorageError> {
        let now = context.now;
        match (&self.rule, outcome) {
            (_, TryOutcome::Undecided) | (BudgetRule::PerWindow(_), TryOutcome::Succeeded) => Ok(()),
            (BudgetRule::InARow(_), TryOutcome::Succeeded) => tx.remove_limit(&self.key).await,
            (BudgetRule::InARow(_), TryOutcome::Failed) => {
                let failures = tx.failures(&self.key).await?.failed(now);
                let expires_at = now + context.rules().limits.failures_kept_for;
                tx.save_failures(&self.key, failures, expires_at).await
            }
            (BudgetRule::PerWindow(quotas), TryOutcome::Failed) => {
                let mut failed = tx.window(&self.key).await?;
                failed.record(now);
                failed.prune(quotas, now);
                tx.save_window(&self.key, &failed, now + longest_window(quotas)).await
            }
        }
    }
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TryOutcome {
    /// What was tried is right.
    Succeeded,
    /// What was tried is wrong.
    Failed,
    /// It could not be checked, so that it counts as nothing.
    Undecided,
}

/// A budget that a try is held against.
struct HeldBudget {
    budget: Budget,
    failed: Failed,
    running: SlidingWindow,
}

impl HeldBudget {
    fn admission(&self, now: Timestamp) -> Admission {
        let running = self.running.times().len();
        match (&self.budget.rule, &self.failed) {
            (BudgetRule::InARow(backoff), Failed::InARow(failures)) => {
                backoff.admission(*failures, running, now)
            }
            (BudgetRule::PerWindow(quotas), Failed::PerWindow(failed)) => {
                failed.admission(quotas, running, now)
            }
            (BudgetRule::InARow(_), Failed::PerWindow(_)) | (BudgetRule::PerWindow(_), Failed::InARow(_)) => {
                unreachable!("a budget is read by its rule")
            }
        }
    }
}

/// A limit that admits no try before a time.
#[derive(Clone, Debug)]
pub(super) struct Limited {
    pub(super) key: LimitKey,
    pub(super) until: Timestamp,
}

/// What one budget says of one more try.
pub(super) struct Held {
    pub(super) limited: Option<Limited>,
    /// Whether the free failures are used up.
    pub(super) slowed: bool,
}

/// The budgets that one try is held against, in the order in which all tries lock them: the network, the contacts by their
/// key, the user, the user's familiar networks.
pub(super) struct HeldTry<'c> {
    context: &'c RequestContext,
    budgets: Vec<HeldBudget>,
}

impl<'c> HeldTry<'c> {
    pub(super) const fn new(context: &'c RequestContext) -> Self {
        Self { context, budgets: Vec::new() }
    }

    /// Holds the try against one more budget, after a look at [`HeldTry::busy`].
    pub(super) async fn against<Tx: LimitRepository>(
        &mut self,
        tx: &mut Tx,
        budget: Budget,
    ) -> Result<Held, StorageError> {
        let now = self.context.now;
        let running = budget.running(tx, now).await?;
        let failed = match &budget.rule {
            BudgetRule::InARow(_) => Failed::InARow(tx.failures(&budget.key).await?),
            BudgetRule::PerWindow(_) => Failed::PerWindow(tx.window(&budget.key).await?),
        };
        let held = HeldBudget { budget, failed, running };
        let until = match held.admission(now) {
            Admission::Admitted | Admission::Busy => None,
            Admission::Wait { until } => Some(until),
            Admission::Locked => Some(now + self.context.rules().limits.wrong_passwords.longest),
        };
        let slowed = match (&held.budget.rule, &held.failed) {
            (BudgetRule::InARow(backoff), Failed::InARow(failures)) => failures.count > backoff.free,
            _ => false,
        };
        let limited = until.map(|until| Limited { key: held.budget.key.clone(), until });
        self.budgets.push(held);
        Ok(Held { limited, slowed })
    }

    /// When the running tries began that decide this one; empty if none does. Then no other budget need be locked.
    pub(super) fn busy(&self) -> Vec<Timestamp> {
        let is_busy = |held: &&HeldBudget| held.admission(self.context.now) == Admission::Busy;
        self.budgets.iter().filter(is_busy).flat_map(|held| held.running.times()).copied().collect()
    }

    /// Counts a try that began and failed in this very unit of work, so that none ran beside it.
    pub(super) async fn failed_at_once<Tx: LimitRepository>(&self, tx: &mut Tx) -> Result<(), StorageError> {
        for held in &self.budgets {
            held.budget.count(tx, TryOutcome::Failed, self.context).await?;
        }
        Ok(())
    }

    /// Begins the try, unless running ones decide whether there may be one. If it is not `recorded`, nothing is stored.
    pub(super) async fn begin<Tx: LimitRepository>(
        self,
        tx: &mut Tx,
        recorded: bool,
    ) -> Result<TryAdmission<RunningTry>, StorageError> {
        let (now, busy) = (self.context.now, self.busy());
        if !busy.is_empty() {
            return Ok(TryAdmission::Busy(busy));
        }
        let mut begun = RunningTry { budgets: Vec::with_capacity(self.budgets.len()), began_at: now };
        for HeldBudget { budget, mut running, .. } in self.budgets {
            if recorded {
                running.record(now);
                budget.save_running(tx, &running, now).await?;
            }
            begun.budgets.push(budget);
        }
        Ok(TryAdmission::Admitted(begun))
    }
}

/// A try that has begun, and counts as a failure until [`RunningTry::settle`].
#[derive(Clone)]
pub(super) struct RunningTry {
    budgets: Vec<Budget>,
    began_at: Timestamp,
}

impl RunningTry {
    /// Counts the try as what it turned out to be.
    pub(super) async fn settle<Tx: LimitRepository>(
        &self,
        tx: &mut Tx,
        outcome: TryOutcome,
        context: &RequestContext,
    ) -> Result<(), StorageError> {
        for budget in &self.budgets {
            budget.settle(tx, self.began_at, outcome, context).await?;
        }
        Ok(())
    }
}
