//! Why a copy failed.

use std::io;

use asteroid_kernel::BoxError;

/// Why a copy failed. Messages name databases without passwords and rows by their keys; they contain no other values.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Source and target are the same database.
    #[error("{database} is both what is to be copied and where to")]
    SameDatabase {
        /// The database.
        database: String,
    },
    /// The source file does not exist.
    #[error("there is nothing to be copied: {database} is not there")]
    SourceMissing {
        /// The source.
        database: String,
    },
    /// A database cannot be opened.
    #[error("{database} cannot be opened")]
    Open {
        /// The database.
        database: String,
        /// Why.
        source: BoxError,
    },
    /// The source has pending migrations.
    #[error("{database} lacks migrations ({}): run `asteroid migrate` on it first", pending.join(", "))]
    PendingMigrations {
        /// The source.
        database: String,
        /// The names of the migrations.
        pending: Vec<String>,
    },
    /// A database has migrations of a later version.
    #[error("{database} has migrations that this version does not know ({}): use the version that made them", unknown.join(", "))]
    UnknownMigrations {
        /// The database.
        database: String,
        /// The versions of the migrations.
        unknown: Vec<String>,
    },
    /// The target could not be migrated.
    #[error("{database} could not be made ready")]
    Migrate {
        /// The target.
        database: String,
        /// Why.
        source: BoxError,
    },
    /// The target is not empty.
    #[error("{database} is not empty: it has {}", content(tables))]
    NotEmpty {
        /// The target.
        database: String,
        /// The tables with rows, and their numbers of rows.
        tables: Vec<(&'static str, u64)>,
    },
    /// A row of one of the databases cannot be read.
    #[error("{table} of {database} cannot be read{}", place(row.as_deref(), *column))]
    UnreadableRow {
        /// The database.
        database: String,
        /// The table.
        table: &'static str,
        /// The key of the row, if it is readable.
        row: Option<String>,
        /// The column, if a single one is the cause.
        column: Option<&'static str>,
        /// Why.
        source: BoxError,
    },
    /// The target rejected a row.
    #[error("{database} rejected a row of {table}{}", place(Some(row), *column))]
    RejectedRow {
        /// The target.
        database: String,
        /// The table.
        table: &'static str,
        /// The key of the row.
        row: String,
        /// The column, if a single one is the cause.
        column: Option<&'static str>,
        /// Why.
        source: BoxError,
    },
    /// A row of the target differs from the source, or another process wrote to the target during the copy.
    #[error("{table} of {database} differs from the source{}", place(Some(row), *column))]
    RowMismatch {
        /// The target.
        database: String,
        /// The table.
        table: &'static str,
        /// The key of the first row that differs.
        row: String,
        /// The column. [`None`] if only one of the databases has the row.
        column: Option<&'static str>,
    },
    /// The target has a different number of rows, or another process wrote to it during the copy.
    #[error("{table} of {database} has {found} rows instead of {expected}")]
    CountMismatch {
        /// The target.
        database: String,
        /// The table.
        table: &'static str,
        /// The number of rows of the source.
        expected: u64,
        /// The number of rows of the target.
        found: u64,
    },
    /// A statement failed.
    #[error("{database} failed")]
    Failed {
        /// The database.
        database: String,
        /// Why.
        source: BoxError,
    },
    /// The commit failed. If the connection was lost during it, the target may have committed.
    #[error("{database} did not confirm the commit: check its contents before you use it")]
    Commit {
        /// The target.
        database: String,
        /// Why.
        source: BoxError,
    },
    /// The thread of the copy could not be started.
    #[error("the thread of the copy could not be started")]
    Thread(#[source] io::Error),
    /// The thread of the copy panicked.
    #[error("the copy panicked")]
    Panicked,
}

fn content(tables: &[(&'static str, u64)]) -> String {
    let table = |(name, rows): &(&str, u64)| match rows {
        1 => format!("1 row in {name}"),
        rows => format!("{rows} rows in {name}"),
    };
    tables.iter().map(table).collect::<Vec<_>>().join(", ")
}

fn place(row: Option<&str>, column: Option<&str>) -> String {
    let row = row.map(|row| format!(" (the row of {row})")).unwrap_or_default();
    let column = column.map(|column| format!(", column {column}")).unwrap_or_default();
    format!("{row}{column}")
}
