#![doc = include_str!("../README.md")]

mod event;
#[cfg(feature = "mocks")]
pub mod mocks;
mod repository;

pub use event::{Action, AuditEvent, Outcome};
pub use repository::AuditRepository;
