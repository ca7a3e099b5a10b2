//! The admission of a try that is counted: looked up first, then begun, with a wait for those that are running.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, Timestamp, UnitOfWork, UserId, random_bytes};
use asteroid_limits::{LimitKey, LimitRepository, SlidingWindow};

use super::address_budget::hold_address;
use super::audit::audit;
use super::budgets::{HeldTry, Limited, RunningTry, TryOutcome};
use super::{Accounts, RequestContext, Tools};

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

/// Why a try did not begin, or failed for a reason of its own.
pub(super) enum TryRefused<E = StorageError> {
    /// A limit was reached.
    Limited { retry_after: Duration },
    /// The tries that were running did not end in time.
    Busy { retry_after: Duration },
    /// The unit of work failed: the store did not do it, or it has a reason of its own.
    Failed(E),
}

impl<E: From<StorageError>> From<StorageError> for TryRefused<E> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// The waiting of one try for those that are running.
struct Wait<'t> {
    tools: &'t Tools,
    waited: Duration,
    waited_in_all: Duration,
    pause: Duration,
    seen: Vec<Timestamp>,
    looked_at: Timestamp,
}

impl<'t> Wait<'t> {
    fn new(tools: &'t Tools) -> Self {
        let (waited, waited_in_all, looked_at) = (Duration::ZERO, Duration::ZERO, tools.clock.now());
        Self { tools, waited, waited_in_all, pause: FIRST_PAUSE, seen: Vec::new(), looked_at }
    }

    /// Notes that the try looks at those that are running.
    fn looks(&mut self) {
        self.looked_at = self.tools.clock.now();
    }

    /// What was admitted; [`None`] after a wait for running tries, when the try may look again.
    async fn admitted<T, E>(&mut self, admission: TryAdmission<T>) -> Result<Option<T>, TryRefused<E>> {
        match admission {
            TryAdmission::Admitted(begun) => Ok(Some(begun)),
            TryAdmission::Limited { retry_after, .. } => Err(TryRefused::Limited { retry_after }),
            TryAdmission::Busy(running) => {
                if self.for_running(running).await {
                    Ok(None)
                } else {
                    Err(TryRefused::Busy { retry_after: BUSY_RETRY_AFTER })
                }
            }
        }
    }

    /// Waits before the next look. False if it has waited long enough for these running tries.
    async fn for_running(&mut self, running: Vec<Timestamp>) -> bool {
        if running != self.seen {
            (self.seen, self.waited) = (running, Duration::ZERO);
        }
        if self.waited >= LONGEST_WAIT || self.waited_in_all >= LONGEST_WAIT_IN_ALL {
            return false;
        }
        let clock = &self.tools.clock;
        // A busy store is asked less often: the tries that run have to pass it, too.
        let look_took = clock.now().since(self.looked_at);
        let pause = self.pause.max(look_took * 4).min(LONGEST_WAIT / 2);
        // From half the pause to one and a half, so that those who wait do not all look at once.
        let [random] = random_bytes::<1>(&*self.tools.randomness);
        let jittered = pause / 2 + pause * u32::from(random) / 256;
        let sleeps_at = clock.now();
        self.tools.timer.sleep(jittered).await;
        let slept = jittered.max(clock.now().since(sleeps_at));
        self.waited += slept;
        self.waited_in_all += slept;
        self.pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        true
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

/// Looks at the budget of the caller's network alone.
struct LookAtAddress {
    action: Action,
    contact: Contact,
    context: RequestContext,
    recorded: bool,
}

impl<Tx: LimitRepository + AuditRepository + Send> UnitOfWork<Tx> for LookAtAddress {
    type Output = TryAdmission<()>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<TryAdmission<()>, StorageError> {
        let Self { action, contact, context, recorded } = self;
        let (mut held, event) = (HeldTry::new(context), (*action, None, Some(contact)));
        let not_now = hold_address(tx, &mut held, event, context, *recorded).await?;
        Ok(not_now.unwrap_or(TryAdmission::Admitted(())))
    }
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
        let mut wait = Wait::new(&self.tools);
        loop {
            wait.looks();
            let mut admission = self.storage.read(unit(self.context(origin.clone()), false)).await?;
            let is_final = match &admission {
                TryAdmission::Admitted(_) => !self.tools.rules.limits.enabled,
                TryAdmission::Limited { noted, .. } => *noted,
                TryAdmission::Busy(_) => true,
            };
            if !is_final {
                admission = self.storage.write(unit(self.context(origin.clone()), true)).await?;
            }
            if let Some(begun) = wait.admitted(admission).await? {
                return Ok(begun);
            }
        }
    }

    /// What the budget of the caller's network says of a try at a code. It only reads, unless it refuses the first one.
    pub(super) async fn look_at_address(
        &self,
        origin: &Origin,
        action: Action,
        contact: &Contact,
    ) -> Result<TryAdmission<()>, StorageError>
    where
        S::Tx: LimitRepository + AuditRepository,
    {
        if !self.tools.rules.limits.enabled {
            return Ok(TryAdmission::Admitted(()));
        }
        let look = |recorded| {
            let (contact, context) = (contact.clone(), self.context(origin.clone()));
            LookAtAddress { action, contact, context, recorded }
        };
        match self.storage.read(look(false)).await? {
            TryAdmission::Limited { noted: false, .. } => self.storage.write(look(true)).await,
            seen => Ok(seen),
        }
    }

    /// Tries a code by this unit of work, which holds the try against the budget of the caller's network, checks it and
    /// counts it in one.
    pub(super) async fn try_at_once<W, T, E>(
        &self,
        origin: &Origin,
        (action, contact): (Action, &Contact),
        unit: impl Fn(RequestContext) -> W + Send + Sync,
    ) -> Result<T, TryRefused<E>>
    where
        S::Tx: LimitRepository + AuditRepository,
        W: UnitOfWork<S::Tx, Output = TryAdmission<T>, Error = E>,
        T: Send,
        E: From<StorageError> + Send,
    {
        let mut wait = Wait::new(&self.tools);
        loop {
            wait.looks();
            let admission = match self.look_at_address(origin, action, contact).await? {
                TryAdmission::Admitted(()) => {
                    let work = unit(self.context(origin.clone()));
                    self.storage.write(work).await.map_err(TryRefused::Failed)?
                }
                TryAdmission::Busy(running) => TryAdmission::Busy(running),
                TryAdmission::Limited { retry_after, noted } => TryAdmission::Limited { retry_after, noted },
            };
            if let Some(tried) = wait.admitted(admission).await? {
                return Ok(tried);
            }
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
