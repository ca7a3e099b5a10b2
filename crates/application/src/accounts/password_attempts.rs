//! Counting attempts at passwords: reserved before the check, refunded if the password is right.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::FamiliarAddressRepository;
use asteroid_kernel::{Contact, StorageError, Timestamp, UnitOfWork, UserId};
use asteroid_limits::{Admission, LimitKey, LimitRepository};

use super::RequestContext;
use super::audit::audit;
use super::rate_limits::longest_window;

/// Where an attempt at a password was counted before it was checked, so that neither a crash nor concurrent attempts give
/// guesses away.
#[derive(Clone)]
pub(super) enum AttemptReservation {
    /// Limits are off.
    Nowhere,
    /// Among the failures in a row.
    ConsecutiveFailures(LimitKey),
    /// Among the failures from a network that the user is known by.
    Familiar(LimitKey, Timestamp),
}

/// Whether a password may be tried now; if so, counts the try as a failure until [`refund_attempt`].
pub(super) async fn reserve_attempt<Tx: FamiliarAddressRepository + LimitRepository>(
    tx: &mut Tx,
    user: Option<UserId>,
    contact: Option<&Contact>,
    context: &RequestContext,
) -> Result<Result<AttemptReservation, Duration>, StorageError> {
    let (limits, now) = (&context.rules().limits, context.now);
    if !limits.enabled {
        return Ok(Ok(AttemptReservation::Nowhere));
    }
    if let (Some(user), Some(network)) = (user, context.origin.network())
        && tx.is_familiar_address(user, network, now - limits.familiar_for).await?
    {
        let quotas = &limits.wrong_passwords_from_familiar_address;
        let key = LimitKey::new("wrong-passwords-from", format_args!("{user}:{network}"));
        let mut window = tx.window(&key).await?;
        let next = window.next_allowed(quotas, now);
        if next > now {
            return Ok(Err(next.since(now)));
        }
        window.record(now);
        window.prune(quotas, now);
        tx.save_window(&key, &window, now + longest_window(quotas)).await?;
        return Ok(Ok(AttemptReservation::Familiar(key, now)));
    }
    // A contact without a user is slowed down like one with a user, or the wait would show which is which.
    let key = match (user, contact) {
        (Some(user), _) => failures_key(user),
        (None, Some(contact)) => LimitKey::new("wrong-passwords", contact.key().as_str()),
        (None, None) => return Ok(Ok(AttemptReservation::Nowhere)),
    };
    let failures = tx.failures(&key).await?;
    match limits.wrong_passwords.admission(failures, now) {
        Admission::Wait { until } => Ok(Err(until.since(now))),
        Admission::Locked => Ok(Err(limits.wrong_passwords.longest)),
        Admission::Admitted => {
            tx.save_failures(&key, failures.failed(now), now + limits.failures_kept_for).await?;
            Ok(Ok(AttemptReservation::ConsecutiveFailures(key)))
        }
    }
}

pub(super) fn failures_key(user: UserId) -> LimitKey {
    LimitKey::new("wrong-passwords", format_args!("user:{user}"))
}

/// Takes back the count of a try that turned out right.
pub(super) async fn refund_attempt<Tx: LimitRepository>(
    tx: &mut Tx,
    reservation: &AttemptReservation,
    context: &RequestContext,
) -> Result<(), StorageError> {
    match reservation {
        AttemptReservation::Nowhere => Ok(()),
        AttemptReservation::ConsecutiveFailures(key) => tx.remove_limit(key).await,
        AttemptReservation::Familiar(key, at) => {
            let quotas = &context.rules().limits.wrong_passwords_from_familiar_address;
            let mut window = tx.window(key).await?;
            window.withdraw(*at);
            tx.save_window(key, &window, context.now + longest_window(quotas)).await
        }
    }
}

/// Writes down that a password was wrong.
pub(super) struct RecordFailedAttempt {
    pub(super) action: Action,
    pub(super) user: Option<UserId>,
    pub(super) contact: Option<Contact>,
    pub(super) context: RequestContext,
}

impl<Tx: AuditRepository> UnitOfWork<Tx> for RecordFailedAttempt {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        audit(tx, self.action, Outcome::Refused, self.user, self.contact.as_ref(), &self.context).await
    }
}
