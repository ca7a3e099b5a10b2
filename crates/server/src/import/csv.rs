//! CSV: a file holds records of one kind, its first row their fields. A row that cannot be read is refused alone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, Read};
use std::rc::Rc;

use asteroid_kernel::Region;
use csv::{ErrorKind, Position, ReaderBuilder, StringRecord};

use super::fields::{Fields, Given};
use super::kind::{Kind, unknown};
use super::quotes::QuoteCheck;
use super::reading::{Item, Place, Taker, Unreadable};
use super::records;

/// Reads a file of this kind.
pub(crate) fn read(
    mut input: impl BufRead,
    kind: Kind,
    region: Region,
    taker: &mut dyn Taker,
) -> Result<(), Unreadable> {
    let Some(header) = Header::read(&mut input, kind)? else { return Ok(()) };
    let watched = Watched::new(&header);
    let (lines, quotes) = (watched.lines.clone(), Rc::clone(&watched.quotes));
    let rest = LineEnds { input, cr_alone: header.cr_alone };
    let text = Cursor::new(header.text).chain(rest);
    let mut reader =
        ReaderBuilder::new().delimiter(header.delimiter).flexible(true).from_reader(watched.reading(text));
    let broken = |quotes: &RefCell<QuoteCheck>| quotes.borrow().error();
    let names = match reader.headers() {
        Ok(headers) => names(headers, kind, header.line)?,
        Err(error) => return Err(unreadable(error, header.line)),
    };
    let mut row = StringRecord::new();
    loop {
        let read = reader.read_record(&mut row);
        let place = match &read {
            Ok(_) => lines.place(row.position()),
            Err(error) => lines.place(error.position()),
        };
        if let Some(error) = broken(&quotes)
            && (place.line >= error.row || !matches!(read, Ok(true)))
        {
            let place = Place { line: error.line, column: None };
            return Err(Unreadable::Broken { place, reason: error.kind.to_string() });
        }
        let item = match read {
            Ok(false) => return Ok(()),
            Ok(true) if row.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(true) => match fields(&names, &row) {
                Ok(fields) => Item::read(place, kind, fields, region),
                Err(reason) => Item::wrong(place, Some(kind), "", reason),
            },
            Err(error) => match error.kind() {
                ErrorKind::Utf8 { .. } => Item::wrong(place, Some(kind), "", "is not written in UTF-8"),
                _ => return Err(unreadable(error, header.line)),
            },
        };
        taker.take(item)?;
    }
}

/// The cells of a row, by the names of their columns.
fn fields(names: &[Option<String>], row: &StringRecord) -> Result<Fields, String> {
    let wanted = names.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    if row.len() < wanted {
        return Err(format!("has {} cells, and must have {wanted}", row.len()));
    }
    let mut fields = Fields::default();
    for (place, cell) in row.iter().enumerate() {
        match names.get(place).and_then(Option::as_ref) {
            Some(name) if !cell.is_empty() => fields.add(name.clone(), Given::Cell(cell.to_owned())),
            None if !cell.trim().is_empty() => {
                return Err(format!("has a value in column {}, which has no name", place + 1));
            }
            Some(_) | None => {}
        }
    }
    Ok(fields)
}

/// The first row, and what it shows of the file.
struct Header {
    text: Vec<u8>,
    /// The line that it is in.
    line: u64,
    delimiter: u8,
    /// Whether lines end with CR alone, as old programs write them.
    cr_alone: bool,
}

impl Header {
    /// What parts columns.
    const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

    /// No row of names is longer.
    const MAX_BYTES: u64 = 1 << 20;

    /// Reads it. [`None`] if there is nothing but empty lines.
    fn read(input: &mut impl BufRead, kind: Kind) -> io::Result<Option<Self>> {
        let (mut text, mut said, mut line) = (Vec::new(), None, 1);
        loop {
            text.clear();
            let cr_alone = read_line(input, &mut text, Self::MAX_BYTES)?;
            if text.is_empty() {
                return Ok(None);
            }
            // Excel writes, and reads, what parts the columns in a line of its own.
            let is_said = if said.is_none() { delimiter_line(&text) } else { None };
            if is_said.is_some() {
                said = is_said;
            } else if !text.trim_ascii().is_empty() {
                let delimiter = said.unwrap_or_else(|| Self::delimiter(&text, kind));
                return Ok(Some(Self { text, line, delimiter, cr_alone }));
            }
            line += 1;
        }
    }

    /// The delimiter that parts this row into the most known names, or if it has none of them, into the most cells.
    fn delimiter(text: &[u8], kind: Kind) -> u8 {
        let (text, known) = (String::from_utf8_lossy(text), records::names(kind));
        let cells = |delimiter: u8| {
            let cells = text.split(char::from(delimiter));
            cells.map(|cell| cell.trim().trim_matches('"').trim().to_owned()).collect::<Vec<_>>()
        };
        let rank = |delimiter: u8| {
            let cells = cells(delimiter);
            (cells.iter().filter(|cell| known.contains(&cell.as_str())).count(), cells.len())
        };
        // Of equals, `max_by_key` gives the last.
        Self::DELIMITERS.into_iter().rev().max_by_key(|delimiter| rank(*delimiter)).unwrap_or(b',')
    }
}

