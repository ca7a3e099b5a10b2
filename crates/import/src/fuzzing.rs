//! The readers of files, for the fuzz targets.

use asteroid_kernel::Region;

use crate::json::{self, JsonPass};
use crate::kind::RecordKind;
use crate::sink::{ReadRecord, RecordSink, SinkClosed};
use crate::{csv, ndjson};

/// Reads a file of CSV as records of every kind.
pub fn csv(file: &[u8]) {
    for kind in RecordKind::ALL {
        let _ = csv::read(file, *kind, Region::US, &mut Nowhere);
    }
}

/// Reads a file of NDJSON.
pub fn ndjson(file: &[u8]) {
    let _ = ndjson::read(file, Region::US, &mut Nowhere);
}

/// Reads a file of JSON.
pub fn json(file: &[u8]) {
    let _ = json::read(file, JsonPass::AllAtOnce, Region::US, &mut Nowhere);
}

/// Takes records and forgets them.
struct Nowhere;

impl RecordSink for Nowhere {
    fn take(&mut self, record: ReadRecord) -> Result<(), SinkClosed> {
        assert!(record.position.line > 0, "lines count from 1");
        Ok(())
    }
}
