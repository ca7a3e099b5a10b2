//! The store in `PostgreSQL` and compatible databases, with a connection pool. Any number of servers share a database.

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
#[path = "../search_keys.rs"]
mod search_keys;
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

/// The connection type of the repositories.
type Conn = diesel_async::AsyncPgConnection;
