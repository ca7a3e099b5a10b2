#![doc = include_str!("../README.md")]

mod event;
mod filter;
mod repository;

pub use event::{Action, AuditEvent, Outcome};
pub use filter::AuditFilter;
pub use repository::AuditRepository;
