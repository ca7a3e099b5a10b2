//! Steps that several units of work share.

use std::time::Duration;

use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_identity::{
    ContactClaim, PasswordHash, PendingRegistrationRepository, SessionRepository, User, UserContact,
    UserRepository, UserStatus,
};
use asteroid_kernel::{ChallengeId, Contact, StorageError, Timestamp, UserId};
use asteroid_limits::{Admission, Budget, LimitKey, LimitRepository};
use asteroid_messaging::{Content, Message, MessageKind, OutboxRepository};
use asteroid_verification::{
    Challenge, ChallengeRepository, ChallengeState, CodeFormat, CodeGuess, Purpose, PurposeKind, Redemption,
    redeem,
};

use super::{NewSession, Occasion};
use crate::ports::{CodeVersion, SignedIn};

pub(super) fn longest(budgets: &[Budget]) -> Duration {
    budgets.iter().map(|budget| budget.window).max().unwrap_or_default()
}

/// Whether codes may be sent to all these contacts now; if so, counts one for each. Otherwise says how long to wait,
/// and counts none.
///
/// The limit lies on the contact, so that it tells nothing of whose it is.
pub(super) async fn admit_sends<Tx: LimitRepository>(
    tx: &mut Tx,
    contacts: &[Contact],
    occasion: &Occasion,
) -> Result<Result<(), Duration>, StorageError> {
    let limits = &occasion.rules().limits;
    if !limits.enabled {
        return Ok(Ok(()));
    }
    let now = occasion.now;
    let mut admitted = Vec::new();
    for contact in contacts {
        let key = sends_key(contact);
        let history = tx.history(&key).await?;
        let next = history.next_allowed(&limits.sends, now);
        if next > now {
            return Ok(Err(next.since(now)));
        }
        admitted.push((key, history));
    }
    for (key, mut history) in admitted {
        history.record(now);
        history.prune(&limits.sends, now);
        tx.keep_history(&key, &history, now + longest(&limits.sends)).await?;
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
    pub(super) fn of(version: CodeVersion, occasion: &Occasion) -> Self {
        let format = occasion.rules().code_formats.of(version);
        Self { format, autofill: version == CodeVersion::V2 }
    }
}

/// Puts a code for this purpose into the outbox: that of a young live challenge again, or a new challenge's.
pub(super) async fn send_code<Tx: ChallengeRepository + OutboxRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purpose: Purpose,
    CodeForm { format, autofill }: CodeForm,
    occasion: &Occasion,
) -> Result<(), StorageError> {
    let (rules, now) = (&occasion.rules().challenges, occasion.now);
    let live = tx.live_challenges(&contact.key(), &[purpose.kind()], rules, now).await?;
    let young = live.iter().find(|challenge| challenge.is_sent_again(purpose, format, now));
    let (challenge, useless_at) = if let Some(challenge) = young {
        (challenge.id, challenge.expires_at)
    } else {
        let challenge = open_challenge(contact, purpose, format, &live, occasion);
        tx.insert_challenge(&challenge).await?;
        (challenge.id, challenge.expires_at)
    };
    let message = code_message(contact, purpose, challenge, autofill, useless_at, occasion);
    tx.enqueue(&message).await
}

fn open_challenge(
    contact: &Contact,
    purpose: Purpose,
    format: CodeFormat,
    live: &[Challenge],
    occasion: &Occasion,
) -> Challenge {
    Challenge::open(
        contact.clone(),
        purpose,
        format,
        occasion.tools.keys.current_id(),
        occasion.origin.ip,
        live,
        &occasion.rules().challenges,
        occasion.now,
        occasion.randomness(),
    )
}

fn code_message(
    contact: &Contact,
    purpose: Purpose,
    challenge: ChallengeId,
    autofill: bool,
    useless_at: Timestamp,
    occasion: &Occasion,
) -> Message {
    let kind = match purpose {
        Purpose::Register(_) => MessageKind::RegistrationCode,
        Purpose::Login => MessageKind::SignInCode,
        Purpose::Reset => MessageKind::ResetCode,
    };
    let content = Content::Code { challenge, autofill };
    Message::new(contact.clone(), kind, content, useless_at, occasion.now, occasion.randomness())
}

