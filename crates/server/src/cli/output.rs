use std::error::Error;
use std::io::{self, Write};

use serde::Serialize;

use super::{CommandError, Format};

/// Answers on standard output: in text for people, or with the value in JSON.
pub(super) fn answer(
    format: Format,
    value: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), CommandError> {
    Ok(say(&if format.json { serde_json::to_string_pretty(value)? } else { text() })?)
}

/// Says a line, or several, on standard output.
pub(super) fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Says on standard error what went wrong, though the answer was given.
pub(super) fn warn(text: &str) {
    // If nobody listens there, there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "asteroid: {text}");
}

/// Says on standard error why a command was refused: the error and all that is behind it.
pub(super) fn complain(error: &dyn Error) {
    let mut stderr = io::stderr().lock();
    // If nobody listens there, there is nobody to tell.
    let _ = writeln!(stderr, "asteroid: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = writeln!(stderr, "  because {cause}");
        source = cause.source();
    }
}
