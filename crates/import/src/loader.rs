//! Imports the records of files in batches, and builds the report.

use std::error::Error;

use asteroid_application::{
    AllRepositories, EndOfFile, Import, ImportError, ImportRecord, RecordOutcome, Warning,
};
use asteroid_identity::PasswordHasher;
use asteroid_kernel::Storage;
use tokio::runtime::Runtime;

use crate::ImportObserver;
use crate::fields::FieldError;
use crate::kind::RecordKind;
use crate::report::{ImportReport, RefusedRecord, WarnedRecord};
use crate::sink::{FilePosition, ReadRecord, RecordSink, SinkClosed};

/// The most records of one unit of work.
const BATCH: usize = 500;

/// Collects the records of a file into batches, imports them, and keeps the report.
pub(crate) struct BatchLoader<'a, S, H> {
    runtime: &'a Runtime,
    import: Import<S, H>,
    observer: &'a dyn ImportObserver,
    report: ImportReport,
    file: String,
    /// Whether no record of the file has been read yet.
    is_empty: bool,
    /// Whether a record that may be a client could not be read.
    lacks_clients: bool,
    /// Records that are decided at the end of the file.
    later: Vec<(FilePosition, RecordKind)>,
    /// What was read since the last batch, valid or not.
    read: Vec<(FilePosition, PendingRecord)>,
    /// The valid records among them, in the same order.
    records: Vec<ImportRecord>,
    failure: Option<ImportError>,
}

/// A record of the next batch.
enum PendingRecord {
    Ready(RecordKind),
    Wrong(Option<RecordKind>, Vec<FieldError>),
}

impl<'a, S, H> BatchLoader<'a, S, H>
where
    S: Storage<Tx: AllRepositories>,
    H: PasswordHasher,
{
    pub(crate) fn new(
        runtime: &'a Runtime,
        import: Import<S, H>,
        observer: &'a dyn ImportObserver,
        dry_run: bool,
    ) -> Self {
        Self {
            runtime,
            import,
            observer,
            report: ImportReport { dry_run, ..ImportReport::default() },
            file: String::new(),
            is_empty: true,
            lacks_clients: false,
            later: Vec::new(),
            read: Vec::new(),
            records: Vec::new(),
            failure: None,
        }
    }

    /// Starts a file.
    pub(crate) fn begin(&mut self, file: String) {
        self.file = file;
        self.is_empty = true;
        self.lacks_clients = false;
    }

    /// Whether no record of the file was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Ends a file and decides the records that were left for its end. `is_whole` is false if reading stopped early.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(crate) fn end(&mut self, is_whole: bool) -> Result<(), SinkClosed> {
        let is_whole = is_whole && !self.lacks_clients;
        let ended = self.runtime.block_on(self.import.end_file(is_whole, self.report.dry_run));
        let EndOfFile { later, reduced_clients } = ended.map_err(|error| {
            self.failure = Some(error);
            SinkClosed
        })?;
        self.report.reduce_clients(reduced_clients);
        for ((position, kind), outcome) in std::mem::take(&mut self.later).into_iter().zip(later) {
            self.note(position, kind, outcome);
        }
        Ok(())
    }

    /// Imports the current batch.
    ///
    /// # Errors
    ///
    /// If the store or the hasher fails: then nothing of the batch was imported, and the import stops.
    pub(crate) fn flush(&mut self) -> Result<(), SinkClosed> {
        let (read, records) = (std::mem::take(&mut self.read), std::mem::take(&mut self.records));
        let outcomes = if records.is_empty() {
            Vec::new()
        } else {
            let put = self.import.put_batch(records, self.report.dry_run);
            self.runtime.block_on(put).map_err(|error| {
                self.failure = Some(error);
                SinkClosed
            })?
        };
        let mut outcomes = outcomes.into_iter();
        for (position, record) in read {
            match record {
                PendingRecord::Wrong(kind, problems) => self.refuse(position, kind, problems),
                PendingRecord::Ready(kind) => {
                    if let Some(outcome) = outcomes.next() {
                        self.note(position, kind, outcome);
                    }
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, position: FilePosition, kind: RecordKind, outcome: RecordOutcome) {
        match outcome {
            RecordOutcome::Put(upsert, warnings) => {
                self.report.put(kind, upsert);
                if !warnings.is_empty() {
                    self.warn(position, kind, warnings);
                }
            }
            RecordOutcome::Refused(refusal) => {
                let (field, reason) = (refusal.field.to_owned(), refusal.reason.to_string());
                self.refuse(position, Some(kind), vec![FieldError { field, reason }]);
            }
            RecordOutcome::Later => self.later.push((position, kind)),
        }
    }

    fn warn(&mut self, position: FilePosition, kind: RecordKind, warnings: Vec<Warning>) {
        let problem = |Warning { field, reason }: Warning| FieldError {
            field: field.to_owned(),
            reason: reason.to_string(),
        };
        let problems = warnings.into_iter().map(problem).collect();
        let warned = WarnedRecord::new(&self.file, position, kind, problems);
        self.observer.record_warned(&warned);
        self.report.warn(warned);
    }

    fn refuse(&mut self, position: FilePosition, kind: Option<RecordKind>, problems: Vec<FieldError>) {
        let refused = RefusedRecord::new(&self.file, position, kind, problems);
        self.observer.record_refused(&refused);
        self.report.refuse(refused);
    }

    /// Why the import stopped.
    pub(crate) fn failure(&self) -> Option<&(dyn Error + 'static)> {
        self.failure.as_ref().map(|error| error as _)
    }

    pub(crate) fn into_report(self) -> ImportReport {
        self.report
    }
}

impl<S, H> RecordSink for BatchLoader<'_, S, H>
where
    S: Storage<Tx: AllRepositories>,
    H: PasswordHasher,
{
    fn take(&mut self, ReadRecord { position, kind, record }: ReadRecord) -> Result<(), SinkClosed> {
        self.is_empty = false;
        match record {
            Ok(record) => {
                self.read.push((position, PendingRecord::Ready(RecordKind::of(&record))));
                self.records.push(record);
            }
            Err(problems) => {
                self.lacks_clients |= matches!(kind, Some(RecordKind::Client) | None);
                self.read.push((position, PendingRecord::Wrong(kind, problems)));
            }
        }
        if self.read.len() >= BATCH { self.flush() } else { Ok(()) }
    }
}
