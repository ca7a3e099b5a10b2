//! The repositories, written once. Each backend includes this module (`#[path]`) and defines the transaction [`Tx`] and
//! its connection [`Conn`].
//!
//! In both backends:
//!
//! - The write detects a conflict (`ON CONFLICT DO NOTHING`, then the number of affected rows). Consumption is one
//!   conditional statement.
//! - After a statement fails, no further one runs (see [`Tx::conn`]).

mod admin_keys;
mod audit;
mod challenges;
mod clients;
mod event_counts;
mod known_keys;
mod limits;
pub(super) mod outbox;
mod practices;
mod registrations;
mod sessions;
mod statements;
mod terms;
mod tombstones;
mod users;

use asteroid_kernel::Upsert;

use super::{Conn, Tx};

/// The backend of the connection.
type Db = <Conn as diesel_async::AsyncConnectionCore>::Backend;

/// A number of rows for `LIMIT` or `OFFSET`.
fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether a column starts with a prefix: a range in byte order, which is exact and has no wildcards.
macro_rules! starts_with {
    ($column:path, $prefix:expr) => {
        $column.ge($prefix).and($column.lt(end_of_prefix($prefix)))
    };
}

use starts_with;

/// The smallest text after all texts with this prefix.
fn end_of_prefix(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return end;
        }
    }
    // Only the highest character is left; a text that repeats it sorts after every other.
    char::MAX.to_string().repeat(prefix.chars().count() + 1)
}

/// The outcome of replacing a row.
fn upsert<Row: PartialEq>(before: Option<&Row>, row: &Row) -> Upsert {
    match before {
        None => Upsert::Created,
        Some(before) if before == row => Upsert::Unchanged,
        Some(_) => Upsert::Updated,
    }
}
