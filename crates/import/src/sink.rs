//! What the readers of the file formats produce, and how they end.

use std::io;

use asteroid_application::ImportRecord;
use asteroid_kernel::Region;

use crate::fields::{FieldError, Fields};
use crate::kind::RecordKind;
use crate::records;

/// A position in a file; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FilePosition {
    pub(crate) line: u64,
    /// In bytes, where the format has a useful one.
    pub(crate) column: Option<u64>,
}

/// A record of a file, or its errors.
pub(crate) struct ReadRecord {
    pub(crate) position: FilePosition,
    /// [`None`] if the file does not name a known kind.
    pub(crate) kind: Option<RecordKind>,
    pub(crate) record: Result<ImportRecord, Vec<FieldError>>,
}

impl ReadRecord {
    /// A record of this kind.
    pub(crate) fn read(position: FilePosition, kind: RecordKind, fields: Fields, region: Region) -> Self {
        Self { position, kind: Some(kind), record: records::read(kind, fields, region) }
    }

    /// Something that cannot be read as a record.
    pub(crate) fn wrong(
        position: FilePosition,
        kind: Option<RecordKind>,
        field: &str,
        reason: impl Into<String>,
    ) -> Self {
        let problem = FieldError { field: field.to_owned(), reason: reason.into() };
        Self { position, kind, record: Err(vec![problem]) }
    }
}

/// Receives the records of a file in their order.
pub(crate) trait RecordSink {
    /// Receives a record. An error ends the reading.
    fn take(&mut self, record: ReadRecord) -> Result<(), SinkClosed>;
}

/// The sink accepts no more records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SinkClosed;

/// Why reading ended before the end of the file.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The file does not conform to its format.
    Malformed { position: FilePosition, reason: String },
    /// The file cannot be read.
    Io(io::Error),
    /// The sink accepts no more records.
    SinkClosed,
}

impl From<SinkClosed> for ReadError {
    fn from(SinkClosed: SinkClosed) -> Self {
        Self::SinkClosed
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The position and reason of a JSON error.
pub(crate) fn json_error(error: &serde_json::Error) -> (FilePosition, String) {
    let position = FilePosition { line: error.line() as u64, column: Some(error.column() as u64) };
    // The text of the error repeats the position, and contains a value of the wrong type, which may be a secret.
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let reason = match reason.rsplit_once(", expected ") {
        Some((_, expected)) if error.is_data() => format!("must be {expected}"),
        _ => reason.to_owned(),
    };
    (position, reason)
}
