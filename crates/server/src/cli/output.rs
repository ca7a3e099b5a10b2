use std::error::Error;
use std::io::{self, Write};

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
