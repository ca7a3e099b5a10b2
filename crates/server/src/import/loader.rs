use std::error::Error;

use asteroid_application::{EndOfFile, Import, ImportError, ImportRecord, RecordOutcome, Warning};
use asteroid_argon2::Argon2Hasher;
use tokio::runtime::Runtime;

use super::fields::Problem;
use super::kind::Kind;
use super::progress::Progress;
use super::reading::{Item, Place, Stopped, Taker};
use super::report::{RefusedRecord, Report, WarnedRecord};
use crate::store::Store;

/// So many records are put in one unit of work.
const BATCH: usize = 500;

/// Gathers the records of a file into batches, puts them, and keeps the report.
pub(crate) struct Loader<'a, S> {
    runtime: &'a Runtime,
    import: Import<S, Argon2Hasher>,
    progress: &'a Progress,
    report: Report,
    file: String,
    /// Whether any record of the file was read.
    is_empty: bool,
    /// Whether a record of the file, which may have been of a client, could not be read.
    lacks_clients: bool,
    /// Records that the end of the file decides.
    later: Vec<(Place, Kind)>,
    /// What was read since the last batch.
    read: Vec<(Place, Reading)>,
    /// Those of it that are ready, in the same order.
    records: Vec<ImportRecord>,
    failure: Option<ImportError>,
}

/// What was read of a record.
enum Reading {
    Ready(Kind),
    Wrong(Option<Kind>, Vec<Problem>),
}

impl<'a, S: Store> Loader<'a, S> {
    pub(crate) fn new(
        runtime: &'a Runtime,
        import: Import<S, Argon2Hasher>,
        progress: &'a Progress,
        dry_run: bool,
    ) -> Self {
        Self {
            runtime,
            import,
            progress,
            report: Report { dry_run, ..Report::default() },
            file: String::new(),
            is_empty: true,
            lacks_clients: false,
            later: Vec::new(),
            read: Vec::new(),
            records: Vec::new(),
            failure: None,
        }
    }

    /// What follows is read from this file.
    pub(crate) fn begin(&mut self, file: String) {
        self.file = file;
        self.is_empty = true;
        self.lacks_clients = false;
    }

    /// Whether no record of the file was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Decides what was left for the end of the file, which was read to its end or broke off.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(crate) fn end(&mut self, is_whole: bool) -> Result<(), Stopped> {
        let is_whole = is_whole && !self.lacks_clients;
        let ended = self.runtime.block_on(self.import.end_file(is_whole, self.report.dry_run));
        let EndOfFile { later, reduced_clients } = ended.map_err(|error| {
            self.failure = Some(error);
            Stopped
        })?;
        self.report.reduce_clients(reduced_clients);
        for ((place, kind), outcome) in std::mem::take(&mut self.later).into_iter().zip(later) {
            self.note(place, kind, outcome);
        }
        Ok(())
    }

    /// Puts what waits.
    ///
    /// # Errors
    ///
    /// If the store fails, or a hash cannot be made: then nothing of the batch was put, and nothing more is.
    pub(crate) fn flush(&mut self) -> Result<(), Stopped> {
        let (read, records) = (std::mem::take(&mut self.read), std::mem::take(&mut self.records));
        let outcomes = if records.is_empty() {
            Vec::new()
        } else {
            let put = self.import.put_batch(records, self.report.dry_run);
            self.runtime.block_on(put).map_err(|error| {
                self.failure = Some(error);
                Stopped
            })?
        };
        let mut outcomes = outcomes.into_iter();
        for (place, reading) in read {
            match reading {
                Reading::Wrong(kind, problems) => self.refuse(place, kind, problems),
                Reading::Ready(kind) => {
                    if let Some(outcome) = outcomes.next() {
                        self.note(place, kind, outcome);
                    }
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, place: Place, kind: Kind, outcome: RecordOutcome) {
        match outcome {
            RecordOutcome::Put(upsert, warnings) => {
                self.report.put(kind, upsert);
                if !warnings.is_empty() {
                    self.warn(place, kind, warnings);
                }
            }
            RecordOutcome::Refused(refusal) => {
                let (field, reason) = (refusal.field.to_owned(), refusal.reason.to_string());
                self.refuse(place, Some(kind), vec![Problem { field, reason }]);
            }
            RecordOutcome::Later => self.later.push((place, kind)),
        }
    }

    fn warn(&mut self, place: Place, kind: Kind, warnings: Vec<Warning>) {
        let problem = |Warning { field, reason }: Warning| Problem {
            field: field.to_owned(),
            reason: reason.to_string(),
        };
        let problems = warnings.into_iter().map(problem).collect();
        let warned = WarnedRecord::new(&self.file, place, kind, problems);
        self.progress.say(&warned.lines());
        self.report.warn(warned);
    }

    fn refuse(&mut self, place: Place, kind: Option<Kind>, problems: Vec<Problem>) {
        let refused = RefusedRecord::new(&self.file, place, kind, problems);
        self.progress.say(&refused.lines());
        self.report.refuse(refused);
    }

    /// Why nothing more is put.
    pub(crate) fn failure(&self) -> Option<&(dyn Error + 'static)> {
        self.failure.as_ref().map(|error| error as _)
    }

    pub(crate) fn into_report(self) -> Report {
        self.report
    }
}

impl<S: Store> Taker for Loader<'_, S> {
    fn take(&mut self, Item { place, kind, record }: Item) -> Result<(), Stopped> {
        self.is_empty = false;
        match record {
            Ok(record) => {
                self.read.push((place, Reading::Ready(Kind::of(&record))));
                self.records.push(record);
            }
            Err(problems) => {
                self.lacks_clients |= matches!(kind, Some(Kind::Client) | None);
                self.read.push((place, Reading::Wrong(kind, problems)));
            }
        }
        if self.read.len() >= BATCH { self.flush() } else { Ok(()) }
    }
}
