use crate::report::{RefusedRecord, WarnedRecord};

/// Receives the progress of an import. `()` ignores it.
pub trait ImportObserver {
    /// So many bytes of a file were read. JSON files may be read more than once.
    fn bytes_read(&self, count: u64);

    /// A record was refused.
    fn record_refused(&self, record: &RefusedRecord);

    /// A record was imported with warnings.
    fn record_warned(&self, record: &WarnedRecord);
}

impl ImportObserver for () {
    fn bytes_read(&self, _: u64) {}

    fn record_refused(&self, _: &RefusedRecord) {}

    fn record_warned(&self, _: &WarnedRecord) {}
}
