mod progress;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use asteroid_application::Import;
use asteroid_argon2::{Argon2Hasher, Argon2Settings};
use asteroid_import::{FileFormat, ImportPlan, ImportReport, InputFile, RecordCounts, RecordKind};
use asteroid_keyring::KeysFile;
use clap::Args;

use progress::Progress;

use super::failure::ErrorCode;
use super::output::{TextTable, answer, warn};
use super::{CommandError, Context, Format, names, operator, runtime};
use crate::config::Settings;
use crate::keys::tombstone_keys;
use crate::storage::{self, ServerStorage, with_storage};

#[derive(Debug, Args)]
#[command(
    after_help = r#"Records are identified by the ids of the system that they come from. Importing a file again
changes nothing; after an interruption it continues. An invalid record is refused alone, with
its line, field and reason, and the exit status is 1; a file without records is an error, too.
Practices must come before their users and clients.

A user is identified by its id, else by its practiceId and clientId, else by a contact. A
contact belongs to one user: of two users that share it, the second is imported without it,
with a warning, or refused if it has no other contact. A record replaces the contacts that
earlier records of the same practice set, and ends the sessions; verified contacts stay.
Practice, last name and password are optional; "status" is enabled or disabled. Several
records of one client in a file are merged into one client with the patients of all.

Layouts, with the fields that the API shows:
  JSON    {"practices": [], "clientClasses": [], "users": [], "clients": []}
  NDJSON  one object per line, with "type": practice, clientClass, user or client
  CSV     one file per type, one column per field, separated by commas, semicolons or
          tabs; an empty cell is null, the items of a list are separated by semicolons,
          clientClass and patients are JSON
Files are in UTF-8, or in UTF-16 with a byte order mark.

Examples:
  asteroid import config/practice.json
  asteroid import practices.csv users.csv clients.csv --dry-run
  zcat export.ndjson.gz | asteroid import - --format ndjson --json"#
)]
pub(super) struct ImportArguments {
    /// The files to import, in order; - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of the files; by default from their names.
    #[arg(long, value_name = "FORMAT", value_parser = names(FileFormat::ALL, FileFormat::as_str))]
    format: Option<FileFormat>,
    /// The type of the records in CSV files; by default from their names.
    #[arg(long = "type", value_name = "TYPE", value_parser = names(RecordKind::ALL, RecordKind::as_str))]
    kind: Option<RecordKind>,
    /// Validate and report everything, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    answer: Format,
}

pub(super) fn run(context: &Context, arguments: &ImportArguments) -> Result<(), CommandError> {
    let ImportArguments { files, format, kind, dry_run, answer: answer_format } = arguments;
    let inputs: Result<Vec<InputFile>, _> =
        files.iter().map(|file| InputFile::new(file, *format, *kind)).collect();
    let inputs = inputs.map_err(|error| CommandError::Usage("import", error.to_string()))?;
    let settings = context.configuration()?.settings;
    let plan = ImportPlan { inputs, region: settings.product.default_region, dry_run: *dry_run };
    let runtime = runtime()?;
    let storage = runtime.block_on(storage::open(&settings, &context.clock, &context.randomness))?;
    let hasher = Argon2Hasher::start(hashing(&settings), Arc::clone(&context.randomness))?;
    let (clock, randomness) = (Arc::clone(&context.clock), Arc::clone(&context.randomness));
    let passwords = settings.account_rules().passwords;
    // Without a file there may be no tombstones, either.
    let keys =
        settings.keys_file().map_or_else(|_| Ok(Vec::new()), |file| KeysFile::at(file).tombstone_keys())?;
    let keys = tombstone_keys(keys);
    let report = with_storage!(storage, |storage| {
        let import =
            Import::new(storage.patient(), Arc::new(hasher), clock, randomness, passwords, operator())
                .with_tombstone_keys(keys);
        let missing = runtime.block_on(import.missing_tombstone_keys())?;
        if !missing.is_empty() {
            return Err(MissingTombstoneKeys(missing.join("`, `")).into());
        }
        let progress = Progress::new(plan.inputs.iter().map(InputFile::length).sum(), answer_format.json);
        asteroid_import::run(&plan, import, &runtime, &progress)
    });
    answer(*answer_format, &report, || summary(&report))?;
    if let Some(stopped) = report.stopped.as_ref().filter(|_| !answer_format.json) {
        warn(&format!("{stopped}\n  {}", what_stays(&report)));
    }
    if report.is_clean() {
        return Ok(());
    }
    let (code, message) = match &report.stopped {
        Some(stopped) => ("import_stopped", stopped.clone()),
        None => {
            ("records_refused", "not every record was imported: the report lists the refused ones".to_owned())
        }
    };
    Err(CommandError::Answered { code, message })
}

/// Users would be created again who were deleted.
#[derive(Debug, thiserror::Error)]
#[error(
    "users were deleted under the key `{0}`, which is not in the key file: name the file that the servers use by `keys.file`"
)]
pub(super) struct MissingTombstoneKeys(String);

impl ErrorCode for MissingTombstoneKeys {
    fn code(&self) -> &'static str {
        "tombstone_key_missing"
    }
}

fn what_stays(report: &ImportReport) -> &'static str {
    if report.dry_run {
        "nothing after it was read"
    } else {
        "everything before it was imported; importing the same files again continues from there"
    }
}

/// A command alone waits for these hashes, so it may wait long.
pub(super) fn hashing(settings: &Settings) -> Argon2Settings {
    let settings = Argon2Settings::from(&settings.passwords.hashing);
    Argon2Settings { queue: 64, max_wait: Duration::from_mins(1), ..settings }
}

/// The counts, for people.
fn summary(report: &ImportReport) -> String {
    let mut table = TextTable::with_header(["", "created", "updated", "unchanged", "refused"]);
    for (name, RecordCounts { created, updated, unchanged, refused }) in report.counts() {
        let counts = [created, updated, unchanged, refused];
        if counts != [0; 4] {
            let cells = counts.map(|count| count.to_string());
            table.add_row([name.to_owned()].into_iter().chain(cells));
        }
    }
    if report.unreadable > 0 {
        table.add_row(["unreadable", "", "", "", &report.unreadable.to_string()]);
    }
    if report.warned > 0 {
        table.add_row(["with warnings", &report.warned.to_string()]);
    }
    let mut summary = table.render(1);
    if report.dry_run {
        summary.push_str("This was a dry run: nothing was changed.\n");
    }
    summary
}
