#![doc = include_str!("../README.md")]

mod compose;
mod message;
#[cfg(feature = "mocks")]
pub mod mocks;
mod outbox;
mod transport;

pub use compose::Composer;
pub use message::{Channel, Content, Message, MessageKind};
pub use outbox::{
    Claim, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState, OutboxStateKind, RetrySchedule,
};
pub use transport::{DeliveryError, DeliverySignal, MessageTransport, OutgoingMessage};
