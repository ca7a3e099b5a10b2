//! Notices that the files of an open database were deleted, moved or replaced.
//!
//! An open file outlives its name: `SQLite` goes on writing to it, and the next start does not find what was written. In
//! WAL mode `SQLite` does not check this by itself ("How To Corrupt An SQLite Database File", section 2.4).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The files of a database as they were opened.
#[derive(Clone, Debug)]
pub(super) struct DatabaseFiles(Vec<OpenedFile>);

/// A path and the file that was opened there.
#[derive(Clone, Debug)]
struct OpenedFile {
    path: PathBuf,
    id: FileId,
}

/// A file of the database is not, or no longer, at its path. Writes are not acknowledged until it is again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database file {} was deleted, moved or replaced while it was open: stop the server, restore the file, and \
     start the server again",
    path.display()
)]
pub(super) struct FileChanged {
    path: PathBuf,
}

impl DatabaseFiles {
    /// The identity of the database file, which exists already but is not open.
    ///
    /// # Errors
    ///
    /// If the file cannot be found.
    pub(super) fn before_opening(path: &Path) -> io::Result<Self> {
        // SQLite follows links when it opens a file, and puts the write-ahead log beside the file that it has found. The
        // next start does the same: both the link and the file must stay.
        let real = fs::canonicalize(path)?;
        let mut files = Self(Vec::new());
        files.add(path.to_owned())?;
        if real != path {
            files.add(real)?;
        }
        Ok(files)
    }

    /// Adds the files that `SQLite` has created beside the database, while a connection keeps them open.
    ///
    /// # Errors
    ///
    /// If one of them cannot be found.
    pub(super) fn add_journals(&mut self) -> io::Result<()> {
        let Some(real) = self.0.last().map(|file| file.path.clone()) else { return Ok(()) };
        // With another shared-memory file, other processes would not see the locks of this one.
        for suffix in ["-wal", "-shm"] {
            let mut name = real.clone().into_os_string();
            name.push(suffix);
            self.add(name.into())?;
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf) -> io::Result<()> {
        let id = FileId::at(&path)?;
        self.0.push(OpenedFile { path, id });
        Ok(())
    }

    /// Checks that each path still leads to the file that was opened there.
    ///
    /// # Errors
    ///
    /// If a file is missing, another, or cannot be examined.
    pub(super) fn check(&self) -> Result<(), FileChanged> {
        let changed = self.0.iter().find(|file| FileId::at(&file.path).ok() != Some(file.id));
        changed.map_or(Ok(()), |file| Err(FileChanged { path: file.path.clone() }))
    }
}

/// What distinguishes a file from all others that exist at the same time.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
impl FileId {
    fn at(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        fs::metadata(path).map(|file| Self { device: file.dev(), inode: file.ino() })
    }
}

/// Windows refuses to delete, move or replace a file that `SQLite` has open, so that it only needs to exist.
#[cfg(not(unix))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId;

#[cfg(not(unix))]
impl FileId {
    fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self)
    }
}
