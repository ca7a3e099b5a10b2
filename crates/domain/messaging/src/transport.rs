use std::fmt;
use std::future::Future;

use asteroid_kernel::{BoxError, Contact, MessageId, Timestamp};

use crate::{Channel, MessageKind};

/// A message in words, ready to leave. It may carry a code: printed for debugging, it shows no text.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The same over all tries: a provider that knows it already can drop a repetition.
    pub id: MessageId,
    /// When it is handed over.
    pub at: Timestamp,
    /// The channel.
    pub channel: Channel,
    /// Whom it is for.
    pub to: Contact,
    /// What it is about.
    pub kind: MessageKind,
    /// The subject of an e-mail; an SMS has none.
    pub subject: Option<String>,
    /// The text.
    pub body: String,
    /// The same in HTML, for an e-mail; an SMS has none.
    pub html: Option<String>,
    /// The code, where the message carries one; it stands in the text and the HTML, too.
    pub code: Option<String>,
}

impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMessage")
            .field("id", &self.id)
            .field("to", &self.to)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// For the moment: trying again may help.
    #[error("the message could not be delivered for now")]
    Passing(#[source] BoxError),
    /// For good: trying again will not help.
    #[error("the message cannot be delivered")]
    Permanent(#[source] BoxError),
}

/// Hands messages of one channel to whoever brings them to people.
pub trait MessageTransport: Send + Sync + 'static {
    /// Hands a message over. `Ok` when the provider has taken it on.
    fn deliver(&self, message: &OutgoingMessage) -> impl Future<Output = Result<(), DeliveryError>> + Send;
}

/// Tells whoever delivers that the outbox has something new, so that nobody waits for the next look.
pub trait DeliverySignal: Send + Sync + 'static {
    /// Something was put into the outbox, and is committed. Missing this only delays a message.
    fn outbox_filled(&self);
}
