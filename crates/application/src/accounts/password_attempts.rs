//! The budgets of wrong passwords.

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::FamiliarAddressRepository;
use asteroid_kernel::{Contact, Network, StorageError, UnitOfWork, UserId};
use asteroid_limits::{Backoff, LimitKey, LimitRepository};

use super::RequestContext;
use super::audit::audit;
use super::budgets::{Budget, HeldTry, Limited, RunningTry, TryOutcome};

/// Stands for the user of a contact that has none: no user has this id.
const NO_USER: UserId = UserId(i64::MIN);

/// Whose password is tried.
pub(super) enum Tried<'a> {
    /// That of the contact's owner, if it has one.
    At(&'a Contact, Option<UserId>),
    /// That of this user, proved by a session, who has these contacts.
    Own(UserId, &'a [Contact]),
}

/// What the budgets of a password say of a try.
pub(super) enum PasswordAdmission {
    /// They admit it, or those that are running decide.
    Admitted,
    /// As `Admitted`, but no password is right: the user is locked, which a contact that was not tried does not show.
    Hidden,
    /// Not now.
    Limited(Limited),
}

/// Holds a try at a password against its budgets, and adds them to those of the try.
///
/// The back-off lies on the contact that is tried, whether or not it has a user, and the cap on the user, over all
/// contacts: so no two contacts show that they have one owner. Tries from a network that the user is known by have budgets of
/// their own, so that strangers cannot lock an owner out.
pub(super) async fn hold_password<Tx: FamiliarAddressRepository + LimitRepository>(
    tx: &mut Tx,
    held: &mut HeldTry<'_>,
    tried: Tried<'_>,
    context: &RequestContext,
) -> Result<PasswordAdmission, StorageError> {
    let (limits, now) = (&context.rules().limits, context.now);
    if !limits.enabled {
        return Ok(PasswordAdmission::Admitted);
    }
    let (user, contacts) = match &tried {
        Tried::At(contact, user) => (*user, std::slice::from_ref(*contact)),
        Tried::Own(user, contacts) => (Some(*user), *contacts),
    };
    if let Some(network) = context.origin.network() {
        // Asked for a contact without a user, too, so that the time does not show which has one.
        let since = now - limits.familiar_for;
        let familiar = tx.is_familiar_address(user.unwrap_or(NO_USER), network, since).await?;
        if let (true, Some(user)) = (familiar, user) {
            let key = network_key(user, network);
            let quotas = limits.wrong_passwords_from_familiar_address.clone();
            let at_network = held.against(tx, Budget::per_window(key, quotas)).await?;
            let in_a_row = held
                .against(tx, Budget::in_a_row(familiar_key(user), cap_of(&limits.wrong_passwords)))
                .await?;
            let limited = at_network.limited.or(in_a_row.limited);
            return Ok(limited.map_or(PasswordAdmission::Admitted, PasswordAdmission::Limited));
        }
    }
    let mut keys: Vec<LimitKey> = contacts.iter().map(contact_key).collect();
    keys.sort();
    let (mut limited, mut slowed) = (None, false);
    for key in keys {
        let at_contact = held.against(tx, Budget::in_a_row(key, limits.wrong_passwords)).await?;
        limited = limited.or(at_contact.limited);
        slowed |= at_contact.slowed;
    }
    if limited.is_none() && !held.busy().is_empty() {
        return Ok(PasswordAdmission::Admitted);
    }
    let user_key = match (user, contacts) {
        (None, [contact, ..]) => user_key(format_args!("unknown:{}", contact.key().as_str())),
        (user, _) => user_key(user.unwrap_or(NO_USER)),
    };
    let of_user = held.against(tx, Budget::in_a_row(user_key, cap_of(&limits.wrong_passwords))).await?;
    let shows_lock = slowed || matches!(tried, Tried::Own(..));
    let is_locked = of_user.limited.is_some();
    let limited = of_user.limited.filter(|_| shows_lock).or(limited);
    Ok(match limited {
        Some(limited) => PasswordAdmission::Limited(limited),
        None if is_locked => PasswordAdmission::Hidden,
        None => PasswordAdmission::Admitted,
    })
}

/// The cap of these rules, without a wait below it.
pub(super) fn cap_of(backoff: &Backoff) -> Backoff {
    Backoff { free: backoff.lock_at, ..*backoff }
}

pub(super) fn contact_key(contact: &Contact) -> LimitKey {
    LimitKey::new("wrong-passwords", contact.key().as_str())
}

pub(super) fn user_key(user: impl std::fmt::Display) -> LimitKey {
    LimitKey::new("wrong-passwords", format_args!("user:{user}"))
}

pub(super) fn familiar_key(user: UserId) -> LimitKey {
    LimitKey::new("wrong-passwords-familiar", user)
}

pub(super) fn network_key(user: UserId, network: Network) -> LimitKey {
    LimitKey::new("wrong-passwords-from", format_args!("{user}:{network}"))
}

/// Forgets the wrong passwords in a row of a user with these contacts: the password is another one now.
pub(super) async fn clear_wrong_passwords<Tx: LimitRepository>(
    tx: &mut Tx,
    user: UserId,
    contacts: &[Contact],
) -> Result<(), StorageError> {
    let mut keys: Vec<LimitKey> = contacts.iter().map(contact_key).collect();
    keys.sort();
    keys.extend([user_key(user), familiar_key(user)]);
    for key in keys {
        tx.remove_limit(&key).await?;
    }
    Ok(())
}

/// Counts a password that was wrong, and writes it down.
pub(super) struct RecordFailedAttempt {
    pub(super) action: Action,
    pub(super) user: Option<UserId>,
    pub(super) contact: Option<Contact>,
    pub(super) running: RunningTry,
    pub(super) context: RequestContext,
}

impl<Tx: LimitRepository + AuditRepository> UnitOfWork<Tx> for RecordFailedAttempt {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        self.running.settle(tx, TryOutcome::Failed, &self.context).await?;
        audit(tx, self.action, Outcome::Refused, self.user, self.contact.as_ref(), &self.context).await
    }
}
