#![doc = include_str!("../README.md")]

mod rows;
mod schema;
mod sql_types;
pub mod sqlite;

pub use sqlite::{SqliteOptions, SqliteStorage, SqliteTx};
