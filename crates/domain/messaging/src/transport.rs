use std::fmt;
use std::future::Future;

use asteroid_kernel::{BoxError, Contact, MessageId, Timestamp};

use crate::{Channel, MessageKind};

/// A rendered message, ready for delivery. It may contain a code, so [`Debug`](fmt::Debug) prints no text of it.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The message's id, the same for all attempts, so that a provider can drop duplicates.
    pub id: MessageId,
    /// The time of this attempt.
    pub at: Timestamp,
    /// The channel that the message is delivered by.
    pub channel: Channel,
    /// The recipient.
    pub to: Contact,
    /// The kind of the message.
    pub kind: MessageKind,
    /// The subject of an e-mail; [`None`] for an SMS.
    pub subject: Option<String>,
    /// The text of the message.
    pub body: String,
    /// The HTML alternative of an e-mail; [`None`] for an SMS.
    pub html: Option<String>,
    /// The code, which text and HTML contain; [`None`] for a notice.
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

/// The reason why a message was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A temporary failure: another attempt may succeed.
    #[error("the message could not be delivered for now")]
    Passing(#[source] BoxError),
    /// A permanent failure: no other attempt will succeed.
    #[error("the message cannot be delivered")]
    Permanent(#[source] BoxError),
}

/// Delivers messages of one channel to a provider.
pub trait MessageTransport: Send + Sync + 'static {
    /// Delivers a message. [`Ok`] once the provider has accepted it.
    fn deliver(&self, message: &OutgoingMessage) -> impl Future<Output = Result<(), DeliveryError>> + Send;
}

/// Notifies the delivery workers of a new message in the outbox, so that they need not wait for their next poll.
pub trait DeliverySignal: Send + Sync + 'static {
    /// Signals that a message was enqueued and committed. A lost signal only delays the message.
    fn outbox_filled(&self);
}
