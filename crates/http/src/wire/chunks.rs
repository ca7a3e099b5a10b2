//! Parses a chunked body and re-encodes it without extensions and trailer fields (RFC 9112, 7.1).

use std::io::Write;

use actix_web::web::{BufMut, BytesMut};

/// The longest line of a chunk size with its extensions, or of a trailer field, in bytes.
const MAX_LINE: usize = 4096;
/// The largest total size of trailer fields, in bytes.
const MAX_TRAILER: usize = 8192;

/// What the parser expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkParser {
    /// The size of a chunk.
    Size,
    /// This many bytes of a chunk.
    Data(u64),
    /// The line end after the data of a chunk.
    DataEnd,
    /// Trailer fields, of which this many bytes were read.
    Trailer(usize),
}

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkStep {
    /// Continue in this state.
    Next(ChunkParser),
    /// More input is needed.
    Starved,
    /// The body is complete.
    Ended,
    /// The body is not validly chunked.
    Malformed,
}

impl ChunkParser {
    /// Parses one element of the input.
    pub(super) fn step(self, input: &mut BytesMut, output: &mut BytesMut) -> ChunkStep {
        match self {
            Self::Size => match take_line(input) {
                Line::Whole(line) => match size(&line) {
                    Some(0) => ChunkStep::Next(Self::Trailer(0)),
                    Some(size) => ChunkStep::Next(Self::Data(size)),
                    None => ChunkStep::Malformed,
                },
                Line::Partial => ChunkStep::Starved,
                Line::Malformed => ChunkStep::Malformed,
            },
            Self::Data(_) if input.is_empty() => ChunkStep::Starved,
            Self::Data(left) => {
                let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
                let data = input.split_to(taken);
                let _ = write!(output.writer(), "{taken:x}\r\n");
                output.extend_from_slice(&data);
                output.extend_from_slice(b"\r\n");
                match left - taken as u64 {
                    0 => ChunkStep::Next(Self::DataEnd),
                    left => ChunkStep::Next(Self::Data(left)),
                }
            }
            Self::DataEnd if input.len() < 2 => ChunkStep::Starved,
            Self::DataEnd => {
                if &input.split_to(2)[..] == b"\r\n" {
                    ChunkStep::Next(Self::Size)
                } else {
                    ChunkStep::Malformed
                }
            }
            Self::Trailer(read) => match take_line(input) {
                Line::Whole(line) if line.is_empty() => {
                    output.extend_from_slice(b"0\r\n\r\n");
                    ChunkStep::Ended
                }
                Line::Whole(line) if read + line.len() <= MAX_TRAILER => {
                    ChunkStep::Next(Self::Trailer(read + line.len()))
                }
                Line::Partial => ChunkStep::Starved,
                Line::Whole(_) | Line::Malformed => ChunkStep::Malformed,
            },
        }
    }
}

enum Line {
    Whole(BytesMut),
    Partial,
    Malformed,
}

/// A line without its end, which must be `\r\n`.
fn take_line(input: &mut BytesMut) -> Line {
    let Some(end) = input.iter().take(MAX_LINE + 2).position(|byte| *byte == b'\n') else {
        return if input.len() > MAX_LINE { Line::Malformed } else { Line::Partial };
    };
    let mut line = input.split_to(end + 1);
    if !line.ends_with(b"\r\n") {
        return Line::Malformed;
    }
    line.truncate(end - 1);
    if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Line::Malformed;
    }
    Line::Whole(line)
}

/// The size of a chunk; its extensions are ignored.
fn size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    // `from_str_radix` takes a sign.
    let is_plain = size.iter().all(u8::is_ascii_hexdigit);
    let size = str::from_utf8(size).ok().filter(|size| is_plain && size.len() <= 16)?;
    u64::from_str_radix(size, 16).ok()
}
