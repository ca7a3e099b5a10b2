use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use asteroid_kernel::BoxError;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::access::Access;

/// Where the database is, and how much of the machine it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// The file. It and its folder are made if they are not there, for nobody but the process's user.
    pub path: PathBuf,
    /// So many threads read. At least one does.
    pub readers: usize,
    /// So many units may wait to be run, to write and to read each; one more is refused as busy.
    pub queue_length: usize,
}

impl SqliteOptions {
    /// A database in this file, with 2 readers and queues of 1024.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers: 2, queue_length: 1024 }
    }
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `SQLite` takes paths in UTF-8 alone.
    #[error("the database's path {} is not UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// The folder is not there and cannot be made.
    #[error("the database's folder {} cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be opened for writing, or cannot be made.
    #[error("the database's file {} cannot be opened", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `SQLite` cannot use the file: it is no database, or somebody locks it.
    #[error("SQLite cannot use the file {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BoxError,
    },
    /// No thread can be started.
    #[error("no thread can be started for the database")]
    Thread(#[source] io::Error),
}

/// The absolute path of the database's file, which is there when this returns.
///
/// `SQLite` gives some relative names a meaning of their own (`:memory:`, `file:…`), but no absolute path.
pub(super) fn prepare_file(path: &Path) -> Result<PathBuf, OpenError> {
    let absolute = std::path::absolute(path);
    let path = absolute.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    if let Some(folder) = path.parent() {
        let made = private_folder().recursive(true).create(folder);
        made.map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
    }
    // Made before SQLite does it, so that nobody else can read it; SQLite gives its other files the same mode.
    let made = private_file().read(true).write(true).create(true).open(&path);
    made.map_err(|source| OpenError::File { path: path.clone(), source })?;
    Ok(path)
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    let mut folder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
}

#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    let mut file = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file
}

#[cfg(not(unix))]
fn private_file() -> OpenOptions {
    OpenOptions::new()
}

/// `FULL`: what a commit acknowledges is on the disk. (`NORMAL` would acknowledge before the sync.)
const PRAGMAS: [&str; 8] = [
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA journal_size_limit = 67108864",
];

/// A connection to the file at an absolute path.
pub(super) fn connect(path: &Path, access: Access) -> Result<SqliteConnection, OpenError> {
    let text = path.to_str().ok_or_else(|| OpenError::NotUtf8 { path: path.to_owned() })?;
    let unusable = |source: BoxError| OpenError::Database { path: path.to_owned(), source };
    let mut conn = SqliteConnection::establish(text).map_err(|error| unusable(error.into()))?;
    let query_only = match access {
        Access::Read => "PRAGMA query_only = ON",
        Access::Write => "PRAGMA query_only = OFF",
    };
    for pragma in PRAGMAS.into_iter().chain([query_only]) {
        conn.batch_execute(pragma).map_err(|error| unusable(error.into()))?;
    }
    Ok(conn)
}

/// A connection to the file at an absolute path that cannot write: neither what is in the file, nor how it is kept.
pub(super) fn connect_read_only(path: &Path) -> Result<SqliteConnection, OpenError> {
    /// What ends a path in a URI, or begins an escape in it.
    const ESCAPED: &AsciiSet = &CONTROLS.add(b'?').add(b'#').add(b'%');

    let text = path.to_str().ok_or_else(|| OpenError::NotUtf8 { path: path.to_owned() })?;
    let unusable = |source: BoxError| OpenError::Database { path: path.to_owned(), source };
    let text = if cfg!(windows) { format!("/{}", text.replace('\\', "/")) } else { text.to_owned() };
    let uri = format!("file:{}?mode=ro", utf8_percent_encode(&text, ESCAPED));
    let mut conn = SqliteConnection::establish(&uri).map_err(|error| unusable(error.into()))?;
    // Whoever reads everything once needs no large cache, and no map of the file. The last one looks whether it is a
    // database at all.
    for pragma in ["PRAGMA busy_timeout = 5000", "PRAGMA query_only = ON", "PRAGMA schema_version"] {
        conn.batch_execute(pragma).map_err(|error| unusable(error.into()))?;
    }
    Ok(conn)
}
