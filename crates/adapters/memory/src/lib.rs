#![doc = include_str!("../README.md")]

mod audit;
mod challenges;
mod limits;
mod outbox;
mod registrations;
mod sessions;
mod storage;
mod table;
mod users;

pub use storage::{MemoryStorage, MemoryTx};
