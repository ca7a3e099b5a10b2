//! Steps that several units of work share.

use std::time::Duration;

use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_identity::{
    ContactClaim, FamiliarAddressRepository, PasswordHash, PendingRegistrationRepository, SessionRepository,
    User, UserContact, UserRepository, UserStatus,
};
use asteroid_kernel::{ChallengeId, Contact, StorageError, Timestamp, UserId};
use asteroid_limits::{Admission, LimitKey, LimitRepository, Quota};
use asteroid_messaging::{Content, Message, MessageKind, OutboxRepository};
use asteroid_verification::{
    Challenge, ChallengeRepository, ChallengeState, CodeFormat, CodeGuess, Purpose, PurposeKind, Redemption,
    redeem,
};

use super::{NewSession, RequestContext};
use crate::ports::{CodeVersion, SignedIn};

pub(super) fn longest_window(quotas: &[Quota]) -> Duration {
    quotas.iter().map(|quota| quota.window).max().unwrap_or_default()
}

/// Whether codes may be sent to all these contacts now; if so, counts one for each. Otherwise says how long to wait,
/// and counts none.
///
/// The limit lies on the contact, so that it tells nothing of whose it is.
pub(super) async fn reserve_sends<Tx: LimitRepository>(
    tx: &mut Tx,
    contacts: &[Contact],
    context: &RequestContext,
) -> Result<Result<(), Duration>, StorageError> {
    let limits = &context.rules().limits;
    if !limits.enabled {
        return Ok(Ok(()));
    }
    let now = context.now;
    let mut admitted = Vec::new();
    for contact in contacts {
        let key = sends_key(contact);
        let window = tx.window(&key).await?;
        let next = window.next_allowed(&limits.sends, now);
        if next > now {
            return Ok(Err(next.since(now)));
        }
        admitted.push((key, window));
    }
    for (key, mut window) in admitted {
        window.record(now);
        window.prune(&limits.sends, now);
        tx.save_window(&key, &window, now + longest_window(&limits.sends)).await?;
    }
    Ok(Ok(()))
}

pub(super) fn sends_key(contact: &Contact) -> LimitKey {
    LimitKey::new("sends", contact.key().as_str())
}

/// What a code that is asked for looks like.
#[derive(Clone, Copy)]
pub(super) struct CodeForm {
    format: CodeFormat,
    autofill: bool,
}

impl CodeForm {
    pub(super) fn of(version: CodeVersion, context: &RequestContext) -> Self {
        let format = context.rules().code_formats.of(version);
        Self { format, autofill: version == CodeVersion::V2 }
    }
}

/// Puts a code for this purpose into the outbox: that of a young live challenge again, or a new challenge's.
pub(super) async fn send_code<Tx: ChallengeRepository + OutboxRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purpose: Purpose,
    CodeForm { format, autofill }: CodeForm,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let (rules, now) = (&context.rules().challenges, context.now);
    let live = tx.live_challenges(&contact.key(), &[purpose.kind()], rules, now).await?;
    let young = live.iter().find(|challenge| challenge.is_sent_again(purpose, format, now));
    let (challenge, expires_at) = if let Some(challenge) = young {
        (challenge.id, challenge.expires_at)
    } else {
        let challenge = open_challenge(contact, purpose, format, &live, context);
        tx.insert_challenge(&challenge).await?;
        (challenge.id, challenge.expires_at)
    };
    let message = code_message(contact, purpose, challenge, autofill, expires_at, context);
    tx.enqueue(&message).await
}

fn open_challenge(
    contact: &Contact,
    purpose: Purpose,
    format: CodeFormat,
    live: &[Challenge],
    context: &RequestContext,
) -> Challenge {
    Challenge::open(
        contact.clone(),
        purpose,
        format,
        context.tools.keys.current_id(),
        context.origin.ip,
        live,
        &context.rules().challenges,
        context.now,
        context.randomness(),
    )
}

fn code_message(
    contact: &Contact,
    purpose: Purpose,
    challenge: ChallengeId,
    autofill: bool,
    expires_at: Timestamp,
    context: &RequestContext,
) -> Message {
    let kind = match purpose {
        Purpose::Register(_) => MessageKind::RegistrationCode,
        Purpose::Login => MessageKind::SignInCode,
        Purpose::Reset => MessageKind::ResetCode,
    };
    let content = Content::Code { challenge, autofill };
    Message::new(contact.clone(), kind, content, expires_at, context.now, context.randomness())
}

/// Does for a contact that nobody may be sent a code to what [`send_code`] and looking its owner up do for one, so that
/// the time does not tell which is which: the challenge is spent and the message useless from the first, and neither
/// ever leaves.
pub(super) async fn send_decoy<Tx: UserRepository + ChallengeRepository + OutboxRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purpose: Purpose,
    CodeForm { format, autofill }: CodeForm,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let (rules, now) = (&context.rules().challenges, context.now);
    verified_spelling(tx, NO_USER, contact).await?;
    let live = tx.live_challenges(&contact.key(), &[purpose.kind()], rules, now).await?;
    let mut challenge = open_challenge(contact, purpose, format, &live, context);
    challenge.state = ChallengeState::Spent { at: now };
    tx.insert_challenge(&challenge).await?;
    tx.enqueue(&code_message(contact, purpose, challenge.id, autofill, now, context)).await
}

/// No user has this id: stores give positive ones.
const NO_USER: UserId = UserId(0);

