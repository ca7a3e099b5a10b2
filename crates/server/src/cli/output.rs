use std::error::Error;
use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Row, Table};
use serde::Serialize;

use super::{CommandError, Format};

/// Prints the result to standard output: text, or the value as JSON.
pub(super) fn answer(
    format: Format,
    value: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), CommandError> {
    Ok(say(&if format.json { serde_json::to_string_pretty(value)? } else { text() })?)
}

/// Prints text to standard output, with a line end.
pub(super) fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Prints a warning to standard error.
pub(super) fn warn(text: &str) {
    // A closed standard error is not an error.
    let _ = writeln!(io::stderr().lock(), "asteroid: {text}");
}

/// Prints an error and its sources to standard error.
pub(super) fn complain(error: &dyn Error) {
    let mut stderr = io::stderr().lock();
    // A closed standard error is not an error.
    let _ = writeln!(stderr, "asteroid: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = writeln!(stderr, "  because {cause}");
        source = cause.source();
    }
}

/// A table in aligned columns without borders.
#[derive(Default)]
pub(super) struct TextTable(Table);

impl TextTable {
    /// An empty table with this header.
    pub(super) fn with_header(header: impl Into<Row>) -> Self {
        let mut table = Self::default();
        table.0.set_header(header);
        table
    }

    /// Adds a row.
    pub(super) fn add_row(&mut self, row: impl Into<Row>) {
        self.0.add_row(row);
    }

    /// The lines of the table. Columns from this index on are aligned right, for numbers.
    pub(super) fn render(mut self, right_from: usize) -> String {
        self.0.load_style(NOTHING);
        for (index, column) in self.0.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if index >= right_from {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.0.trim_fmt() + "\n"
    }
}

/// No column is aligned right.
pub(super) const LEFT: usize = usize::MAX;
