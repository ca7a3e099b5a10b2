//! Whether the quotes of a CSV file are in order. The parser takes what it can get: for it, a quote that is never closed
//! reaches to the end of the file, or to the next quote, and the rows in between are gone without a word.

/// How a row's quotes are out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuoteError {
    /// The line that the row begins in.
    pub(crate) row: u64,
    /// The line that the quote is in.
    pub(crate) line: u64,
    pub(crate) kind: QuoteErrorKind,
}

/// What is wrong with a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuoteErrorKind {
    #[error("a quote is opened here and never closed")]
    NeverClosed,
    #[error("a quote is opened here, and where it is closed the cell does not end")]
    ClosedWithin,
    #[error("a quote is opened here and not closed within {} bytes", QuoteCheck::MAX_BYTES)]
    TooLong,
}

/// Follows the bytes of a file.
#[derive(Debug)]
pub(crate) struct QuoteCheck {
    delimiter: u8,
    state: State,
    line: u64,
    row: u64,
    error: Option<QuoteError>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    RowStart,
    CellStart,
    Plain,
    Quoted {
        line: u64,
        bytes: usize,
    },
    /// Behind a quote that ends the cell, or is the first of two.
    Closed {
        line: u64,
    },
    /// Behind spaces that stand behind the quote that ends the cell.
    Ended {
        line: u64,
    },
}

impl QuoteCheck {
    /// The most bytes between two quotes.
    pub(crate) const MAX_BYTES: usize = 1 << 20;

    pub(crate) fn new(delimiter: u8, line: u64) -> Self {
        Self { delimiter, state: State::RowStart, line, row: line, error: None }
    }

    /// The first thing that is wrong.
    pub(crate) fn error(&self) -> Option<QuoteError> {
        self.error
    }

    pub(crate) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.error.is_some() {
                return;
            }
            self.step(*byte);
            if *byte == b'\n' {
                self.line += 1;
            }
        }
    }

    /// Nothing comes behind what was read.
    pub(crate) fn end(&mut self) {
        if let (State::Quoted { line, .. }, None) = (self.state, self.error) {
            self.fail(line, QuoteErrorKind::NeverClosed);
        }
    }

    fn step(&mut self, byte: u8) {
        let is_line_end = matches!(byte, b'\r' | b'\n');
        if let State::RowStart = self.state {
            if is_line_end {
                return;
            }
            self.row = self.line;
            self.state = State::CellStart;
        }
        let quoted = State::Quoted { line: self.line, bytes: 0 };
        self.state = match self.state {
            State::Quoted { line, .. } if byte == b'"' => State::Closed { line },
            State::Quoted { line, bytes } if bytes < Self::MAX_BYTES => {
                State::Quoted { line, bytes: bytes + 1 }
            }
            State::Quoted { line, .. } => return self.fail(line, QuoteErrorKind::TooLong),
            State::Closed { line } if byte == b'"' => State::Quoted { line, bytes: 0 },
            _ if is_line_end => State::RowStart,
            _ if byte == self.delimiter => State::CellStart,
            State::Closed { line } | State::Ended { line } if byte == b' ' => State::Ended { line },
            State::Closed { line } | State::Ended { line } => {
                return self.fail(line, QuoteErrorKind::ClosedWithin);
            }
            State::RowStart | State::CellStart if byte == b'"' => quoted,
            State::RowStart | State::CellStart | State::Plain => State::Plain,
        };
    }

    fn fail(&mut self, line: u64, kind: QuoteErrorKind) {
        self.error = Some(QuoteError { row: self.row, line, kind });
    }
}
