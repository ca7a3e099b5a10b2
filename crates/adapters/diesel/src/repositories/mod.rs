//! The repositories, written once. Each backend includes this module as its own (`#[path]`), and gives it
//! what differs: the transaction [`Tx`] and its connection [`Conn`].
//!
//! What holds in every backend:
//!
//! - A conflict is found by the write (`ON CONFLICT DO NOTHING`, then the count of rows); consumption is one
//!   conditional statement.
//! - No statement is run after one that failed (see [`Tx::conn`]).

mod audit;
mod challenges;
mod limits;
mod outbox;
mod registrations;
mod sessions;
mod statements;
mod users;

use super::{Conn, Tx};

/// A number of rows, for a `LIMIT` or an `OFFSET`.
fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
