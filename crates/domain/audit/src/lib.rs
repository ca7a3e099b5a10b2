#![doc = include_str!("../README.md")]

mod counts;
mod event;
mod filter;
mod repository;

pub use counts::{EventCount, EventCountRepository, HOUR, hour_of};
pub use event::{Action, AuditEvent, Outcome};
pub use filter::AuditFilter;
pub use repository::AuditRepository;
