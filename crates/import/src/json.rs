//! JSON: an object of lists, read record by record. Neither the file nor a list is ever in memory as a whole.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use asteroid_kernel::Region;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::fields::Fields;
use crate::kind::{RecordKind, unknown};
use crate::sink::{FilePosition, ReadError, ReadRecord, RecordSink, json_error};

/// Which lists of a file a pass reads. The members of a JSON object have no order, but records refer to records of other
/// lists, which have to be imported first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonPass {
    /// All lists in the order of the file, for input that can be read only once.
    AllAtOnce,
    /// Each list whose records need no list that may still follow; the others are skipped.
    InOrder,
    /// One list that was skipped.
    Only(RecordKind),
}

/// Reads a file. Returns the lists that were skipped, in the order in which they have to be read.
pub(crate) fn read(
    input: impl BufRead,
    pass: JsonPass,
    region: Region,
    sink: &mut dyn RecordSink,
) -> Result<Vec<RecordKind>, ReadError> {
    let at = Rc::new(Cell::new(LineColumn { line: 1, column: 0 }));
    let mut deserializer =
        serde_json::Deserializer::from_reader(PositionReader { input, at: Rc::clone(&at) });
    let mut reader =
        ListReader { at, region, sink, stopped: false, pass, seen: Vec::new(), skipped: Vec::new() };
    let read = deserializer.deserialize_map(ListsVisitor(&mut reader)).and_then(|()| deserializer.end());
    match read {
        Ok(()) => {
            reader.skipped.sort_unstable();
            Ok(reader.skipped)
        }
        Err(_) if reader.stopped => Err(ReadError::SinkClosed),
        Err(error) if error.is_io() => Err(ReadError::Io(error.into())),
        Err(error) => {
            let (position, reason) = json_error(&error);
            Err(ReadError::Malformed { position, reason })
        }
    }
}

/// How far a file has been read.
#[derive(Clone, Copy)]
struct LineColumn {
    line: u64,
    column: u64,
}

/// Counts lines and columns. The deserializer reads byte by byte and looks ahead by one byte at most.
struct PositionReader<R> {
    input: R,
    at: Rc<Cell<LineColumn>>,
}

impl<R: Read> Read for PositionReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let mut at = self.at.get();
        for byte in &buffer[..read] {
            at = match byte {
                b'\n' => LineColumn { line: at.line + 1, column: 0 },
                _ => LineColumn { column: at.column + 1, ..at },
            };
        }
        self.at.set(at);
        Ok(read)
    }
}

struct ListReader<'a> {
    at: Rc<Cell<LineColumn>>,
    region: Region,
    sink: &'a mut dyn RecordSink,
    stopped: bool,
    pass: JsonPass,
    /// The lists so far.
    seen: Vec<RecordKind>,
    skipped: Vec<RecordKind>,
}

impl ListReader<'_> {
    /// Whether this pass reads this list.
    fn wants(&mut self, kind: RecordKind) -> bool {
        self.seen.push(kind);
        match self.pass {
            JsonPass::AllAtOnce => true,
            JsonPass::Only(wanted) => kind == wanted,
            JsonPass::InOrder => {
                let ready = kind.needs().iter().all(|needed| self.seen.contains(needed));
                if !ready {
                    self.skipped.push(kind);
                }
                ready
            }
        }
    }

    fn position(&self) -> FilePosition {
        let LineColumn { line, column } = self.at.get();
        FilePosition { line, column: Some(column) }
    }

    fn take<E: serde::de::Error>(&mut self, item: ReadRecord) -> Result<(), E> {
        self.sink.take(item).map_err(|_| {
            self.stopped = true;
            E::custom("stopped")
        })
    }
}

/// The lists of a file by their names.
struct ListsVisitor<'a, 'b>(&'a mut ListReader<'b>);

impl<'de> Visitor<'de> for ListsVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the lists practices, clientClasses, users and clients")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let kind = RecordKind::ALL.iter().copied().find(|kind| kind.list() == name);
            if let Some(kind) = kind {
                if self.0.wants(kind) {
                    map.next_value_seed(RecordList { kind, reader: self.0 })?;
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            } else if matches!(self.0.pass, JsonPass::Only(_)) {
                map.next_value::<IgnoredAny>()?;
            } else {
                let reason = unknown(RecordKind::ALL.iter().map(|kind| kind.list()), &name);
                let item = ReadRecord::wrong(self.0.position(), None, &name, reason);
                self.0.take(item)?;
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The records of a list.
struct RecordList<'a, 'b> {
    kind: RecordKind,
    reader: &'a mut ListReader<'b>,
}

impl<'de> DeserializeSeed<'de> for RecordList<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RecordList<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.kind.list())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(RecordElement { kind: self.kind, reader: self.reader })?.is_some() {}
        Ok(())
    }
}

/// One record, valid or not, as long as it is JSON.
struct RecordElement<'a, 'b> {
    kind: RecordKind,
    reader: &'a mut ListReader<'b>,
}

impl<'de> DeserializeSeed<'de> for RecordElement<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // The deserializer has looked at its first byte and no further.
        let position = self.reader.position();
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let item = match Fields::of_json(text.get().as_bytes()) {
            Ok(fields) => ReadRecord::read(position, self.kind, fields, self.reader.region),
            Err(error) => ReadRecord::wrong(position, Some(self.kind), "", json_error(&error).1),
        };
        self.reader.take(item)
    }
}
