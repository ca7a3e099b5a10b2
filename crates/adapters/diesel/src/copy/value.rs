use std::fmt;

use asteroid_kernel::Timestamp;

use super::table::Table;
use crate::sql_types::{At, Id};

/// A value of a column, whatever the backend makes of it. It may be a secret: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Truth(bool),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Id),
    Time(At),
}

/// The values of a table's columns, in their order.
pub(crate) type Row = Vec<Value>;

impl Value {
    /// The moment so many microseconds after 1970, if it can be written in RFC 3339.
    pub(crate) fn time(micros: i64) -> Option<Self> {
        let moment = Timestamp::from_micros(micros);
        (moment.as_micros() == micros).then_some(Self::Time(At(moment)))
    }

    fn shown(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Self::Uuid(id) => id.0.to_string(),
            Self::Time(at) => at.0.to_string(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}

/// What a row is known by, for people: `user_id 25, ip "192.0.2.1"`.
pub(crate) fn name_of(table: &Table, row: &Row) -> String {
    let part = |&place: &usize| format!("{} {}", table.columns[place].name, row[place].shown());
    table.key.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The values of a row's key.
pub(crate) fn key_of<'a>(table: &Table, row: &'a Row) -> Vec<&'a Value> {
    table.key.iter().map(|&place| &row[place]).collect()
}
