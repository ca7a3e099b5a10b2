//! `asteroid import`: files are read record by record, the records put into the store in batches, and what became of
//! each is counted. The layouts of the files are in the help of the command.

mod csv;
mod fields;
mod input;
mod json;
mod kind;
mod loader;
mod ndjson;
mod progress;
mod quotes;
mod reading;
mod records;
mod report;
mod values;

use std::io::BufRead;

use asteroid_application::Import;
use asteroid_argon2::Argon2Hasher;
use asteroid_kernel::{Region, in_one_line};
use tokio::runtime::Runtime;

pub(crate) use input::{FileFormat, Input};
pub(crate) use kind::Kind;
pub(crate) use report::Report;

use input::Layout;
use json::Reading;
use loader::Loader;
use progress::Progress;
use reading::{Place, Taker, Unreadable};

use crate::store::Store;

/// What is imported, and how.
pub(crate) struct Order {
    pub(crate) inputs: Vec<Input>,
    /// The region of phone numbers without a calling code.
    pub(crate) region: Region,
    pub(crate) dry_run: bool,
    /// Whether only the report tells of what is refused.
    pub(crate) quiet: bool,
}

/// Imports files, one after the other, until one cannot be read or the store fails. What came before stays.
pub(crate) fn run<S: Store>(order: &Order, import: Import<S, Argon2Hasher>, runtime: &Runtime) -> Report {
    let bytes = order.inputs.iter().map(Input::length).sum();
    let progress = Progress::new(bytes, order.quiet);
    let mut loader = Loader::new(runtime, import, &progress, order.dry_run);
    let stopped = order.inputs.iter().find_map(|input| {
        loader.begin(input.name());
        let read = read(input, order.region, &progress, &mut loader);
        // What came before the place where the file broke is put.
        let put = if matches!(read, Err(Unreadable::Stopped)) {
            Ok(())
        } else {
            loader.flush().and_then(|()| loader.end(read.is_ok()))
        };
        let read = read.and_then(|()| if loader.is_empty() { Err(no_record()) } else { Ok(()) });
        let unreadable = put.map_err(Unreadable::from).and(read).err()?;
        Some(match unreadable {
            Unreadable::Broken { place: Place { line, column }, reason } => {
                let column = column.map(|column| format!(":{column}")).unwrap_or_default();
                format!("{}:{line}{column}: {reason}", input.name())
            }
            Unreadable::Io(error) => format!("{} cannot be read: {error}", input.name()),
            Unreadable::Stopped => loader.failure().map(in_one_line).unwrap_or_default(),
        })
    });
    Report { stopped, ..loader.into_report() }
}

/// An export that went wrong looks like one without records.
fn no_record() -> Unreadable {
    Unreadable::Broken {
        place: Place { line: 1, column: None },
        reason: "there is no record in it".to_owned(),
    }
}

fn read(
    input: &Input,
    region: Region,
    progress: &Progress,
    loader: &mut Loader<'_, impl Store>,
) -> Result<(), Unreadable> {
    let open = || input.open(|file| progress.watch(file));
    if input.layout != Layout::Json || !input.can_be_read_again() {
        return read_from(open()?, input.layout, region, loader);
    }
    for kind in json::read(open()?, Reading::InOrder, region, loader)? {
        json::read(open()?, Reading::Only(kind), region, loader)?;
    }
    Ok(())
}

fn read_from(
    file: impl BufRead,
    layout: Layout,
    region: Region,
    taker: &mut dyn Taker,
) -> Result<(), Unreadable> {
    match layout {
        Layout::Json => json::read(file, Reading::AllAtOnce, region, taker).map(drop),
        Layout::Ndjson => ndjson::read(file, region, taker),
        Layout::Csv(kind) => csv::read(file, kind, region, taker),
    }
}

#[cfg(test)]
mod tests;
