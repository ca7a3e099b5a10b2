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
mod clients;
mod limits;
pub(super) mod outbox;
mod practices;
mod registrations;
mod sessions;
mod statements;
mod terms;
mod users;

use asteroid_kernel::Upsert;

use super::{Conn, Tx};

/// The backend that the connection is to.
type Db = <Conn as diesel_async::AsyncConnectionCore>::Backend;

/// A number of rows, for a `LIMIT` or an `OFFSET`.
fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What it means to put a row in the place of the one before.
fn upsert<Row: PartialEq>(before: Option<&Row>, row: &Row) -> Upsert {
    match before {
        None => Upsert::Created,
        Some(before) if before == row => Upsert::Unchanged,
        Some(_) => Upsert::Updated,
    }
}
