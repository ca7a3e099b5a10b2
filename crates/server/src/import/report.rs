//! What came of an import.

use std::fmt::{Display, Write};

use asteroid_kernel::Upsert;
use serde::Serialize;

use super::fields::Problem;
use super::kind::Kind;
use super::reading::Place;

/// How many records of a kind ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) refused: u64,
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedRecord {
    pub(crate) file: String,
    pub(crate) line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u64>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    pub(crate) problems: Vec<Problem>,
}

impl RefusedRecord {
    pub(crate) fn new(file: &str, place: Place, kind: Option<Kind>, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), line: place.line, column: place.column, kind, problems }
    }

    /// A line for each thing that is wrong.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { file, line, column, kind, problems } = self;
        let kind = kind.map_or("record", Kind::as_str);
        lines(file, *line, *column, &format!("{kind} refused"), problems)
    }
}

/// A record that is in the store, but for what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WarnedRecord {
    pub(crate) file: String,
    pub(crate) line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u64>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) problems: Vec<Problem>,
}

impl WarnedRecord {
    pub(crate) fn new(file: &str, place: Place, kind: Kind, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), line: place.line, column: place.column, kind, problems }
    }

    /// A line for each thing that is said.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { file, line, column, kind, problems } = self;
        lines(file, *line, *column, &format!("{} warning", kind.as_str()), problems)
    }
}

fn lines(file: &str, line: u64, column: Option<u64>, what: &str, problems: &[Problem]) -> Vec<String> {
    let column = column.map(|column| format!(":{column}")).unwrap_or_default();
    let one = |Problem { field, reason }: &Problem| {
        let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
        format!("{file}:{line}{column}: {what}: {field}{reason}")
    };
    problems.iter().map(one).collect()
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// Whether nothing was kept.
    pub(crate) dry_run: bool,
    pub(crate) practices: Counts,
    pub(crate) client_classes: Counts,
    pub(crate) users: Counts,
    pub(crate) clients: Counts,
    /// What was refused without it being known what it is.
    pub(crate) unreadable: u64,
    /// The first that were refused; the counts tell of all.
    pub(crate) refusals: Vec<RefusedRecord>,
    /// How many records came with warnings.
    #[serde(skip)]
    pub(crate) warned: u64,
    /// The first that did.
    pub(crate) warnings: Vec<WarnedRecord>,
    /// Why the import ended before the end of the files.
    pub(crate) stopped: Option<String>,
}

impl Report {
    /// So many refusals are kept, and so many warnings.
    pub(crate) const MAX_REFUSALS: usize = 1000;

    fn counts(&self) -> [(&'static str, Counts); 4] {
        [
            ("practices", self.practices),
            ("client classes", self.client_classes),
            ("users", self.users),
            ("clients", self.clients),
        ]
    }

    fn counts_of(&mut self, kind: Kind) -> &mut Counts {
        match kind {
            Kind::Practice => &mut self.practices,
            Kind::ClientClass => &mut self.client_classes,
            Kind::User => &mut self.users,
            Kind::Client => &mut self.clients,
        }
    }

    /// Counts what was put.
    pub(crate) fn put(&mut self, kind: Kind, upsert: Upsert) {
        let counts = self.counts_of(kind);
        match upsert {
            Upsert::Created => counts.created += 1,
            Upsert::Updated => counts.updated += 1,
            Upsert::Unchanged => counts.unchanged += 1,
        }
    }

    /// Counts and keeps what was refused.
    pub(crate) fn refuse(&mut self, refused: RefusedRecord) {
        match refused.kind {
            Some(kind) => self.counts_of(kind).refused += 1,
            None => self.unreadable += 1,
        }
        if self.refusals.len() < Self::MAX_REFUSALS {
            self.refusals.push(refused);
        }
    }

    /// Counts and keeps what was said of a record.
    pub(crate) fn warn(&mut self, warned: WarnedRecord) {
        self.warned += 1;
        if self.warnings.len() < Self::MAX_REFUSALS {
            self.warnings.push(warned);
        }
    }

    /// Counts clients as updated that were counted as unchanged.
    pub(crate) fn reduce_clients(&mut self, count: u64) {
        self.clients.unchanged = self.clients.unchanged.saturating_sub(count);
        self.clients.updated += count;
    }

    fn refused(&self) -> u64 {
        self.unreadable + self.counts().iter().map(|(_, counts)| counts.refused).sum::<u64>()
    }

    /// Whether everything is in the store.
    pub(crate) fn is_clean(&self) -> bool {
        self.refused() == 0 && self.stopped.is_none()
    }

    /// The counts, for people.
    pub(crate) fn table(&self) -> String {
        let mut table = row("", ["created", "updated", "unchanged", "refused"]);
        for (name, Counts { created, updated, unchanged, refused }) in self.counts() {
            let counts = [created, updated, unchanged, refused];
            if counts != [0; 4] {
                table += &row(name, counts);
            }
        }
        if self.unreadable > 0 {
            table += &row("unreadable", ["", "", "", &self.unreadable.to_string()]);
        }
        if self.warned > 0 {
            writeln!(table, "{:<14}  {:>9}", "with warnings", self.warned).expect("a text takes any text");
        }
        if self.dry_run {
            table.push_str("This was a dry run: nothing was kept.\n");
        }
        table
    }
}

fn row<T: Display>(name: &str, [created, updated, unchanged, refused]: [T; 4]) -> String {
    format!("{name:<14}  {created:>9}  {updated:>9}  {unchanged:>9}  {refused:>9}\n")
}
