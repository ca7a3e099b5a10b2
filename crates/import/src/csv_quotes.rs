//! Checks the quotes of a CSV file. The parser accepts a quote that is never closed: the cell then reaches to the next quote
//! or to the end of the file, and the rows in between are lost silently.

/// A broken quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuoteError {
    /// The line that the row starts in.
    pub(crate) row: u64,
    /// The line of the quote.
    pub(crate) line: u64,
    pub(crate) kind: QuoteErrorKind,
}

/// The kind of a broken quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuoteErrorKind {
    #[error("a quote is opened here and never closed")]
    NeverClosed,
    #[error("a quote is opened here, and its closing quote does not end the cell")]
    ClosedWithin,
    #[error("a quote is opened here and not closed within {} bytes", QuoteCheck::MAX_BYTES)]
    TooLong,
}

/// Follows the quotes through the bytes of a file.
#[derive(Debug)]
pub(crate) struct QuoteCheck {
    delimiter: u8,
    state: QuoteState,
    line: u64,
    row: u64,
    error: Option<QuoteError>,
}

#[derive(Clone, Copy, Debug)]
enum QuoteState {
    RowStart,
    CellStart,
    Plain,
    Quoted {
        line: u64,
        bytes: usize,
    },
    /// After a quote that ends the cell, or is the first of two.
    Closed {
        line: u64,
    },
    /// After spaces that follow the quote that ends the cell.
    Ended {
        line: u64,
    },
}

impl QuoteCheck {
    /// The longest quoted text.
    pub(crate) const MAX_BYTES: usize = 1 << 20;

    pub(crate) fn new(delimiter: u8, line: u64) -> Self {
        Self { delimiter, state: QuoteState::RowStart, line, row: line, error: None }
    }

    /// The first broken quote.
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

    /// The file ends here.
    pub(crate) fn end(&mut self) {
        if let (QuoteState::Quoted { line, .. }, None) = (self.state, self.error) {
            self.fail(line, QuoteErrorKind::NeverClosed);
        }
    }

    fn step(&mut self, byte: u8) {
        let is_line_end = matches!(byte, b'\r' | b'\n');
        if let QuoteState::RowStart = self.state {
            if is_line_end {
                return;
            }
            self.row = self.line;
            self.state = QuoteState::CellStart;
        }
        let quoted = QuoteState::Quoted { line: self.line, bytes: 0 };
        self.state = match self.state {
            QuoteState::Quoted { line, .. } if byte == b'"' => QuoteState::Closed { line },
            QuoteState::Quoted { line, bytes } if bytes < Self::MAX_BYTES => {
                QuoteState::Quoted { line, bytes: bytes + 1 }
            }
            QuoteState::Quoted { line, .. } => return self.fail(line, QuoteErrorKind::TooLong),
            QuoteState::Closed { line } if byte == b'"' => QuoteState::Quoted { line, bytes: 0 },
            _ if is_line_end => QuoteState::RowStart,
            _ if byte == self.delimiter => QuoteState::CellStart,
            QuoteState::Closed { line } | QuoteState::Ended { line } if byte == b' ' => {
                QuoteState::Ended { line }
            }
            QuoteState::Closed { line } | QuoteState::Ended { line } => {
                return self.fail(line, QuoteErrorKind::ClosedWithin);
            }
            QuoteState::RowStart | QuoteState::CellStart if byte == b'"' => quoted,
            QuoteState::RowStart | QuoteState::CellStart | QuoteState::Plain => QuoteState::Plain,
        };
    }

    fn fail(&mut self, line: u64, kind: QuoteErrorKind) {
        self.error = Some(QuoteError { row: self.row, line, kind });
    }
}
