//! The records of each kind, read from their fields.

mod client;
mod practice;
mod user;

use std::sync::Arc;

use asteroid_application::ImportRecord;
use asteroid_kernel::Region;

use super::fields::{Fields, Problem};
use super::kind::Kind;

/// Reads a record of this kind, or says all that is wrong with it.
pub(crate) fn read(kind: Kind, mut fields: Fields, region: Region) -> Result<ImportRecord, Vec<Problem>> {
    let record = match kind {
        Kind::Practice => practice::practice(&mut fields).map(ImportRecord::Practice),
        Kind::ClientClass => client::class(&mut fields, None).map(ImportRecord::ClientClass),
        Kind::User => user::user(&mut fields, region).map(Arc::new).map(ImportRecord::User),
        Kind::Client => client::client(&mut fields).map(Box::new).map(ImportRecord::Client),
    };
    let problems = fields.finish();
    // A record is not made only where something is wrong with it.
    record.filter(|_| problems.is_empty()).ok_or(problems)
}

/// The names of the fields of this kind.
pub(crate) fn names(kind: Kind) -> Vec<&'static str> {
    let mut fields = Fields::default();
    // Every field is asked for, whether the others are there or not.
    match kind {
        Kind::Practice => drop(practice::practice(&mut fields)),
        Kind::ClientClass => drop(client::class(&mut fields, None)),
        Kind::User => drop(user::user(&mut fields, Region::US)),
        Kind::Client => drop(client::client(&mut fields)),
    }
    fields.known().to_vec()
}

#[cfg(test)]
mod tests;
