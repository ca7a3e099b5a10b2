//! Copies a whole database into another, in any combination of `SQLite` and `PostgreSQL`.
//!
//! The copy works on rows and does not interpret them, so no table and no column is left out. The source is read in one
//! transaction, as one snapshot, and never written. The target is filled in one transaction, compared with the source
//! row by row, and then committed.

mod error;
mod run;
mod table;
#[cfg(test)]
mod tests;
mod transaction;
mod value;

use std::fmt;
use std::path::PathBuf;
use std::thread;

use asteroid_terms::TermsVersion;
use tokio::sync::oneshot;

pub use error::CopyError;
pub(crate) use table::{ColumnKind, CopyTable, tables};
pub(crate) use transaction::{CopyTransaction, RejectedRow, UnreadableRow, page_in_sql, read_row};
pub(crate) use value::{CopyRow, CopyValue, key_of, name_of};

use crate::postgres::PostgresUrl;

/// The source or the target of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An `SQLite` file.
    Sqlite(PathBuf),
    /// A `PostgreSQL` database.
    Postgres(Box<PostgresUrl>),
}

impl fmt::Display for Database {
    /// Formats the database as a URL, without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// The arguments of a copy.
#[derive(Clone, Debug)]
pub struct CopyOrder {
    /// The source. It must have exactly the migrations of this version, and is not written.
    pub from: Database,
    /// The target. It is migrated first, and must be empty.
    pub to: Database,
    /// The version of the terms that a fresh store publishes automatically. A target with only this version and its
    /// audit event counts as empty.
    pub first_terms: TermsVersion,
}

/// The progress of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    /// The current phase.
    pub phase: CopyPhase,
    /// The number of rows that are copied or compared.
    pub done: u64,
    /// The number of all rows.
    pub total: u64,
}

/// The phase of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPhase {
    /// Rows are read from the source and inserted into the target.
    Copying,
    /// Rows are read from both databases and compared.
    Comparing,
}

/// The result of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The names of the migrations that were run on the target.
    pub migrated: Vec<String>,
    /// The tables and their numbers of rows.
    pub tables: Vec<(&'static str, u64)>,
}

impl Copied {
    /// The number of rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }
}

/// Copies all rows, or none, on a thread of its own that continues even if the caller is cancelled.
///
/// Generated ids are copied, and the sequences of the target continue above the highest id that the source ever
/// generated. Rows that are written to the source after the start are not copied.
///
/// # Errors
///
/// On any error the target stays empty. Only the migrations, which run first, are kept.
pub async fn copy(
    order: CopyOrder,
    progress: impl FnMut(CopyProgress) + Send + 'static,
) -> Result<Copied, CopyError> {
    let (reply, answer) = oneshot::channel();
    let copy = move || {
        // The caller may have been cancelled.
        let _ = reply.send(run::copy(&order, progress));
    };
    thread::Builder::new().name("copy".to_owned()).spawn(copy).map_err(CopyError::Thread)?;
    answer.await.map_err(|_| CopyError::Panicked)?
}