/// Notes that the caller's network claims the contact, whether or not the contact has an owner, so that the time does not
/// tell. See [`PendingRegistration::is_trusted`](asteroid_identity::PendingRegistration::is_trusted).
pub(super) async fn claim_contact<Tx: PendingRegistrationRepository>(
    tx: &mut Tx,
    contact: &Contact,
    context: &RequestContext,
) -> Result<(), StorageError> {
    // As long as a registration that is made now may wait, and an hour at least.
    let expires_at = context.now + context.rules().registration_life.max(Duration::from_hours(1));
    let network = context.origin.network();
    let claim = ContactClaim::new(contact, network, expires_at, context.now, context.randomness());
    tx.insert_claim(&claim).await
}

/// Puts a notice to each of these contacts into the outbox.
pub(super) async fn send_notices<Tx: OutboxRepository>(
    tx: &mut Tx,
    contacts: impl IntoIterator<Item = &Contact> + Send,
    kind: MessageKind,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let now = context.now;
    let contacts: Vec<&Contact> = contacts.into_iter().collect();
    for contact in contacts {
        let expires_at = now + Message::NOTICE_LIFE;
        let randomness = context.randomness();
        let message = Message::new(contact.clone(), kind, Content::Notice, expires_at, now, randomness);
        tx.enqueue(&message).await?;
    }
    Ok(())
}

pub(super) fn addresses(contacts: &[UserContact]) -> Vec<Contact> {
    contacts.iter().map(|contact| contact.contact.clone()).collect()
}

/// Tries a code on the contact's live challenges for these purposes; gives the challenge that it redeemed.
///
/// A wrong guess is reservation: the unit of work must commit it, as an outcome.
pub(super) async fn try_code<Tx: ChallengeRepository + LimitRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purposes: &[PurposeKind],
    guess: &CodeGuess,
    context: &RequestContext,
) -> Result<Option<Challenge>, StorageError> {
    let (rules, now) = (context.rules(), context.now);
    let quotas = &rules.limits.wrong_codes;
    let contact_key = contact.key();
    let key = LimitKey::new("wrong-codes", contact_key.as_str());
    let window = if rules.limits.enabled { Some(tx.window(&key).await?) } else { None };
    if window.as_ref().is_some_and(|window| !window.allows(quotas, now)) {
        return Ok(None);
    }
    let keys = &context.tools.keys;
    let ip = context.origin.ip;
    let redemption = redeem(tx, keys, &contact_key, purposes, guess, ip, &rules.challenges, now).await?;
    match redemption {
        Redemption::Redeemed(challenge) => Ok(Some(challenge)),
        Redemption::NothingOpen => Ok(None),
        Redemption::Wrong => {
            if let Some(mut window) = window {
                window.record(now);
                window.prune(quotas, now);
                tx.save_window(&key, &window, now + longest_window(quotas)).await?;
            }
            Ok(None)
        }
    }
}

/// Opens the session. None, and nothing kept, if the user may not sign in, or no longer has the password that was
/// `verified`.
pub(super) async fn open_session<Tx: UserRepository + FamiliarAddressRepository + SessionRepository>(
    tx: &mut Tx,
    user: UserId,
    verified: Option<&PasswordHash>,
    new: &NewSession,
    context: &RequestContext,
) -> Result<Option<SignedIn>, StorageError> {
    if !tx.record_sign_in(user, verified, context.now).await? {
        return Ok(None);
    }
    let session = new.of(user, context);
    tx.insert_session(&session, context.rules().sessions.per_user).await?;
    if let Some(ip) = context.origin.ip {
        tx.remember_address(user, ip, context.now).await?;
    }
    Ok(Some(new.opened(&session)))
}

/// The contact's owner, if that user may sign in.
pub(super) async fn enabled_owner<Tx: UserRepository>(
    tx: &mut Tx,
    contact: &Contact,
) -> Result<Option<User>, StorageError> {
    let owner = tx.find_user_by_contact(&contact.key()).await?;
    Ok(owner.filter(|user| user.status == UserStatus::Enabled))
}

/// The contact as its owner proved it. What goes out goes there, and never to another spelling that somebody asked
/// with: two spellings that compare as equal may be two people's addresses to a mail server.
pub(super) async fn verified_spelling<Tx: UserRepository>(
    tx: &mut Tx,
    owner: UserId,
    asked: &Contact,
) -> Result<Option<Contact>, StorageError> {
    let profile = tx.find_profile(owner).await?;
    let contacts = profile.map(|profile| addresses(&profile.contacts)).unwrap_or_default();
    Ok(contacts.into_iter().find(|contact| contact == asked))
}

/// Where a try of a password was reservation before it was checked, so that neither a crash nor trying at once gives
/// guesses away.
#[derive(Clone)]
pub(super) enum AttemptReservation {
    /// Limits are off.
    Nowhere,
    /// Among the failures in a row.
    ConsecutiveFailures(LimitKey),
    /// Among the failures from an address that the user is known by.
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
    if let (Some(user), Some(ip)) = (user, context.origin.ip)
        && tx.is_familiar_address(user, ip, now - limits.familiar_for).await?
    {
        let quotas = &limits.wrong_passwords_from_familiar_address;
        let key = LimitKey::new("wrong-passwords-from", format_args!("{user}:{ip}"));
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
    // What nobody has is slowed down as what somebody has, or the waiting would tell which is which.
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

/// Adds an event to the audit trail.
pub(super) async fn audit<Tx: AuditRepository>(
    tx: &mut Tx,
    action: Action,
    outcome: Outcome,
    user: Option<UserId>,
    contact: Option<&Contact>,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let event = AuditEvent::new(action, outcome, &context.origin, context.now, context.randomness());
    let event = event.of_user(user);
    let event = if let Some(contact) = contact { event.with_contact(contact) } else { event };
    tx.record_event(&event).await
}