/// Reads a line, and gives it an end of one kind. True if it ended with CR alone.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, at_most: u64) -> io::Result<bool> {
    let mut cr = false;
    let mut taken = 0;
    while taken < at_most {
        let buffer = input.fill_buf()?;
        let Some(byte) = buffer.first().copied() else { break };
        if cr && byte != b'\n' {
            line.push(b'\n');
            return Ok(true);
        }
        input.consume(1);
        taken += 1;
        match byte {
            b'\n' => {
                line.push(byte);
                return Ok(false);
            }
            b'\r' => cr = true,
            _ => line.push(byte),
        }
    }
    if cr {
        line.push(b'\n');
    }
    Ok(cr)
}

/// The delimiter of a line such as `sep=;`.
fn delimiter_line(line: &[u8]) -> Option<u8> {
    let text = str::from_utf8(line).ok()?.trim_matches(['\r', '\n', '"', ' ']);
    let (name, value) = text.split_once('=')?;
    match value.as_bytes() {
        [delimiter] if name.eq_ignore_ascii_case("sep") => Some(*delimiter),
        _ => None,
    }
}

/// Ends lines with LF that end with CR alone.
struct LineEnds<R> {
    input: R,
    cr_alone: bool,
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        if self.cr_alone {
            for byte in buffer[..read].iter_mut().filter(|byte| **byte == b'\r') {
                *byte = b'\n';
            }
        }
        Ok(read)
    }
}

/// Finds the lines that rows begin in. The parser counts the ends of lines that it leaves before a row, the half of a
/// CRLF or empty lines, to the row behind them.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Recent>>);

/// What was read from the beginning of the last row that was asked for, or before it.
#[derive(Default)]
struct Recent {
    /// The lines in front of the first row.
    lines_before: u64,
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
        Place { line: recent.lines_before + line + skipped as u64, column: None }
    }
}

/// Shows what is read to [`Lines`] and to [`QuoteCheck`].
struct Watched<R> {
    input: R,
    lines: Lines,
    quotes: Rc<RefCell<QuoteCheck>>,
}

impl Watched<()> {
    fn new(header: &Header) -> Self {
        let recent = Recent { lines_before: header.line - 1, ..Recent::default() };
        let lines = Lines(Rc::new(RefCell::new(recent)));
        let quotes = QuoteCheck::new(header.delimiter, header.line);
        Self { input: (), lines, quotes: Rc::new(RefCell::new(quotes)) }
    }

    fn reading<R: Read>(self, input: R) -> Watched<R> {
        Watched { input, lines: self.lines, quotes: self.quotes }
    }
}

impl<R: Read> Read for Watched<R> {
    /// Nothing is read behind a quote that is out of order: it may reach to the end of the file.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut quotes = self.quotes.borrow_mut();
        if quotes.error().is_some() {
            return Ok(0);
        }
        let read = self.input.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            quotes.end();
        }
        quotes.read(&buffer[..read]);
        self.lines.0.borrow_mut().bytes.extend(&buffer[..read]);
        Ok(read)
    }
}

/// The fields that the columns hold; [`None`] for a column without a name, as spreadsheets leave them at the right. A
/// wrong name is wrong in every row, and so the file.
fn names(headers: &StringRecord, kind: Kind, line: u64) -> Result<Vec<Option<String>>, Unreadable> {
    let known = records::names(kind);
    let broken = |name: &str, reason: String| {
        let place = Place { line, column: None };
        Unreadable::Broken { place, reason: format!("the column {name:?} {reason}") }
    };
    let mut names: Vec<Option<String>> = Vec::new();
    for name in headers.iter().map(str::trim) {
        if name.is_empty() {
            names.push(None);
            continue;
        }
        if !known.contains(&name) {
            return Err(broken(name, unknown(known.iter().copied(), name)));
        }
        if names.iter().flatten().any(|other| other == name) {
            return Err(broken(name, "is there twice".to_owned()));
        }
        names.push(Some(name.to_owned()));
    }
    Ok(names)
}

fn unreadable(error: csv::Error, line: u64) -> Unreadable {
    let place = Place { line: error.position().map_or(line, Position::line), column: None };
    match error.into_kind() {
        ErrorKind::Io(error) => Unreadable::Io(error),
        ErrorKind::Utf8 { .. } => Unreadable::Broken { place, reason: "is not written in UTF-8".to_owned() },
        _ => Unreadable::Broken { place, reason: "is no CSV".to_owned() },
    }
}
