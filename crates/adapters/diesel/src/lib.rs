#![doc = include_str!("../README.md")]
#![expect(
    clippy::duplicate_mod,
    reason = "the repositories and a migration are compiled once for each backend"
)]

mod access;
pub mod copy;
mod locks;
pub mod metrics;
mod migrations;
pub mod postgres;
mod rows;
mod schema;
mod sql_types;
pub mod sqlite;

pub use postgres::{PostgresOptions, PostgresStorage, PostgresTx, PostgresUrl};
pub use sqlite::{SqliteOptions, SqliteStorage, SqliteTx};
