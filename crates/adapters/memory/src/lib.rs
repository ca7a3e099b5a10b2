#![doc = include_str!("../README.md")]

mod admin_keys;
mod audit;
mod challenges;
mod clients;
mod event_counts;
mod known_keys;
mod limits;
mod outbox;
mod practices;
mod registrations;
mod sessions;
mod storage;
mod table;
mod terms;
mod tombstones;
mod users;

pub use storage::{MemoryStorage, MemoryTx};
