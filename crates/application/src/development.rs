//! The messages of a server, shown to those who develop with it.

use std::sync::{Arc, Mutex, PoisonError};

use asteroid_identity::PendingRegistrationRepository;
use asteroid_kernel::{Clock, Storage, StorageError, Timestamp, UnitOfWork};
use asteroid_messaging::{
    Content, Message, MessageRenderer, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState,
};
use asteroid_verification::{Challenge, ChallengeRepository, ChallengeRules, ChallengeState, Code, CodeKeys};

use crate::message_context::MessageContext;

/// What can still be done with the code of a message.
#[derive(Clone, Debug)]
pub enum ShownCode {
    /// It works.
    Works {
        /// The code.
        code: Code,
        /// From when on it does not.
        until: Timestamp,
    },
    /// It was redeemed, or ended with another of its contact and purpose.
    Spent,
    /// Too many wrong codes were tried.
    Guessed,
    /// It is too old.
    Expired,
    /// The key that it is derived with is no longer in the key ring.
    Lost,
}

/// The words of a message.
#[derive(Clone)]
pub struct ShownText {
    /// The subject of an e-mail; an SMS has none.
    pub subject: Option<String>,
    /// The text. It may hold a code.
    pub body: String,
    /// The HTML of an e-mail, if its text has one.
    pub html: Option<String>,
}

/// A message, as it is shown to a developer.
#[derive(Clone)]
pub struct ShownMessage {
    /// The message.
    pub message: Message,
    /// How often its delivery was begun.
    pub attempts: u32,
    /// What has become of it.
    pub state: OutboxState,
    /// Its words, rendered anew: a message whose code no longer works has none.
    pub text: Option<ShownText>,
    /// What can still be done with its code; [`None`] if it carries none, or is a decoy.
    pub code: Option<ShownCode>,
}

asteroid_kernel::port! {
    /// Shows codes to every caller: for development, on the developer's own machine, and nowhere else.
    pub trait DevelopmentOutbox {
        /// The latest messages, whatever has become of them, the newest first, up to `at_most`.
        async fn latest_messages(&self, at_most: usize) -> Result<Vec<ShownMessage>, StorageError>;

        /// Hides the messages that there are now, until the server ends. They stay in the store.
        async fn clear(&self) -> Result<(), StorageError>;
    }
}

/// The messages of a server with their codes, over any store and whatever they leave by. No text is kept: each is
/// rendered anew, as long as its code works.
pub struct OpenOutbox<S> {
    /// The store.
    pub storage: Arc<S>,
    /// Puts messages into words.
    pub renderer: MessageRenderer,
    /// Derive the codes.
    pub keys: Arc<CodeKeys>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Say how long codes work.
    pub challenges: ChallengeRules,
    /// What is hidden.
    pub cleared: ClearedMessages,
}

/// The messages that are hidden: those that were made up to a time.
#[derive(Debug, Default)]
pub struct ClearedMessages(Mutex<Option<Timestamp>>);

impl ClearedMessages {
    fn until(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Latest {
    now: Timestamp,
    at_most: usize,
}

impl<Tx> UnitOfWork<Tx> for Latest
where
    Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository + Send,
{
    type Output = Vec<(OutboxEntry, MessageContext)>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
        let mut latest = Vec::new();
        for entry in tx.list_entries(&OutboxFilter::default(), None, self.at_most).await? {
            let context = MessageContext::of(tx, &entry.message, self.now).await?;
            latest.push((entry, context));
        }
        Ok(latest)
    }
}

impl<S> OpenOutbox<S> {
    fn show(&self, entry: OutboxEntry, context: &MessageContext, now: Timestamp) -> ShownMessage {
        let OutboxEntry { message, attempts, state } = entry;
        let code = match message.content {
            Content::Code { .. } if !message.is_decoy() => Some(self.code(context.challenge.as_ref(), now)),
            Content::Code { .. } | Content::Notice => None,
        };
        let works = match &code {
            Some(ShownCode::Works { code, .. }) => Some(code.expose()),
            _ => None,
        };
        // As it left, if it did.
        let at = if let OutboxState::Delivered { at } = state { at } else { message.created_at };
        let text = self.renderer.render(&message, works, context.registration.as_ref(), at);
        let text = text.map(|outgoing| ShownText {
            subject: outgoing.subject,
            body: outgoing.body,
            html: outgoing.html,
        });
        ShownMessage { message, attempts, state, text, code }
    }

    fn code(&self, challenge: Option<&Challenge>, now: Timestamp) -> ShownCode {
        // Challenges are removed once they have expired.
        let Some(challenge) = challenge else { return ShownCode::Expired };
        match challenge.state {
            ChallengeState::Spent { .. } => ShownCode::Spent,
            ChallengeState::Open if now >= challenge.expires_at => ShownCode::Expired,
            ChallengeState::Open if !challenge.is_live(now, &self.challenges) => ShownCode::Guessed,
            ChallengeState::Open => self
                .keys
                .code(challenge)
                .map_or(ShownCode::Lost, |code: Code| ShownCode::Works { code, until: challenge.expires_at }),
        }
    }
}

impl<S> DevelopmentOutbox for OpenOutbox<S>
where
    S: Storage,
    S::Tx: OutboxRepository + ChallengeRepository + PendingRegistrationRepository,
{
    async fn latest_messages(&self, at_most: usize) -> Result<Vec<ShownMessage>, StorageError> {
        let now = self.clock.now();
        let latest = self.storage.read(Latest { now, at_most }).await?;
        let cleared = self.cleared.until();
        let is_shown = |entry: &OutboxEntry| cleared.is_none_or(|cleared| entry.message.created_at > cleared);
        let shown = latest.into_iter().filter(|(entry, _)| is_shown(entry));
        Ok(shown.map(|(entry, context)| self.show(entry, &context, now)).collect())
    }

    async fn clear(&self) -> Result<(), StorageError> {
        *self.cleared.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
        Ok(())
    }
}
