//! CSV: a file holds records of one kind, its first row their fields. A row that cannot be read is refused alone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use asteroid_kernel::Region;
use csv::{ErrorKind, Position, ReaderBuilder, StringRecord};

use super::fields::{Fields, Given};
use super::kind::{Kind, unknown};
use super::reading::{Item, Place, Taker, Unreadable};
use super::records;

/// Reads a file of this kind.
pub(crate) fn read(
    input: impl BufRead,
    kind: Kind,
    region: Region,
    taker: &mut dyn Taker,
) -> Result<(), Unreadable> {
    let lines = Lines::default();
    let mut reader = ReaderBuilder::new().from_reader(Watched { input, lines: lines.clone() });
    let names = names(reader.headers().map_err(unreadable)?, kind)?;
    let mut row = StringRecord::new();
    loop {
        let item = match reader.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let mut fields = Fields::default();
                let cells = names.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
                for (name, cell) in cells {
                    fields.add(name.clone(), Given::Cell(cell.to_owned()));
                }
                Item::read(lines.place(row.position()), kind, fields, region)
            }
            Err(error) => match error.kind() {
                ErrorKind::UnequalLengths { pos, expected_len, len } => {
                    let reason = format!("has {len} cells, and must have {expected_len}");
                    Item::wrong(lines.place(pos.as_ref()), Some(kind), "", reason)
                }
                ErrorKind::Utf8 { pos, .. } => {
                    let place = lines.place(pos.as_ref());
                    Item::wrong(place, Some(kind), "", "is not written in UTF-8")
                }
                _ => return Err(unreadable(error)),
            },
        };
        taker.take(item)?;
    }
}

/// Finds the lines that rows begin in. The parser counts the ends of lines that it leaves before a row, the half of a
/// CRLF or empty lines, to the row behind them.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Recent>>);

/// What was read from the beginning of the last row that was asked for, or before it.
#[derive(Default)]
struct Recent {
    offset: u64,
    bytes: VecDeque<u8>,
}

impl Lines {
    /// Where the row begins that the parser says stands here. Rows are asked for in their order.
    fn place(&self, position: Option<&Position>) -> Place {
        let mut recent = self.0.borrow_mut();
        let (line, byte) = position.map_or((1, recent.offset), |position| (position.line(), position.byte()));
        let passed = usize::try_from(byte.saturating_sub(recent.offset)).unwrap_or(usize::MAX);
        let passed = passed.min(recent.bytes.len());
        recent.bytes.drain(..passed);
        recent.offset = byte;
        let ends = recent.bytes.iter().take_while(|byte| b"\r\n".contains(byte));
        let skipped = ends.filter(|byte| **byte == b'\n').count();
        Place { line: line + skipped as u64, column: None }
    }
}

/// Shows what is read to [`Lines`].
struct Watched<R> {
    input: R,
    lines: Lines,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.lines.0.borrow_mut().bytes.extend(&buffer[..read]);
        Ok(read)
    }
}

/// The fields that the columns hold. A wrong one is wrong in every row, and so the file.
fn names(headers: &StringRecord, kind: Kind) -> Result<Vec<String>, Unreadable> {
    let known = records::names(kind);
    let broken = |name: &str, reason: String| {
        let place = Place { line: 1, column: None };
        Unreadable::Broken { place, reason: format!("the column {name:?} {reason}") }
    };
    let mut names: Vec<String> = Vec::new();
    for name in headers.iter().map(str::trim) {
        if !known.contains(&name) {
            return Err(broken(name, unknown(known.iter().copied(), name)));
        }
        if names.iter().any(|other| other == name) {
            return Err(broken(name, "is there twice".to_owned()));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn unreadable(error: csv::Error) -> Unreadable {
    let place = Place { line: error.position().map_or(1, Position::line), column: None };
    match error.into_kind() {
        ErrorKind::Io(error) => Unreadable::Io(error),
        ErrorKind::Utf8 { .. } => Unreadable::Broken { place, reason: "is not written in UTF-8".to_owned() },
        _ => Unreadable::Broken { place, reason: "is no CSV".to_owned() },
    }
}
