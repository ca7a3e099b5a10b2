//! The admission of a try that is counted: looked up first, then begun, with a wait for those that are running.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, Timestamp, UnitOfWork, UserId, random_bytes};
use asteroid_limits::{LimitKey, LimitRepository, SlidingWindow};

use super::audit::audit;
use super::budgets::{Limited, RunningTry, TryOutcome};
use super::{Accounts, RequestContext};

/// So long a try waits for one of those that are running to end, …
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// … and so long in all, while one after the other ends and another takes its place. Shorter than a request may take by
/// default.
const LONGEST_WAIT_IN_ALL: Duration = Duration::from_secs(8);
/// The pauses between two looks at them grow from the first to the longest: the more wait, the sooner one of them looks.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// What a try that waited in vain is told to wait.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whether a try may begin.
pub(super) enum TryAdmission<T> {
    /// It has begun.
    Admitted(T),
    /// The tries that are running decide it. They began at these times.
    Busy(Vec<Timestamp>),
    /// Not now.
    Limited {
        retry_after: Duration,
        /// Whether the audit trail has this already.
        noted: bool,
    },
}

impl<T> TryAdmission<T> {
    /// The same, with more to go on with.
    pub(super) fn map<U>(self, with: impl FnOnce(T) -> U) -> TryAdmission<U> {
        match self {
            Self::Admitted(begun) => TryAdmission::Admitted(with(begun)),
            Self::Busy(running) => TryAdmission::Busy(running),
            Self::Limited { retry_after, noted } => TryAdmission::Limited { retry_after, noted },
        }
    }
}

/// Why a try did not begin.
pub(super) enum TryRefused {
    /// A limit was reached.
    Limited { retry_after: Duration },
    /// The tries that were running did not end in time.
    Busy { retry_after: Duration },
    /// The store did not do it.
    Storage(StorageError),
}

impl From<StorageError> for TryRefused {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Refuses a try. There is one audit event for each limit and each time that it holds, so that a flood of refused tries
/// leaves no row each.
pub(super) async fn refuse_try<Tx: LimitRepository + AuditRepository, T>(
    tx: &mut Tx,
    limited: &Limited,
    (action, user, contact): (Action, Option<UserId>, Option<&Contact>),
    context: &RequestContext,
    recorded: bool,
) -> Result<TryAdmission<T>, StorageError> {
    let (now, until) = (context.now, limited.until);
    let key = LimitKey::new("refused", limited.key.as_str());
    let noted = tx.window(&key).await?.times().last().is_some_and(|noted| now < *noted && *noted <= until);
    if recorded && !noted {
        tx.save_window(&key, &SlidingWindow::from_times(vec![until]), until).await?;
        audit(tx, action, Outcome::Limited, user, contact, context).await?;
    }
    Ok(TryAdmission::Limited { retry_after: until.since(now), noted: noted || recorded })
}

/// Gives back a try that could not be checked.
struct GiveBack {
    running: RunningTry,
    context: RequestContext,
}

impl<Tx: LimitRepository + Send> UnitOfWork<Tx> for GiveBack {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        self.running.settle(tx, TryOutcome::Undecided, &self.context).await
    }
}

impl<S: Storage, H: Send + Sync + 'static> Accounts<S, H> {
    /// Begins a try by this unit of work, which stores nothing unless its second argument says so. It only reads at first,
    /// so that a refused try costs less than an admitted one, and one that waits locks nothing.
    pub(super) async fn admit_try<W, T>(
        &self,
        origin: &Origin,
        unit: impl Fn(RequestContext, bool) -> W + Send + Sync,
    ) -> Result<T, TryRefused>
    where
        W: UnitOfWork<S::Tx, Output = TryAdmission<T>, Error = StorageError>,
        T: Send,
    {
        let (mut waited, mut waited_in_all, mut pause) = (Duration::ZERO, Duration::ZERO, FIRST_PAUSE);
        let mut seen = Vec::new();
        loop {
            let looked_at = self.tools.clock.now();
            let mut admission = self.storage.read(unit(self.context(origin.clone()), false)).await?;
            let is_final = match &admission {
                TryAdmission::Admitted(_) => !self.tools.rules.limits.enabled,
                TryAdmission::Limited { noted, .. } => *noted,
                TryAdmission::Busy(_) => true,
            };
            if !is_final {
                admission = self.storage.write(unit(self.context(origin.clone()), true)).await?;
            }
            match admission {
                TryAdmission::Admitted(begun) => return Ok(begun),
                TryAdmission::Limited { retry_after, .. } => return Err(TryRefused::Limited { retry_after }),
                TryAdmission::Busy(running) => {
                    if running != seen {
                        (seen, waited) = (running, Duration::ZERO);
                    }
                }
            }
            if waited >= LONGEST_WAIT || waited_in_all >= LONGEST_WAIT_IN_ALL {
                return Err(TryRefused::Busy { retry_after: BUSY_RETRY_AFTER });
            }
            // A busy store is asked less often: the tries that run have to pass it, too.
            let look_took = self.tools.clock.now().since(looked_at);
            pause = pause.max(look_took * 4).min(LONGEST_WAIT / 2);
            // From half the pause to one and a half, so that those who wait do not all look at once.
            let [random] = random_bytes::<1>(&*self.tools.randomness);
            let jittered = pause / 2 + pause * u32::from(random) / 256;
            let sleeps_at = self.tools.clock.now();
            self.tools.timer.sleep(jittered).await;
            let slept = jittered.max(self.tools.clock.now().since(sleeps_at));
            (waited, waited_in_all) = (waited + slept, waited_in_all + slept);
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// Gives back a try that could not be checked, because of this error.
    pub(super) async fn give_back<E: From<StorageError> + Send>(
        &self,
        running: RunningTry,
        context: &RequestContext,
        error: E,
    ) -> E
    where
        S::Tx: LimitRepository,
    {
        let give_back = GiveBack { running, context: self.context(context.origin.clone()) };
        match self.storage.write(give_back).await {
            Ok(()) => error,
            Err(error) => error.into(),
        }
    }
}
