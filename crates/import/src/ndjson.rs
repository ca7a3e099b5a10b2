//! NDJSON: one record per line, with its kind in `type`. An invalid line is refused alone.

use std::io::BufRead;

use asteroid_kernel::Region;

use crate::fields::{FieldValue, Fields};
use crate::kind::{RecordKind, unknown};
use crate::sink::{FilePosition, ReadError, ReadRecord, RecordSink, json_error};
use crate::values::text;

/// Reads a file.
pub(crate) fn read(
    mut input: impl BufRead,
    region: Region,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if input.read_until(b'\n', &mut text)? == 0 {
            break;
        }
        let record = text.trim_ascii_end();
        if !record.is_empty() {
            sink.take(item(record, line, region))?;
        }
    }
    Ok(())
}

fn item(text: &[u8], line: u64, region: Region) -> ReadRecord {
    let position = FilePosition { line, column: None };
    match Fields::of_json(text) {
        Err(error) => {
            let (at, reason) = json_error(&error);
            ReadRecord::wrong(FilePosition { line, column: at.column }, None, "", reason)
        }
        Ok(mut fields) => match fields.need("type", kind) {
            Some(kind) => ReadRecord::read(position, kind, fields, region),
            None => ReadRecord { position, kind: None, record: Err(fields.errors()) },
        },
    }
}

fn kind(given: FieldValue) -> Result<RecordKind, String> {
    let name = text(given)?;
    let names = RecordKind::ALL.iter().map(|kind| kind.as_str());
    RecordKind::parse(&name).ok_or_else(|| format!("{name:?} {}", unknown(names, &name)))
}
