//! Reads a body in chunks and writes it anew, without extensions and trailer fields (RFC 9112, 7.1).

use std::io::Write;

use actix_web::web::{BufMut, BytesMut};

/// The most bytes of a line that is no data: a size with its extensions, or a trailer field.
const MAX_LINE: usize = 4096;
/// The most bytes of all trailer fields.
const MAX_TRAILER: usize = 8192;

/// What comes next in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// The size of a chunk.
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The end of a chunk's last line.
    DataEnd,
    /// Trailer fields, after so many bytes of them.
    Trailer(usize),
}

/// What a step led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Go on like this.
    Next(Chunks),
    /// More input is needed.
    Starved,
    /// The body is at its end.
    Ended,
    /// It is no body in chunks.
    Malformed,
}

impl Chunks {
    /// Takes one element from the input.
    pub(super) fn step(self, input: &mut BytesMut, output: &mut BytesMut) -> Step {
        match self {
            Self::Size => match take_line(input) {
                Line::Whole(line) => match size(&line) {
                    Some(0) => Step::Next(Self::Trailer(0)),
                    Some(size) => Step::Next(Self::Data(size)),
                    None => Step::Malformed,
                },
                Line::Partial => Step::Starved,
                Line::Malformed => Step::Malformed,
            },
            Self::Data(_) if input.is_empty() => Step::Starved,
            Self::Data(left) => {
                let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
                let data = input.split_to(taken);
                let _ = write!(output.writer(), "{taken:x}\r\n");
                output.extend_from_slice(&data);
                output.extend_from_slice(b"\r\n");
                match left - taken as u64 {
                    0 => Step::Next(Self::DataEnd),
                    left => Step::Next(Self::Data(left)),
                }
            }
            Self::DataEnd if input.len() < 2 => Step::Starved,
            Self::DataEnd => {
                if &input.split_to(2)[..] == b"\r\n" {
                    Step::Next(Self::Size)
                } else {
                    Step::Malformed
                }
            }
            Self::Trailer(read) => match take_line(input) {
                Line::Whole(line) if line.is_empty() => {
                    output.extend_from_slice(b"0\r\n\r\n");
                    Step::Ended
                }
                Line::Whole(line) if read + line.len() <= MAX_TRAILER => {
                    Step::Next(Self::Trailer(read + line.len()))
                }
                Line::Partial => Step::Starved,
                Line::Whole(_) | Line::Malformed => Step::Malformed,
            },
        }
    }
}

enum Line {
    Whole(BytesMut),
    Partial,
    Malformed,
}

/// A line without its end, which is `\r\n` and nothing else.
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
