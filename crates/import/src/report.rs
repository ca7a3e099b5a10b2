//! The result of an import.

use asteroid_kernel::Upsert;
use serde::Serialize;

use crate::fields::FieldError;
use crate::kind::RecordKind;
use crate::sink::FilePosition;

/// The results of the records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordCounts {
    /// Records that are new in the store.
    pub created: u64,
    /// Records that changed the store.
    pub updated: u64,
    /// Records that were already in the store.
    pub unchanged: u64,
    /// Records that were refused.
    pub refused: u64,
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedRecord {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column in bytes, from 1, where the format has a useful one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// The kind, if the file names a known one.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<RecordKind>,
    /// The errors or warnings.
    pub problems: Vec<FieldError>,
}

impl RefusedRecord {
    pub(crate) fn new(
        file: &str,
        position: FilePosition,
        kind: Option<RecordKind>,
        problems: Vec<FieldError>,
    ) -> Self {
        Self { file: file.to_owned(), line: position.line, column: position.column, kind, problems }
    }

    /// The errors, one per line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { file, line, column, kind, problems } = self;
        let kind = kind.map_or("record", RecordKind::as_str);
        lines(file, *line, *column, &format!("{kind} refused"), problems)
    }
}

/// A record that was imported with warnings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarnedRecord {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column in bytes, from 1, where the format has a useful one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// The errors or warnings.
    pub problems: Vec<FieldError>,
}

impl WarnedRecord {
    pub(crate) fn new(
        file: &str,
        position: FilePosition,
        kind: RecordKind,
        problems: Vec<FieldError>,
    ) -> Self {
        Self { file: file.to_owned(), line: position.line, column: position.column, kind, problems }
    }

    /// The warnings, one per line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { file, line, column, kind, problems } = self;
        lines(file, *line, *column, &format!("{} warning", kind.as_str()), problems)
    }
}

fn lines(file: &str, line: u64, column: Option<u64>, what: &str, problems: &[FieldError]) -> Vec<String> {
    let column = column.map(|column| format!(":{column}")).unwrap_or_default();
    let one = |FieldError { field, reason }: &FieldError| {
        let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
        format!("{file}:{line}{column}: {what}: {field}{reason}")
    };
    problems.iter().map(one).collect()
}

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Whether it was a dry run, which changes nothing.
    pub dry_run: bool,
    /// Practices.
    pub practices: RecordCounts,
    /// Classes of clients.
    pub client_classes: RecordCounts,
    /// Users.
    pub users: RecordCounts,
    /// Clients.
    pub clients: RecordCounts,
    /// Refused records of unknown kind.
    pub unreadable: u64,
    /// The first [`MAX_REFUSALS`](Self::MAX_REFUSALS) refused records.
    pub refusals: Vec<RefusedRecord>,
    /// The number of records with warnings.
    #[serde(skip)]
    pub warned: u64,
    /// The first [`MAX_REFUSALS`](Self::MAX_REFUSALS) records with warnings.
    pub warnings: Vec<WarnedRecord>,
    /// Why the import stopped before the end of the files.
    pub stopped: Option<String>,
}

impl ImportReport {
    /// The most refused records, and the most records with warnings, that a report lists. The counts include all.
    pub const MAX_REFUSALS: usize = 1000;

    /// The counts of each kind, with its name for people.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, RecordCounts); 4] {
        [
            ("practices", self.practices),
            ("client classes", self.client_classes),
            ("users", self.users),
            ("clients", self.clients),
        ]
    }

    fn counts_of(&mut self, kind: RecordKind) -> &mut RecordCounts {
        match kind {
            RecordKind::Practice => &mut self.practices,
            RecordKind::ClientClass => &mut self.client_classes,
            RecordKind::User => &mut self.users,
            RecordKind::Client => &mut self.clients,
        }
    }

    /// Counts an imported record.
    pub(crate) fn put(&mut self, kind: RecordKind, upsert: Upsert) {
        let counts = self.counts_of(kind);
        match upsert {
            Upsert::Created => counts.created += 1,
            Upsert::Updated => counts.updated += 1,
            Upsert::Unchanged => counts.unchanged += 1,
        }
    }

    /// Adds a refused record.
    pub(crate) fn refuse(&mut self, refused: RefusedRecord) {
        match refused.kind {
            Some(kind) => self.counts_of(kind).refused += 1,
            None => self.unreadable += 1,
        }
        if self.refusals.len() < Self::MAX_REFUSALS {
            self.refusals.push(refused);
        }
    }

    /// Adds a record with warnings.
    pub(crate) fn warn(&mut self, warned: WarnedRecord) {
        self.warned += 1;
        if self.warnings.len() < Self::MAX_REFUSALS {
            self.warnings.push(warned);
        }
    }

    /// Counts clients as updated that had been counted as unchanged.
    pub(crate) fn reduce_clients(&mut self, count: u64) {
        self.clients.unchanged = self.clients.unchanged.saturating_sub(count);
        self.clients.updated += count;
    }

    fn refused(&self) -> u64 {
        self.unreadable + self.counts().iter().map(|(_, counts)| counts.refused).sum::<u64>()
    }

    /// Whether every record was imported.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.refused() == 0 && self.stopped.is_none()
    }
}
