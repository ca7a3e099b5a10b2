//! CSV: all records of a file have one kind, and the header row names their fields. An invalid row is refused alone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, Read};
use std::rc::Rc;

use asteroid_kernel::Region;
use csv::{ErrorKind, Position, ReaderBuilder, StringRecord};

use crate::csv_quotes::QuoteCheck;
use crate::fields::{FieldValue, Fields};
use crate::kind::{RecordKind, unknown};
use crate::records;
use crate::sink::{FilePosition, ReadError, ReadRecord, RecordSink};

/// Reads a file of this kind.
pub(crate) fn read(
    mut input: impl BufRead,
    kind: RecordKind,
    region: Region,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    let Some(header) = Header::read(&mut input, kind)? else { return Ok(()) };
    let tracked = TrackedReader::new(&header);
    let (lines, quotes) = (tracked.lines.clone(), Rc::clone(&tracked.quotes));
    let rest = LineEnds { input, cr_alone: header.cr_alone };
    let text = Cursor::new(header.text).chain(rest);
    let mut reader =
        ReaderBuilder::new().delimiter(header.delimiter).flexible(true).from_reader(tracked.reading(text));
    let broken = |quotes: &RefCell<QuoteCheck>| quotes.borrow().error();
    let names = match reader.headers() {
        Ok(headers) => names(headers, kind, header.line)?,
        Err(error) => return Err(unreadable(error, header.line)),
    };
    let mut row = StringRecord::new();
    loop {
        let read = reader.read_record(&mut row);
        let position = match &read {
            Ok(_) => lines.position(row.position()),
            Err(error) => lines.position(error.position()),
        };
        if let Some(error) = broken(&quotes)
            && (position.line >= error.row || !matches!(read, Ok(true)))
        {
            let position = FilePosition { line: error.line, column: None };
            return Err(ReadError::Malformed { position, reason: error.kind.to_string() });
        }
        let item = match read {
            Ok(false) => return Ok(()),
            Ok(true) if row.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(true) => match fields(&names, &row) {
                Ok(fields) => ReadRecord::read(position, kind, fields, region),
                Err(reason) => ReadRecord::wrong(position, Some(kind), "", reason),
            },
            Err(error) => match error.kind() {
                ErrorKind::Utf8 { .. } => {
                    ReadRecord::wrong(position, Some(kind), "", "is not written in UTF-8")
                }
                _ => return Err(unreadable(error, header.line)),
            },
        };
        sink.take(item)?;
    }
}

/// The cells of a row by the names of their columns.
fn fields(names: &[Option<String>], row: &StringRecord) -> Result<Fields, String> {
    let wanted = names.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    if row.len() < wanted {
        return Err(format!("has {} cells, and must have {wanted}", row.len()));
    }
    let mut fields = Fields::default();
    for (position, cell) in row.iter().enumerate() {
        match names.get(position).and_then(Option::as_ref) {
            Some(name) if !cell.is_empty() => fields.add(name.clone(), FieldValue::Cell(cell.to_owned())),
            None if !cell.trim().is_empty() => {
                return Err(format!("has a value in column {}, which has no name", position + 1));
            }
            Some(_) | None => {}
        }
    }
    Ok(fields)
}

/// The header row, and what it shows about the file.
struct Header {
    text: Vec<u8>,
    /// The line of the header.
    line: u64,
    delimiter: u8,
    /// Whether lines end with CR alone, as some old programs write them.
    cr_alone: bool,
}

impl Header {
    /// The delimiters that are recognized without a `sep=` line.
    const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

    /// The longest header row.
    const MAX_BYTES: u64 = 1 << 20;

    /// Reads the header row. [`None`] if the file has only empty lines.
    fn read(input: &mut impl BufRead, kind: RecordKind) -> io::Result<Option<Self>> {
        let (mut text, mut stated, mut line) = (Vec::new(), None, 1);
        loop {
            text.clear();
            let cr_alone = read_line(input, &mut text, Self::MAX_BYTES)?;
            if text.is_empty() {
                return Ok(None);
            }
            // Excel writes and reads the delimiter in a line of its own.
            let found = if stated.is_none() { delimiter_line(&text) } else { None };
            if found.is_some() {
                stated = found;
            } else if !text.trim_ascii().is_empty() {
                let delimiter = stated.unwrap_or_else(|| Self::delimiter(&text, kind));
                return Ok(Some(Self { text, line, delimiter, cr_alone }));
            }
            line += 1;
        }
    }

