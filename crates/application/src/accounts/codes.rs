//! Sending codes and decoys, and redeeming codes.

use asteroid_identity::UserRepository;
use asteroid_kernel::{ChallengeId, Contact, StorageError, Timestamp, UserId};
use asteroid_limits::{LimitKey, LimitRepository};
use asteroid_messaging::{Content, Message, MessageKind, OutboxRepository};
use asteroid_verification::{
    Challenge, ChallengeRepository, ChallengeState, CodeFormat, CodeGuess, Purpose, PurposeKind, Redemption,
    redeem,
};

use super::RequestContext;
use super::contacts::verified_spelling;
use super::rate_limits::longest_window;

/// Which version of the API a code is asked for through: it decides what the code looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeVersion {
    /// A code that a person types.
    V1,
    /// A code that phones fill in.
    V2,
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
        Purpose::SignIn => MessageKind::SignInCode,
        Purpose::Reset => MessageKind::ResetCode,
    };
    let content = Content::Code { challenge, autofill };
    Message::new(contact.clone(), kind, content, expires_at, context.now, context.randomness())
}

/// Does for a contact that gets no code the same work as [`send_code`] and finding the owner, so that
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

/// Tries a code on the contact's live challenges for these purposes; gives the challenge that it redeemed.
///
/// A wrong guess is counted: the unit of work must commit it, as an outcome.
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
