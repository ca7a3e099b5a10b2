#![doc = include_str!("../README.md")]

mod event;
mod repository;

pub use event::{Action, AuditEvent, Outcome};
pub use repository::AuditRepository;
