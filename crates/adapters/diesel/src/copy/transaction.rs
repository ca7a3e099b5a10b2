//! What a backend implements for a copy.

use asteroid_kernel::BoxError;

use super::table::{CopyColumn, CopyTable};
use super::value::{CopyRow, CopyValue, name_of};
use crate::migrations::MigrationState;

/// The number of rows that are read, written and compared at a time.
pub(crate) const PAGE: usize = 500;

/// A row that cannot be read.
pub(crate) struct UnreadableRow {
    /// The key of the row, as far as it is readable.
    pub(crate) row: Option<String>,
    /// The column, if a single one is the cause.
    pub(crate) column: Option<&'static str>,
    pub(crate) source: BoxError,
}

impl<E: Into<BoxError>> From<E> for UnreadableRow {
    fn from(error: E) -> Self {
        Self { row: None, column: None, source: error.into() }
    }
}

/// A row that the target rejected.
pub(crate) struct RejectedRow {
    /// The index of the row among those inserted.
    pub(crate) place: usize,
    /// The column, if a single one is the cause.
    pub(crate) column: Option<&'static str>,
    pub(crate) source: BoxError,
}

/// A transaction on one of the two databases. It is rolled back when dropped. A source sees one snapshot for the whole
/// transaction.
pub(crate) trait CopyTransaction {
    /// The migrations of the database.
    fn migrations(&mut self) -> Result<MigrationState, BoxError>;

    /// The number of rows of a table.
    fn count(&mut self, table: &CopyTable) -> Result<u64, BoxError>;

    /// The next [`PAGE`] rows in key order.
    fn page(&mut self, table: &CopyTable, after: Option<&CopyRow>) -> Result<Vec<CopyRow>, UnreadableRow>;

    /// The highest id that the database ever generated for the table, as far as it knows; 0 if there is none.
    fn last_number(&mut self, table: &CopyTable) -> Result<i64, BoxError>;

    /// Inserts rows.
    fn insert(&mut self, table: &CopyTable, rows: &[CopyRow]) -> Result<(), RejectedRow>;

    /// Removes the terms and the audit events, although triggers protect the terms.
    fn remove_terms_and_audit(&mut self) -> Result<(), BoxError>;

    /// Makes the table generate ids above this one.
    fn number_above(&mut self, table: &CopyTable, last: i64) -> Result<(), BoxError>;

    /// Commits the transaction.
    fn commit(&mut self) -> Result<(), BoxError>;
}

/// Reads a row: `read` returns the value of the column at an index. The error names the first unreadable column.
pub(crate) fn read_row(
    table: &CopyTable,
    mut read: impl FnMut(usize, &CopyColumn) -> Result<CopyValue, BoxError>,
) -> Result<CopyRow, UnreadableRow> {
    let (mut row, mut first_error) = (Vec::with_capacity(table.columns.len()), None);
    for (place, column) in table.columns.iter().enumerate() {
        row.push(read(place, column).unwrap_or_else(|error| {
            first_error.get_or_insert((column.name, error));
            CopyValue::Null
        }));
    }
    match first_error {
        None => Ok(row),
        Some((column, source)) => {
            Err(UnreadableRow { row: Some(name_of(table, &row)), column: Some(column), source })
        }
    }
}

/// The parts of a `SELECT` for a page of rows, before and after the values of the key.
pub(crate) fn page_in_sql(table: &CopyTable, first: bool) -> (String, String) {
    let key = table.key_in_sql();
    let begin = format!("SELECT {} FROM \"{}\"", table.columns_in_sql(), table.name);
    let end = format!(" ORDER BY {key} LIMIT {PAGE}");
    if first { (begin, end) } else { (format!("{begin} WHERE ({key}) > ("), format!("){end}")) }
}
