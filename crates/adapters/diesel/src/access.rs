//! What a transaction may do.

/// Whether a transaction only reads or may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}
