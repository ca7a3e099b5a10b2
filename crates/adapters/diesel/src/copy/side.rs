//! What a backend does for a copy.

use asteroid_kernel::BoxError;

use super::table::{Column, Table};
use super::value::{Row, Value, name_of};
use crate::migrations::Migrations;

/// So many rows are read, written and compared at once.
pub(crate) const PAGE: usize = 500;

/// A row that cannot be read.
pub(crate) struct Unreadable {
    /// What it is known by, as far as that can be read.
    pub(crate) row: Option<String>,
    /// The column, if it is one's fault.
    pub(crate) column: Option<&'static str>,
    pub(crate) source: BoxError,
}

impl<E: Into<BoxError>> From<E> for Unreadable {
    fn from(error: E) -> Self {
        Self { row: None, column: None, source: error.into() }
    }
}

/// A row that was not taken.
pub(crate) struct Refused {
    /// Its place among those that were given.
    pub(crate) place: usize,
    /// The column, if it is one's fault.
    pub(crate) column: Option<&'static str>,
    pub(crate) source: BoxError,
}

/// A database within one transaction, which is rolled back when this is dropped. From its first statement to its last, a
/// source sees one state.
pub(crate) trait Side {
    fn migrations(&mut self) -> Result<Migrations, BoxError>;

    fn count(&mut self, table: &Table) -> Result<u64, BoxError>;

    /// The next [`PAGE`] rows in the order of their keys.
    fn page(&mut self, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, Unreadable>;

    /// The highest number that the table's rows were ever given, as far as the database knows; 0 if none was.
    fn last_number(&mut self, table: &Table) -> Result<i64, BoxError>;

    /// Adds rows.
    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), Refused>;

    /// Removes the terms and the audit events, though terms are never to be removed.
    fn remove_terms_and_audit(&mut self) -> Result<(), BoxError>;

    /// Has the table's next row numbered above this.
    fn number_above(&mut self, table: &Table, last: i64) -> Result<(), BoxError>;

    fn commit(&mut self) -> Result<(), BoxError>;
}

/// Reads a row by its columns: `read` gives the value of the one at a place. Of those that cannot be read, the first is
/// told.
pub(crate) fn read_row(
    table: &Table,
    mut read: impl FnMut(usize, &Column) -> Result<Value, BoxError>,
) -> Result<Row, Unreadable> {
    let (mut row, mut wrong) = (Vec::with_capacity(table.columns.len()), None);
    for (place, column) in table.columns.iter().enumerate() {
        row.push(read(place, column).unwrap_or_else(|error| {
            wrong.get_or_insert((column.name, error));
            Value::Null
        }));
    }
    match wrong {
        None => Ok(row),
        Some((column, source)) => {
            Err(Unreadable { row: Some(name_of(table, &row)), column: Some(column), source })
        }
    }
}

/// The beginning of a statement for a page of rows, up to the key's values, and its end.
pub(crate) fn page_in_sql(table: &Table, first: bool) -> (String, String) {
    let key = table.key_in_sql();
    let begin = format!("SELECT {} FROM \"{}\"", table.columns_in_sql(), table.name);
    let end = format!(" ORDER BY {key} LIMIT {PAGE}");
    if first { (begin, end) } else { (format!("{begin} WHERE ({key}) > ("), format!("){end}")) }
}
