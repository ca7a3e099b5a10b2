#![doc = include_str!("../README.md")]

mod language;
mod message;
#[cfg(feature = "mocks")]
pub mod mocks;
mod outbox;
mod registration;
mod render;
mod segment;
mod templates;
mod transport;

pub use language::{Language, UnknownLanguage};
pub use message::{Channel, Content, Message, MessageKind};
pub use outbox::{
    Backlog, Claim, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState, OutboxStateKind, RetrySchedule,
};
pub use registration::RegistrationDetails;
pub use render::{Branding, CodeSamples, MessageRenderer, Sample};
pub use segment::SmsSize;
pub use templates::{InvalidTemplates, TemplateFlaw, TemplateFlawKind, template_files};
pub use transport::{DeliveryError, DeliverySignal, MessageTransport, OutgoingMessage};
