//! The records of each kind, read from their fields.

mod client;
mod practice;
mod user;

use std::sync::Arc;

use asteroid_application::ImportRecord;
use asteroid_kernel::Region;

use crate::fields::{FieldError, Fields};
use crate::kind::RecordKind;

/// Reads a record of this kind, or returns all of its errors.
pub(crate) fn read(
    kind: RecordKind,
    mut fields: Fields,
    region: Region,
) -> Result<ImportRecord, Vec<FieldError>> {
    let record = match kind {
        RecordKind::Practice => practice::practice(&mut fields).map(ImportRecord::Practice),
        RecordKind::ClientClass => client::class(&mut fields, None).map(ImportRecord::ClientClass),
        RecordKind::User => user::user(&mut fields, region).map(Arc::new).map(ImportRecord::User),
        RecordKind::Client => client::client(&mut fields).map(Box::new).map(ImportRecord::Client),
    };
    let problems = fields.finish();
    // Without a record there is at least one error.
    record.filter(|_| problems.is_empty()).ok_or(problems)
}

/// The names of the fields of this kind.
pub(crate) fn names(kind: RecordKind) -> Vec<&'static str> {
    let mut fields = Fields::default();
    // Every reader reads all fields, whether the others are present or not.
    match kind {
        RecordKind::Practice => drop(practice::practice(&mut fields)),
        RecordKind::ClientClass => drop(client::class(&mut fields, None)),
        RecordKind::User => drop(user::user(&mut fields, Region::US)),
        RecordKind::Client => drop(client::client(&mut fields)),
    }
    fields.known().to_vec()
}

#[cfg(test)]
mod tests;
