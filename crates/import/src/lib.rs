#![doc = include_str!("../README.md")]

mod csv;
mod csv_quotes;
mod fields;
#[cfg(fuzzing)]
pub mod fuzzing;
mod input;
mod json;
mod kind;
mod loader;
mod ndjson;
mod observer;
mod records;
mod report;
mod sink;
mod values;

use std::io::BufRead;

use asteroid_application::{AllRepositories, Import};
use asteroid_identity::PasswordHasher;
use asteroid_kernel::{Region, Storage, in_one_line};
use tokio::runtime::Runtime;

pub use fields::FieldError;
pub use input::{FileFormat, InputFile, LayoutError};
pub use kind::RecordKind;
pub use observer::ImportObserver;
pub use report::{ImportReport, RecordCounts, RefusedRecord, WarnedRecord};

use input::FileLayout;
use json::JsonPass;
use loader::BatchLoader;
use sink::{FilePosition, ReadError, RecordSink};

/// The files of an import, and how they are imported.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    /// The files, imported in this order.
    pub inputs: Vec<InputFile>,
    /// The region of phone numbers without a calling code.
    pub region: Region,
    /// Whether every batch is rolled back.
    pub dry_run: bool,
}

/// Imports files in order, until one cannot be read or the store fails. The batches before that stay in the store.
///
/// Files are read on this thread; `runtime` runs the batches.
pub fn run<S, H>(
    plan: &ImportPlan,
    import: Import<S, H>,
    runtime: &Runtime,
    observer: &dyn ImportObserver,
) -> ImportReport
where
    S: Storage<Tx: AllRepositories>,
    H: PasswordHasher,
{
    let mut loader = BatchLoader::new(runtime, import, observer, plan.dry_run);
    let stopped = plan.inputs.iter().find_map(|input| {
        loader.begin(input.name());
        let read = read(input, plan.region, observer, &mut loader);
        // The records before the error are imported.
        let put = if matches!(read, Err(ReadError::SinkClosed)) {
            Ok(())
        } else {
            loader.flush().and_then(|()| loader.end(read.is_ok()))
        };
        let read = read.and_then(|()| if loader.is_empty() { Err(no_record()) } else { Ok(()) });
        let error = put.map_err(ReadError::from).and(read).err()?;
        Some(match error {
            ReadError::Malformed { position: FilePosition { line, column }, reason } => {
                let column = column.map(|column| format!(":{column}")).unwrap_or_default();
                format!("{}:{line}{column}: {reason}", input.name())
            }
            ReadError::Io(error) => format!("{} cannot be read: {error}", input.name()),
            ReadError::SinkClosed => loader.failure().map(in_one_line).unwrap_or_default(),
        })
    });
    ImportReport { stopped, ..loader.into_report() }
}

/// An empty file is an error: a failed export looks like one.
fn no_record() -> ReadError {
    ReadError::Malformed {
        position: FilePosition { line: 1, column: None },
        reason: "there is no record in it".to_owned(),
    }
}

fn read(
    input: &InputFile,
    region: Region,
    observer: &dyn ImportObserver,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    let open = || input.open(observer);
    if input.layout != FileLayout::Json || !input.can_be_read_again() {
        return read_from(open()?, input.layout, region, sink);
    }
    for kind in json::read(open()?, JsonPass::InOrder, region, sink)? {
        json::read(open()?, JsonPass::Only(kind), region, sink)?;
    }
    Ok(())
}

fn read_from(
    file: impl BufRead,
    layout: FileLayout,
    region: Region,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    match layout {
        FileLayout::Json => json::read(file, JsonPass::AllAtOnce, region, sink).map(drop),
        FileLayout::Ndjson => ndjson::read(file, region, sink),
        FileLayout::Csv(kind) => csv::read(file, kind, region, sink),
    }
}

#[cfg(test)]
mod tests;