/// Does for a contact that nobody may be sent a code to what [`send_code`] and looking its owner up do for one, so that
/// the time does not tell which is which: the challenge is spent and the message useless from the first, and neither
/// ever leaves.
pub(super) async fn send_to_nobody<Tx: UserRepository + ChallengeRepository + OutboxRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purpose: Purpose,
    CodeForm { format, autofill }: CodeForm,
    occasion: &Occasion,
) -> Result<(), StorageError> {
    let (rules, now) = (&occasion.rules().challenges, occasion.now);
    as_proved(tx, NOBODY, contact).await?;
    let live = tx.live_challenges(&contact.key(), &[purpose.kind()], rules, now).await?;
    let mut challenge = open_challenge(contact, purpose, format, &live, occasion);
    challenge.state = ChallengeState::Spent { at: now };
    tx.insert_challenge(&challenge).await?;
    tx.enqueue(&code_message(contact, purpose, challenge.id, autofill, now, occasion)).await
}

/// No user has this id: stores give positive ones.
const NOBODY: UserId = UserId(0);

/// Notes that the caller's network claims the contact, whether or not the contact has an owner, so that the time does not
/// tell. See [`PendingRegistration::is_trusted`](asteroid_identity::PendingRegistration::is_trusted).
pub(super) async fn claim_contact<Tx: PendingRegistrationRepository>(
    tx: &mut Tx,
    contact: &Contact,
    occasion: &Occasion,
) -> Result<(), StorageError> {
    // As long as a registration that is made now may wait, and an hour at least.
    let expires_at = occasion.now + occasion.rules().registration_life.max(Duration::from_hours(1));
    let network = occasion.origin.network();
    let claim = ContactClaim::new(contact, network, expires_at, occasion.now, occasion.randomness());
    tx.insert_claim(&claim).await
}

/// Puts a notice to each of these contacts into the outbox.
pub(super) async fn send_notices<Tx: OutboxRepository>(
    tx: &mut Tx,
    contacts: impl IntoIterator<Item = &Contact> + Send,
    kind: MessageKind,
    occasion: &Occasion,
) -> Result<(), StorageError> {
    let now = occasion.now;
    let contacts: Vec<&Contact> = contacts.into_iter().collect();
    for contact in contacts {
        let useless_at = now + Message::NOTICE_LIFE;
        let randomness = occasion.randomness();
        let message = Message::new(contact.clone(), kind, Content::Notice, useless_at, now, randomness);
        tx.enqueue(&message).await?;
    }
    Ok(())
}

pub(super) fn addresses(contacts: &[UserContact]) -> Vec<Contact> {
    contacts.iter().map(|contact| contact.contact.clone()).collect()
}

/// Tries a code on the contact's live challenges for these purposes; gives the challenge that it redeemed.
///
/// A wrong guess is counted: the unit of work must commit it, as an outcome.
pub(super) async fn try_code<Tx: ChallengeRepository + LimitRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purposes: &[PurposeKind],
    guess: &CodeGuess,
    occasion: &Occasion,
) -> Result<Option<Challenge>, StorageError> {
    let (rules, now) = (occasion.rules(), occasion.now);
    let budgets = &rules.limits.wrong_codes;
    let contact_key = contact.key();
    let key = LimitKey::new("wrong-codes", contact_key.as_str());
    let history = if rules.limits.enabled { Some(tx.history(&key).await?) } else { None };
    if history.as_ref().is_some_and(|history| !history.allows(budgets, now)) {
        return Ok(None);
    }
    let keys = &occasion.tools.keys;
    let ip = occasion.origin.ip;
    let redemption = redeem(tx, keys, &contact_key, purposes, guess, ip, &rules.challenges, now).await?;
    match redemption {
        Redemption::Redeemed(challenge) => Ok(Some(challenge)),
        Redemption::NothingOpen => Ok(None),
        Redemption::Wrong => {
            if let Some(mut history) = history {
                history.record(now);
                history.prune(budgets, now);
                tx.keep_history(&key, &history, now + longest(budgets)).await?;
            }
            Ok(None)
        }
    }
}

