#![doc = include_str!("../README.md")]

mod address;
mod any;
mod console;
mod file;
mod http;
mod record;
#[cfg(test)]
mod samples;
mod secret;
mod smtp;
mod tls;
mod twilio;
mod url;
mod webhook;

pub use any::AnyTransport;
pub use console::ConsoleTransport;
pub use file::FileTransport;
pub use smtp::SmtpTransport;
pub use twilio::TwilioTransport;
pub use url::{
    DeliveryUrl, Flaw, InvalidDeliveryUrl, Provider, SmtpUrl, TwilioUrl, WebhookUrl, WrongChannel,
};
pub use webhook::WebhookTransport;
