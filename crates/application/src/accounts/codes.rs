//! Sending codes and decoys, and redeeming codes.

use asteroid_identity::{FamiliarAddressRepository, UserRepository};
use asteroid_kernel::{ChallengeId, Contact, ContactKey, StorageError, Timestamp};
use asteroid_limits::{LimitKey, LimitRepository, Quota, SlidingWindow};
use asteroid_messaging::{Content, Message, MessageKind, OutboxRepository};
use asteroid_verification::{
    Challenge, ChallengeRepository, CodeFormat, CodeGuess, Purpose, PurposeKind, Redemption, redeem,
};

use super::RequestContext;
use super::rate_limits::{is_from_familiar_address, longest_window};

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
    form: CodeForm,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let challenge = challenge_to_send(tx, contact, purpose, form, Addressee::Owner, context).await?;
    let message = code_message(contact, purpose, challenge.id, form.autofill, challenge.expires_at, context);
    tx.enqueue(&message).await
}

/// Does for a contact that gets no code the same work as [`send_code`], so that the time does not tell which is which: the
/// challenge is a decoy and the message useless from the first, and neither ever leaves.
pub(super) async fn send_decoy<Tx: ChallengeRepository + OutboxRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purpose: Purpose,
    form: CodeForm,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let challenge = challenge_to_send(tx, contact, purpose, form, Addressee::NoUser, context).await?;
    let message = code_message(contact, purpose, challenge.id, form.autofill, context.now, context);
    tx.enqueue(&message).await
}

/// Who gets a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// The owner of the contact, or who may become it.
    Owner,
    /// No user: the challenge is a decoy.
    NoUser,
}

/// The newest challenge again, if it is young, or a new one. Ends those that have expired.
pub(super) async fn challenge_to_send<Tx: ChallengeRepository>(
    tx: &mut Tx,
    contact: &Contact,
    purpose: Purpose,
    form: CodeForm,
    addressee: Addressee,
    context: &RequestContext,
) -> Result<Challenge, StorageError> {
    let (rules, now) = (&context.rules().challenges, context.now);
    let (key, kind) = (contact.key(), [purpose.kind()]);
    tx.end_expired_challenges(&key, &kind, now).await?;
    let (decoys, live): (Vec<_>, Vec<_>) =
        tx.open_challenges(&key, &kind, now).await?.into_iter().partition(Challenge::is_decoy);
    let live: Vec<Challenge> = live.into_iter().filter(|challenge| challenge.is_live(now, rules)).collect();
    // Only the newest code: a guess is not compared with those before it.
    let mut sent = if addressee == Addressee::Owner { &live } else { &decoys }.iter();
    let newest = sent.find(|challenge| challenge.purpose == purpose);
    if let Some(young) = newest.filter(|challenge| challenge.is_sent_again(purpose, form.format, now)) {
        return Ok(young.clone());
    }
    let mut opened = Challenge::open(
        contact.clone(),
        purpose,
        form.format,
        &context.tools.keys.current_id(),
        context.origin.ip,
        &live,
        rules,
        now,
        context.randomness(),
    );
    if addressee == Addressee::NoUser {
        opened = opened.into_decoy();
    }
    tx.insert_challenge(&opened).await?;
    Ok(opened)
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

/// Tries a code on the contact's live challenges for these purposes; gives the challenge that it redeemed.
///
/// A wrong guess is counted: the unit of work must commit it, as an outcome. Strangers to the contact's owner may not use up
/// all tries of an hour or a day.
pub(super) async fn try_code<Tx>(
    tx: &mut Tx,
    contact: &Contact,
    purposes: &[PurposeKind],
    guess: &CodeGuess,
    context: &RequestContext,
) -> Result<Option<Challenge>, StorageError>
where
    Tx: UserRepository + FamiliarAddressRepository + ChallengeRepository + LimitRepository,
{
    let (rules, now) = (context.rules(), context.now);
    let quotas = &rules.limits.wrong_codes;
    let contact_key = contact.key();
    let key = wrong_codes_key(&contact_key);
    let mut left = rules.challenges.guesses;
    let mut window = None;
    if rules.limits.enabled {
        let owner = tx.find_user_by_contact(&contact_key).await?.map(|user| user.id);
        let is_owner = is_from_familiar_address(tx, owner, context).await?;
        let found = tx.window(&key).await?;
        left = if is_owner {
            tries_left(&found, quotas, left, now)
        } else {
            tries_left(&found, &rules.limits.for_strangers(quotas), left, now)
        };
        window = Some(found);
    }
    if left == 0 {
        return Ok(None);
    }
    let (keys, network) = (&context.tools.keys, context.origin.network());
    let redemption =
        redeem(tx, keys, &contact_key, purposes, guess, network, left, &rules.challenges, now).await?;
    match redemption {
        Redemption::Redeemed(challenge) => Ok(Some(challenge)),
        Redemption::NothingOpen | Redemption::Wrong { .. } => {
            // Written even if there is nothing to count, so that the time does not tell.
            let tries = if let Redemption::Wrong { tries } = redemption { tries } else { 0 };
            if let Some(window) = &mut window {
                for _ in 0..tries {
                    window.record(now);
                }
                window.prune(quotas, now);
                tx.save_window(&key, window, now + longest_window(quotas)).await?;
            }
            Ok(None)
        }
    }
}

pub(super) fn wrong_codes_key(contact: &ContactKey) -> LimitKey {
    LimitKey::new("wrong-codes", contact.as_str())
}

/// How many tries these quotas allow now, at most `most`.
fn tries_left(window: &SlidingWindow, quotas: &[Quota], most: u32, now: Timestamp) -> u32 {
    let mut window = window.clone();
    let allowed = (0..most).take_while(|_| {
        let is_allowed = window.allows(quotas, now);
        window.record(now);
        is_allowed
    });
    u32::try_from(allowed.count()).unwrap_or(most)
}
