//! `PostgreSQL`, and what speaks its language: a pool of connections, and any number of servers beside each other.

mod clients;
mod connect;
#[path = "../contact_keys.rs"]
mod contact_keys;
pub(crate) mod copy;
mod dialect;
mod error;
mod migrations;
mod options;
#[path = "../repositories/mod.rs"]
mod repositories;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod transaction;

pub use connect::ConnectError;
pub use migrations::MigrateError;
pub use options::{InvalidPostgresUrl, PostgresOptions, PostgresUrl, TlsMode};
pub use storage::PostgresStorage;
pub use transaction::PostgresTx;

use PostgresTx as Tx;

/// `PostgreSQL`'s connection, as the repositories want it.
type Conn = diesel_async::AsyncPgConnection;
