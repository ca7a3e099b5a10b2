//! Everything that is in one database, moved into another: from `SQLite` to `PostgreSQL`, back, or like to like.
//!
//! It works on rows, not on what they mean, so that nothing is left out. The source is read in one transaction, in one
//! state of it, and never written; the target is filled in one transaction, compared with the source row by row, and only
//! then committed.

mod error;
mod run;
mod side;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;
use std::path::PathBuf;
use std::thread;

use asteroid_terms::TermsVersion;
use tokio::sync::oneshot;

pub use error::CopyError;
pub(crate) use side::{Refused, Side, Unreadable, page_in_sql, read_row};
pub(crate) use table::{Kind, Table};
pub(crate) use value::{Row, Value, key_of, name_of};

use crate::postgres::PostgresUrl;

/// A database, as it is named by whoever wants it copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file of `SQLite`.
    Sqlite(PathBuf),
    /// A database of `PostgreSQL`.
    Postgres(Box<PostgresUrl>),
}

impl fmt::Display for Database {
    /// As a URL, without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// What is to be copied.
#[derive(Clone, Debug)]
pub struct CopyOrder {
    /// The source. It has this version's layout, and is not written.
    pub from: Database,
    /// The target. It is migrated, and must be empty.
    pub to: Database,
    /// The version of the terms that a fresh store gets by itself: a target that has it, and nothing else but the audit
    /// event that tells of it, counts as empty.
    pub first_terms: TermsVersion,
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    /// What is done to rows just now.
    pub phase: CopyPhase,
    /// So many rows are copied, or compared.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

/// What is done to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPhase {
    /// They are read from the source and put into the target.
    Copying,
    /// They are read from both and compared.
    Comparing,
}

/// What a copy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The names of the migrations that were run on the target.
    pub migrated: Vec<String>,
    /// Of each table, how many rows there were; they are in both databases now.
    pub tables: Vec<(&'static str, u64)>,
}

impl Copied {
    /// How many rows there were.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }
}

/// Copies everything, or nothing. On a thread of its own, which goes on to the end when nobody waits for it any more.
///
/// Numbers that a database gave go along, and the target goes on above the highest that the source ever gave. What is
/// written to the source after the copy began is not copied.
///
/// # Errors
///
/// Whatever it is, the target is empty as before; only the migrations, which come first, stay.
pub async fn copy(
    order: CopyOrder,
    progress: impl FnMut(CopyProgress) + Send + 'static,
) -> Result<Copied, CopyError> {
    let (reply, answer) = oneshot::channel();
    let copy = move || {
        // A caller is free to go away.
        let _ = reply.send(run::copy(&order, progress));
    };
    thread::Builder::new().name("copy".to_owned()).spawn(copy).map_err(CopyError::Thread)?;
    answer.await.map_err(|_| CopyError::Broken)?
}
