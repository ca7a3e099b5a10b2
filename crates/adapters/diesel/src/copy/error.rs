use std::io;

use asteroid_kernel::BoxError;

/// Why nothing was copied. Databases are named without their passwords, rows by their keys; what they hold is not told.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Source and target are one.
    #[error("{database} is both what is to be copied and where to")]
    SameDatabase {
        /// The database.
        database: String,
    },
    /// There is no such file.
    #[error("there is nothing to be copied: {database} is not there")]
    NotThere {
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
    /// The source is older than this version.
    #[error("{database} lacks migrations ({}): run `asteroid migrate` on it first", lacking.join(", "))]
    Lacking {
        /// The source.
        database: String,
        /// The names of the migrations.
        lacking: Vec<String>,
    },
    /// A database is younger than this version, which does not know all that is in it.
    #[error("{database} has migrations that this version does not know ({}): use the version that made them", unknown.join(", "))]
    Unknown {
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
    /// There is something in the target.
    #[error("{database} is not empty: it has {}", content(tables))]
    NotEmpty {
        /// The target.
        database: String,
        /// The tables that are not empty, and how many rows they have.
        tables: Vec<(&'static str, u64)>,
    },
    /// A row of one of the databases cannot be read.
    #[error("{table} of {database} cannot be read{}", place(row.as_deref(), *column))]
    Unreadable {
        /// The database.
        database: String,
        /// The table.
        table: &'static str,
        /// What the row is known by, if that is known.
        row: Option<String>,
        /// The column, if it is one's fault.
        column: Option<&'static str>,
        /// Why.
        source: BoxError,
    },
    /// The target does not take a row.
    #[error("{database} does not take a row of {table}{}", place(Some(row), *column))]
    Refused {
        /// The target.
        database: String,
        /// The table.
        table: &'static str,
        /// What the row is known by.
        row: String,
        /// The column, if it is one's fault.
        column: Option<&'static str>,
        /// Why.
        source: BoxError,
    },
    /// What was put into the target reads back otherwise, or others wrote to it meanwhile.
    #[error("{table} is not the same in {database} as it was put there{}", place(Some(row), *column))]
    Different {
        /// The target.
        database: String,
        /// The table.
        table: &'static str,
        /// What the first row that differs is known by.
        row: String,
        /// The column; if none, the row is missing or nobody put it there.
        column: Option<&'static str>,
    },
    /// The target has another number of rows, or others wrote to it meanwhile.
    #[error("{table} has {found} rows in {database}, and not {expected}")]
    Miscounted {
        /// The target.
        database: String,
        /// The table.
        table: &'static str,
        /// So many rows were put there.
        expected: u64,
        /// So many are there.
        found: u64,
    },
    /// A database did not do what it was asked.
    #[error("{database} failed")]
    Failed {
        /// The database.
        database: String,
        /// Why.
        source: BoxError,
    },
    /// The target did not say that it keeps what was copied. If the connection was lost just then, it may have.
    #[error("{database} did not confirm that it keeps what was copied: look before you use it")]
    Commit {
        /// The target.
        database: String,
        /// Why.
        source: BoxError,
    },
    /// No thread can be started.
    #[error("no thread can be started for the copy")]
    Thread(#[source] io::Error),
    /// The copy's thread panicked.
    #[error("the copy broke")]
    Broken,
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
