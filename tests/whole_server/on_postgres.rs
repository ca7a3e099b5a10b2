//! The same tests on `PostgreSQL`.

#[path = "main.rs"]
mod whole_server;

// So that `crate::harness` and `crate::routes` name the same in both targets.
use whole_server::{harness, routes};
