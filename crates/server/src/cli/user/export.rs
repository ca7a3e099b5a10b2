//! `asteroid user export`: everything that is kept about a user, as JSON.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// Writes an export to a new file that its owner alone may read.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
