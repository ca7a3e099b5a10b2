//! Questions to a person at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confirmed {
    /// Go on.
    Yes,
    /// Do nothing.
    No,
    /// There is no terminal to ask on.
    NotAsked,
}

/// Asks on the terminal, if standard input is one.
///
/// # Errors
///
/// If the terminal cannot be written or read.
pub(super) fn confirm(question: &str) -> io::Result<Confirmed> {
    let Some(line) = ask(&format!("{question} [y/N] "))? else { return Ok(Confirmed::NotAsked) };
    let is_yes = matches!(line.to_ascii_lowercase().as_str(), "y" | "yes");
    Ok(if is_yes { Confirmed::Yes } else { Confirmed::No })
}

/// Asks for a line on the terminal, if standard input is one: [`None`] if not.
///
/// # Errors
///
/// If the terminal cannot be written or read.
pub(super) fn ask(question: &str) -> io::Result<Option<String>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    write!(io::stderr(), "{question}")?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(Some(line.trim().to_owned()))
}
