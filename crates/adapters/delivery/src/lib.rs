#![doc = include_str!("../README.md")]

mod address;
mod http;
mod message_record;
#[cfg(test)]
mod samples;
mod tls;
mod transports;
mod url;

pub use transports::*;
pub use url::{DeliveryUrlError, ProviderUrlProblem, WrongChannel};
