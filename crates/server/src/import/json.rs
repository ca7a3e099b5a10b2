//! JSON: an object of lists, read record by record. The file is never in memory, nor is a list of it.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use asteroid_kernel::Region;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::Fields;
use super::kind::{Kind, unknown};
use super::reading::{Item, Place, Taker, Unreadable, json_error};

/// Which lists of a file are read. The members of a JSON object have no order, but records refer to those of other
/// lists, which have to be put before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All lists as they come: for what can be read only once.
    AllAtOnce,
    /// Each list whose records need none of a list that may still come; the others are passed over.
    InOrder,
    /// A list that was passed over.
    Only(Kind),
}

/// Reads a file; gives the lists that were passed over, in the order in which they have to be read.
pub(crate) fn read(
    input: impl BufRead,
    reading: Reading,
    region: Region,
    taker: &mut dyn Taker,
) -> Result<Vec<Kind>, Unreadable> {
    let at = Rc::new(Cell::new(At { line: 1, column: 0 }));
    let mut deserializer = serde_json::Deserializer::from_reader(Counted { input, at: Rc::clone(&at) });
    let mut reader =
        Reader { at, region, taker, stopped: false, reading, seen: Vec::new(), passed_over: Vec::new() };
    let read = deserializer.deserialize_map(Lists(&mut reader)).and_then(|()| deserializer.end());
    match read {
        Ok(()) => {
            reader.passed_over.sort_unstable();
            Ok(reader.passed_over)
        }
        Err(_) if reader.stopped => Err(Unreadable::Stopped),
        Err(error) if error.is_io() => Err(Unreadable::Io(error.into())),
        Err(error) => {
            let (place, reason) = json_error(&error);
            Err(Unreadable::Broken { place, reason })
        }
    }
}

/// How far a file was read.
#[derive(Clone, Copy)]
struct At {
    line: u64,
    column: u64,
}

/// Counts lines and columns. The deserializer asks for one byte after the other, and looks no further ahead than one.
struct Counted<R> {
    input: R,
    at: Rc<Cell<At>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let mut at = self.at.get();
        for byte in &buffer[..read] {
            at = match byte {
                b'\n' => At { line: at.line + 1, column: 0 },
                _ => At { column: at.column + 1, ..at },
            };
        }
        self.at.set(at);
        Ok(read)
    }
}

struct Reader<'a> {
    at: Rc<Cell<At>>,
    region: Region,
    taker: &'a mut dyn Taker,
    stopped: bool,
    reading: Reading,
    /// The lists that came until now.
    seen: Vec<Kind>,
    passed_over: Vec<Kind>,
}

impl Reader<'_> {
    /// Whether this list is read now.
    fn wants(&mut self, kind: Kind) -> bool {
        self.seen.push(kind);
        match self.reading {
            Reading::AllAtOnce => true,
            Reading::Only(wanted) => kind == wanted,
            Reading::InOrder => {
                let ready = kind.needs().iter().all(|needed| self.seen.contains(needed));
                if !ready {
                    self.passed_over.push(kind);
                }
                ready
            }
        }
    }

    fn place(&self) -> Place {
        let At { line, column } = self.at.get();
        Place { line, column: Some(column) }
    }

    fn take<E: serde::de::Error>(&mut self, item: Item) -> Result<(), E> {
        self.taker.take(item).map_err(|_| {
            self.stopped = true;
            E::custom("stopped")
        })
    }
}

/// The lists of a file, by their names.
struct Lists<'a, 'b>(&'a mut Reader<'b>);

impl<'de> Visitor<'de> for Lists<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the lists practices, clientClasses, users and clients")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let kind = Kind::ALL.into_iter().find(|kind| kind.list() == name);
            if let Some(kind) = kind {
                if self.0.wants(kind) {
                    map.next_value_seed(List { kind, reader: self.0 })?;
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            } else if matches!(self.0.reading, Reading::Only(_)) {
                map.next_value::<IgnoredAny>()?;
            } else {
                let reason = unknown(Kind::ALL.map(Kind::list), &name);
                let item = Item::wrong(self.0.place(), None, &name, reason);
                self.0.take(item)?;
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The records of a list.
struct List<'a, 'b> {
    kind: Kind,
    reader: &'a mut Reader<'b>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.kind.list())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Element { kind: self.kind, reader: self.reader })?.is_some() {}
        Ok(())
    }
}

/// One record, whatever is wrong with it, as long as it is JSON.
struct Element<'a, 'b> {
    kind: Kind,
    reader: &'a mut Reader<'b>,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Its first byte has been looked at, and no other.
        let place = self.reader.place();
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let item = match Fields::of_json(text.get().as_bytes()) {
            Ok(fields) => Item::read(place, self.kind, fields, self.reader.region),
            Err(error) => Item::wrong(place, Some(self.kind), "", json_error(&error).1),
        };
        self.reader.take(item)
    }
}
