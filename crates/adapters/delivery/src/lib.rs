#![doc = include_str!("../README.md")]

mod any;
mod console;
mod file;
#[cfg(test)]
mod samples;
mod url;

pub use any::AnyTransport;
pub use console::ConsoleTransport;
pub use file::FileTransport;
pub use url::{DeliveryUrl, InvalidDeliveryUrl};
