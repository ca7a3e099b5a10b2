//! The values of rows during a copy, independent of the backend.

use std::fmt;

use asteroid_kernel::Timestamp;

use super::table::CopyTable;
use crate::sql_types::{At, Id};

/// A value of a column. It may be a secret, so [`Debug`](fmt::Debug) does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum CopyValue {
    Null,
    Number(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Id),
    Time(At),
}

/// The values of a table's columns, in their order.
pub(crate) type CopyRow = Vec<CopyValue>;

impl CopyValue {
    /// A time in microseconds since 1970; [`None`] if RFC 3339 cannot express it.
    pub(crate) fn time(micros: i64) -> Option<Self> {
        let moment = Timestamp::from_micros(micros);
        (moment.as_micros() == micros).then_some(Self::Time(At(moment)))
    }

    /// The value for people; bytes only by their number.
    fn display(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Self::Uuid(id) => id.0.to_string(),
            Self::Time(at) => at.0.to_string(),
        }
    }
}

impl fmt::Debug for CopyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopyValue(..)")
    }
}

/// The key of a row for people: `user_id 25, ip "192.0.2.1"`.
pub(crate) fn name_of(table: &CopyTable, row: &CopyRow) -> String {
    let part = |&place: &usize| format!("{} {}", table.columns[place].name, row[place].display());
    table.key.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The values of the primary key of a row.
pub(crate) fn key_of<'a>(table: &CopyTable, row: &'a CopyRow) -> Vec<&'a CopyValue> {
    table.key.iter().map(|&place| &row[place]).collect()
}
