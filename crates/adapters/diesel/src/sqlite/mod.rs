//! The store in `SQLite`: one file, one writer thread and a few reader threads.

mod clients;
#[path = "../contact_keys.rs"]
mod contact_keys;
pub(crate) mod copy;
mod dialect;
mod error;
mod identity;
mod inline;
mod migrations;
mod options;
mod readers;
#[path = "../repositories/mod.rs"]
mod repositories;
#[path = "../search_keys.rs"]
mod search_keys;
mod storage;
#[cfg(test)]
mod tests;
mod transaction;
mod unit;
mod write_health;
mod writer;

pub use migrations::MigrateError;
pub use options::{OpenError, SqliteOptions};
pub use storage::SqliteStorage;
pub use transaction::SqliteTx;

use SqliteTx as Tx;
use inline::Conn;
