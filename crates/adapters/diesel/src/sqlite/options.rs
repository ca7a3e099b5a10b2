//! Options of an `SQLite` store, and opening connections.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use asteroid_kernel::BoxError;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::access::Access;

/// The file of the database, and the limits on threads and queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// The file. It is created together with its folder if missing, accessible only to the user of the process.
    pub path: PathBuf,
    /// The number of reader threads, at least 1.
    pub readers: usize,
    /// The length of the write queue and of the read queue. Further units of work fail with
    /// [`StorageError::Busy`](asteroid_kernel::StorageError::Busy).
    pub queue_length: usize,
}

impl SqliteOptions {
    /// Options with 2 reader threads and queues of 1024 units.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers: 2, queue_length: 1024 }
    }
}

/// Why opening a database failed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path is not UTF-8, as `SQLite` requires.
    #[error("the path of the database {} is not UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// The folder does not exist and cannot be created.
    #[error("the folder of the database {} cannot be created", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be opened for writing or created.
    #[error("the database file {} cannot be opened", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `SQLite` cannot use the file: it is not a database, or another process has locked it.
    #[error("SQLite cannot use the file {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BoxError,
    },
    /// A thread could not be started.
    #[error("a thread for the database could not be started")]
    Thread(#[source] io::Error),
}

/// Creates the file and its folder if missing, and returns the absolute path.
///
/// `SQLite` interprets some relative names (`:memory:`, `file:…`), but no absolute path.
pub(super) fn prepare_file(path: &Path) -> Result<PathBuf, OpenError> {
    let absolute = std::path::absolute(path);
    let path = absolute.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    if let Some(folder) = path.parent() {
        let created = private_folder().recursive(true).create(folder);
        created.map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
    }
    // Created before SQLite does it, so that other users cannot read it. SQLite copies the mode to its other files.
    let created = private_file().read(true).write(true).create(true).open(&path);
    created.map_err(|source| OpenError::File { path: path.clone(), source })?;
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

/// How long a connection waits for a lock of another one.
pub(super) const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";

/// The settings of a connection. `synchronous = FULL` syncs to the disk before a commit returns; `secure_delete` overwrites
/// what is deleted with zeros.
const PRAGMAS: [&str; 10] = [
    BUSY_TIMEOUT,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA journal_size_limit = 67108864",
    // The first read, which opens the write-ahead log.
    "PRAGMA schema_version",
];

/// Opens a connection to the file at an absolute path.
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

/// Opens a connection to the file at an absolute path that cannot write, neither rows nor the journal mode.
pub(super) fn connect_read_only(path: &Path) -> Result<SqliteConnection, OpenError> {
    /// The characters that end a path in a URI or start an escape.
    const ESCAPED: &AsciiSet = &CONTROLS.add(b'?').add(b'#').add(b'%');

    let text = path.to_str().ok_or_else(|| OpenError::NotUtf8 { path: path.to_owned() })?;
    let unusable = |source: BoxError| OpenError::Database { path: path.to_owned(), source };
    let text = if cfg!(windows) { format!("/{}", text.replace('\\', "/")) } else { text.to_owned() };
    let uri = format!("file:{}?mode=ro", utf8_percent_encode(&text, ESCAPED));
    let mut conn = SqliteConnection::establish(&uri).map_err(|error| unusable(error.into()))?;
    // A single pass over all rows needs no large cache and no memory map. The last pragma fails if the file is not a
    // database.
    for pragma in [BUSY_TIMEOUT, "PRAGMA query_only = ON", "PRAGMA schema_version"] {
        conn.batch_execute(pragma).map_err(|error| unusable(error.into()))?;
    }
    Ok(conn)
}