/// Opens the session. None, and nothing kept, if the user may not sign in, or no longer has the password that was
/// `verified`.
pub(super) async fn open_session<Tx: UserRepository + SessionRepository>(
    tx: &mut Tx,
    user: UserId,
    verified: Option<&PasswordHash>,
    new: &NewSession,
    occasion: &Occasion,
) -> Result<Option<SignedIn>, StorageError> {
    if !tx.record_sign_in(user, verified, occasion.now).await? {
        return Ok(None);
    }
    let session = new.of(user, occasion);
    tx.insert_session(&session, occasion.rules().sessions.per_user).await?;
    if let Some(ip) = occasion.origin.ip {
        tx.remember_address(user, ip, occasion.now).await?;
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
pub(super) async fn as_proved<Tx: UserRepository>(
    tx: &mut Tx,
    owner: UserId,
    asked: &Contact,
) -> Result<Option<Contact>, StorageError> {
    let profile = tx.find_profile(owner).await?;
    let contacts = profile.map(|profile| addresses(&profile.contacts)).unwrap_or_default();
    Ok(contacts.into_iter().find(|contact| contact == asked))
}

/// Where a try of a password was counted before it was checked, so that neither a crash nor trying at once gives
/// guesses away.
#[derive(Clone)]
pub(super) enum CountedTry {
    /// Limits are off.
    Nowhere,
    /// Among the failures in a row.
    Streak(LimitKey),
    /// Among the failures from an address that the user is known by.
    Familiar(LimitKey, Timestamp),
}

/// Whether a password may be tried now; if so, counts the try as a failure until [`forgive_try`].
pub(super) async fn admit_try<Tx: UserRepository + LimitRepository>(
    tx: &mut Tx,
    user: Option<UserId>,
    contact: Option<&Contact>,
    occasion: &Occasion,
) -> Result<Result<CountedTry, Duration>, StorageError> {
    let (limits, now) = (&occasion.rules().limits, occasion.now);
    if !limits.enabled {
        return Ok(Ok(CountedTry::Nowhere));
    }
    if let (Some(user), Some(ip)) = (user, occasion.origin.ip)
        && tx.is_familiar_address(user, ip, now - limits.familiar_for).await?
    {
        let budgets = &limits.wrong_passwords_from_familiar_address;
        let key = LimitKey::new("wrong-passwords-from", format_args!("{user}:{ip}"));
        let mut history = tx.history(&key).await?;
        let next = history.next_allowed(budgets, now);
        if next > now {
            return Ok(Err(next.since(now)));
        }
        history.record(now);
        history.prune(budgets, now);
        tx.keep_history(&key, &history, now + longest(budgets)).await?;
        return Ok(Ok(CountedTry::Familiar(key, now)));
    }
    // What nobody has is slowed down as what somebody has, or the waiting would tell which is which.
    let key = match (user, contact) {
        (Some(user), _) => streak_key(user),
        (None, Some(contact)) => LimitKey::new("wrong-passwords", contact.key().as_str()),
        (None, None) => return Ok(Ok(CountedTry::Nowhere)),
    };
    let streak = tx.streak(&key).await?;
    match limits.wrong_passwords.admission(streak, now) {
        Admission::Wait { until } => Ok(Err(until.since(now))),
        Admission::Locked => Ok(Err(limits.wrong_passwords.longest)),
        Admission::Admitted => {
            tx.keep_streak(&key, streak.failed(now), now + limits.streak_memory).await?;
            Ok(Ok(CountedTry::Streak(key)))
        }
    }
}

pub(super) fn streak_key(user: UserId) -> LimitKey {
    LimitKey::new("wrong-passwords", format_args!("user:{user}"))
}

/// Takes back the count of a try that turned out right.
pub(super) async fn forgive_try<Tx: LimitRepository>(
    tx: &mut Tx,
    counted: &CountedTry,
    occasion: &Occasion,
) -> Result<(), StorageError> {
    match counted {
        CountedTry::Nowhere => Ok(()),
        CountedTry::Streak(key) => tx.forget_limit(key).await,
        CountedTry::Familiar(key, at) => {
            let budgets = &occasion.rules().limits.wrong_passwords_from_familiar_address;
            let mut history = tx.history(key).await?;
            history.withdraw(*at);
            tx.keep_history(key, &history, occasion.now + longest(budgets)).await
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
    occasion: &Occasion,
) -> Result<(), StorageError> {
    let event = AuditEvent::new(action, outcome, &occasion.origin, occasion.now, occasion.randomness());
    let event = event.of_user(user);
    let event = if let Some(contact) = contact { event.with_contact(contact) } else { event };
    tx.record_event(&event).await
}