    /// The delimiter that splits this row into the most known names, or without known names, into the most cells.
    fn delimiter(text: &[u8], kind: RecordKind) -> u8 {
        let (text, known) = (String::from_utf8_lossy(text), records::names(kind));
        let cells = |delimiter: u8| {
            let cells = text.split(char::from(delimiter));
            cells.map(|cell| cell.trim().trim_matches('"').trim().to_owned()).collect::<Vec<_>>()
        };
        let rank = |delimiter: u8| {
            let cells = cells(delimiter);
            (cells.iter().filter(|cell| known.contains(&cell.as_str())).count(), cells.len())
        };
        // `max_by_key` returns the last of equal elements.
        Self::DELIMITERS.into_iter().rev().max_by_key(|delimiter| rank(*delimiter)).unwrap_or(b',')
    }
}

/// Reads a line and normalizes its end to LF. True if it ended with CR alone.
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

/// Replaces CR line ends by LF in files that use CR alone.
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

/// Finds the line that each row starts in. The parser attributes skipped line ends (half of a CRLF, or empty lines) to the
/// row after them.
#[derive(Clone, Default)]
struct RowPositions(Rc<RefCell<RecentBytes>>);

/// The bytes that were read since the start of the last row that was located.
#[derive(Default)]
struct RecentBytes {
    /// The lines before the header row.
    lines_before: u64,
    offset: u64,
    bytes: VecDeque<u8>,
}

impl RowPositions {
    /// Where the row at this parser position starts. Rows must be located in order.
    fn position(&self, position: Option<&Position>) -> FilePosition {
        let mut recent = self.0.borrow_mut();
        let (line, byte) = position.map_or((1, recent.offset), |position| (position.line(), position.byte()));
        let passed = usize::try_from(byte.saturating_sub(recent.offset)).unwrap_or(usize::MAX);
        let passed = passed.min(recent.bytes.len());
        recent.bytes.drain(..passed);
        recent.offset = byte;
        let ends = recent.bytes.iter().take_while(|byte| b"\r\n".contains(byte));
        let skipped = ends.filter(|byte| **byte == b'\n').count();
        FilePosition { line: recent.lines_before + line + skipped as u64, column: None }
    }
}

/// Passes everything that is read to [`RowPositions`] and [`QuoteCheck`].
struct TrackedReader<R> {
    input: R,
    lines: RowPositions,
    quotes: Rc<RefCell<QuoteCheck>>,
}

impl TrackedReader<()> {
    fn new(header: &Header) -> Self {
        let recent = RecentBytes { lines_before: header.line - 1, ..RecentBytes::default() };
        let lines = RowPositions(Rc::new(RefCell::new(recent)));
        let quotes = QuoteCheck::new(header.delimiter, header.line);
        Self { input: (), lines, quotes: Rc::new(RefCell::new(quotes)) }
    }

    fn reading<R: Read>(self, input: R) -> TrackedReader<R> {
        TrackedReader { input, lines: self.lines, quotes: self.quotes }
    }
}

impl<R: Read> Read for TrackedReader<R> {
    /// Reads nothing after a broken quote: the parser would continue to the end of the file.
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

/// The field of each column; [`None`] for a column without a name, which spreadsheets add at the right. An unknown name
/// makes every row invalid, so the file is refused.
fn names(headers: &StringRecord, kind: RecordKind, line: u64) -> Result<Vec<Option<String>>, ReadError> {
    let known = records::names(kind);
    let broken = |name: &str, reason: String| {
        let position = FilePosition { line, column: None };
        ReadError::Malformed { position, reason: format!("the column {name:?} {reason}") }
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

fn unreadable(error: csv::Error, line: u64) -> ReadError {
    let position = FilePosition { line: error.position().map_or(line, Position::line), column: None };
    match error.into_kind() {
        ErrorKind::Io(error) => ReadError::Io(error),
        ErrorKind::Utf8 { .. } => {
            ReadError::Malformed { position, reason: "is not written in UTF-8".to_owned() }
        }
        _ => ReadError::Malformed { position, reason: "is not valid CSV".to_owned() },
    }
}
