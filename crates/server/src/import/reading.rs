//! What readers of files give, and how they end.

use std::io;

use asteroid_application::ImportRecord;
use asteroid_kernel::Region;

use super::fields::{Fields, Problem};
use super::kind::Kind;
use super::records;

/// Where something begins in a file; both count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    /// Where that is of use: in bytes.
    pub(crate) column: Option<u64>,
}

/// A record of a file, or what is wrong with it.
pub(crate) struct Item {
    pub(crate) place: Place,
    /// None if the file does not say what it is, or nothing that there is.
    pub(crate) kind: Option<Kind>,
    pub(crate) record: Result<ImportRecord, Vec<Problem>>,
}

impl Item {
    /// A record of this kind.
    pub(crate) fn read(place: Place, kind: Kind, fields: Fields, region: Region) -> Self {
        Self { place, kind: Some(kind), record: records::read(kind, fields, region) }
    }

    /// Something that is no record.
    pub(crate) fn wrong(place: Place, kind: Option<Kind>, field: &str, reason: impl Into<String>) -> Self {
        let problem = Problem { field: field.to_owned(), reason: reason.into() };
        Self { place, kind, record: Err(vec![problem]) }
    }
}

/// Takes the items of a file in their order. Ends the reading with an error.
pub(crate) trait Taker {
    fn take(&mut self, item: Item) -> Result<(), Stopped>;
}

/// Whoever takes the items wants no more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// Why a file was not read to its end.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is not written in its format.
    Broken { place: Place, reason: String },
    /// It cannot be read.
    Io(io::Error),
    /// Whoever takes its items wants no more of them.
    Stopped,
}

impl From<Stopped> for Unreadable {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What is wrong with a text that is no JSON, and where in it.
pub(crate) fn json_error(error: &serde_json::Error) -> (Place, String) {
    let place = Place { line: error.line() as u64, column: Some(error.column() as u64) };
    // The error says its place in its text, too; and of a value of the wrong type, the value, which may be a secret.
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let reason = match reason.rsplit_once(", expected ") {
        Some((_, expected)) if error.is_data() => format!("must be {expected}"),
        _ => reason.to_owned(),
    };
    (place, reason)
}
