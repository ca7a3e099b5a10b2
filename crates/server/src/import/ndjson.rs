//! NDJSON: a record a line, which says in `type` what it is. A line that cannot be read is refused alone.

use std::io::BufRead;

use asteroid_kernel::Region;

use super::fields::{Fields, Given};
use super::kind::{Kind, unknown};
use super::reading::{Item, Place, Taker, Unreadable, json_error};
use super::values::text;

/// Reads a file.
pub(crate) fn read(mut input: impl BufRead, region: Region, taker: &mut dyn Taker) -> Result<(), Unreadable> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if input.read_until(b'\n', &mut text)? == 0 {
            break;
        }
        let record = text.trim_ascii_end();
        if !record.is_empty() {
            taker.take(item(record, line, region))?;
        }
    }
    Ok(())
}

fn item(text: &[u8], line: u64, region: Region) -> Item {
    let place = Place { line, column: None };
    match Fields::of_json(text) {
        Err(error) => {
            let (at, reason) = json_error(&error);
            Item::wrong(Place { line, column: at.column }, None, "", reason)
        }
        Ok(mut fields) => match fields.need("type", kind) {
            Some(kind) => Item::read(place, kind, fields, region),
            None => Item { place, kind: None, record: Err(fields.problems()) },
        },
    }
}

fn kind(given: Given) -> Result<Kind, String> {
    let name = text(given)?;
    let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
    known.ok_or_else(|| format!("{name:?} {}", unknown(Kind::ALL.map(Kind::as_str), &name)))
}
