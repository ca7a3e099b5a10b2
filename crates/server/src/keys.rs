//! The file that holds the server's keys: `{"codes": [{"id": …, "key": …, "made_at": …}, …]}`, keys in base64, the
//! one that signs first.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use asteroid_kernel::{Clock, Randomness, Timestamp, random_bytes};
use asteroid_verification::{CodeKey, CodeKeys, InvalidCodeKeys};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// A file of keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKeys {
    codes: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    id: String,
    key: String,
    /// Missing in files written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_at: Option<String>,
}

/// Keys that were read and may be used.
#[derive(Debug)]
pub struct LoadedKeys {
    /// The keys that codes are derived with.
    pub codes: CodeKeys,
    /// What development puts up with, and production does not.
    pub flaws: Vec<String>,
}

/// A key, without what is secret about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Names the key.
    pub id: String,
    /// Whether new codes are derived with it.
    pub current: bool,
    /// When it was made, if the file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
}

/// What came of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// The new key, that signs from the next start on.
    pub current: String,
    /// The older keys, that still verify.
    pub kept: Vec<String>,
    /// The keys that were taken out: nothing that they signed is alive.
    pub dropped: Vec<String>,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There is no such file.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file cannot be written.
    #[error("{} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] io::Error),
    /// It is no JSON of the right form. Where, but never what: it is about keys.
    #[error("{} is no file of keys: see line {line}, column {column}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line that cannot be read.
        line: usize,
        /// And the column.
        column: usize,
    },
    /// A key is no base64.
    #[error("the key `{0}` is no base64")]
    NotBase64(String),
    /// The keys themselves are wrong.
    #[error(transparent)]
    Invalid(#[from] InvalidCodeKeys),
}

/// A file of keys.
#[derive(Clone, Debug)]
pub struct KeysFile {
    path: PathBuf,
}

impl KeysFile {
    /// How many random bytes a new key has.
    const KEY_BYTES: usize = CodeKeys::MIN_KEY_BYTES;
    /// Servers that run on may sign with the key before the newest until they are started anew.
    const GRACE: Duration = Duration::from_hours(24);

    /// The file at this path, which need not be there.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// If there is no such file, it cannot be read, or its keys cannot be used.
    pub fn load(&self) -> Result<LoadedKeys, KeysError> {
        let stored = self.read()?;
        let mut flaws = self.exposure().into_iter().collect::<Vec<_>>();
        let mut ring = Vec::with_capacity(stored.codes.len());
        for StoredKey { id, key, .. } in stored.codes {
            let bytes = STANDARD.decode(key.trim()).map_err(|_| KeysError::NotBase64(id.clone()))?;
            if bytes.len() >= Self::KEY_BYTES && is_sample(&bytes) {
                flaws.push(format!("the key `{id}` is a sample, not random bytes"));
            }
            ring.push(CodeKey { id, secret: bytes.into() });
        }
        Ok(LoadedKeys { codes: CodeKeys::new(ring)?, flaws })
    }

    /// Reads the keys; makes a file with one first, if there is none. Of several that make it at once, one does.
    ///
    /// # Errors
    ///
    /// If the file cannot be made or read, or its keys cannot be used.
    pub fn load_or_create(
        &self,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<LoadedKeys, KeysError> {
        match self.load() {
            Err(KeysError::Missing(_)) => {
                let fresh = StoredKeys { codes: vec![fresh_key(clock.now(), randomness)] };
                self.write(&fresh, false)?;
                self.load()
            }
            loaded => loaded,
        }
    }

    /// The keys, without what is secret about them.
    ///
    /// # Errors
    ///
    /// If there is no such file, or it cannot be read.
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeysError> {
        let info = |(index, key): (usize, StoredKey)| KeyInfo {
            id: key.id,
            current: index == 0,
            made_at: key.made_at,
        };
        Ok(self.read()?.codes.into_iter().enumerate().map(info).collect())
    }

    /// Puts a new key first, keeps the older ones that may still have to verify something, and drops the others. A
    /// missing file is made.
    ///
    /// `life` is how long what a key signs stays alive.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn rotate(
        &self,
        life: Duration,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<Rotation, KeysError> {
        let now = clock.now();
        let old = match self.read() {
            Ok(stored) => stored.codes,
            Err(KeysError::Missing(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let current = fresh_key(now, randomness);
        // A key signed for the last time when the one before it in the ring was made.
        let mut replaced_at = Some(now);
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for key in old {
            let useless = replaced_at.is_some_and(|at| at + life + Self::GRACE < now);
            replaced_at = key.made_at.as_deref().and_then(Timestamp::parse);
            if useless { dropped.push(key.id) } else { kept.push(key) }
        }
        let rotation = Rotation {
            current: current.id.clone(),
            kept: kept.iter().map(|key| key.id.clone()).collect(),
            dropped,
        };
        let codes = std::iter::once(current).chain(kept).collect();
        self.write(&StoredKeys { codes }, true)?;
        Ok(rotation)
    }

    fn read(&self) -> Result<StoredKeys, KeysError> {
        let text = fs::read_to_string(&self.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => KeysError::Missing(self.path.clone()),
            _ => KeysError::Unreadable(self.path.clone(), error),
        })?;
        serde_json::from_str(&text).map_err(|error| KeysError::Malformed {
            path: self.path.clone(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// Writes the whole file or nothing, and waits until it is on disk. A new file is readable by its owner alone.
    fn write(&self, keys: &StoredKeys, replace: bool) -> Result<(), KeysError> {
        let folder =
            self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let write = || -> io::Result<()> {
            private_folder().recursive(true).create(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut file, keys)?;
            file.write_all(b"\n")?;
            if let (true, Ok(old)) = (replace, fs::metadata(&self.path)) {
                // Whoever was let to read the file, a group perhaps, still is.
                file.as_file().set_permissions(old.permissions())?;
            }
            file.as_file().sync_all()?;
            if replace {
                file.persist(&self.path)?;
            } else if let Err(error) = file.persist_noclobber(&self.path)
                && error.error.kind() != ErrorKind::AlreadyExists
            {
                return Err(error.error);
            }
            fs::File::open(folder)?.sync_all()
        };
        write().map_err(|error| KeysError::Unwritable(self.path.clone(), error))
    }

    /// What is wrong if others than its owner and group may read the file.
    #[cfg(unix)]
    fn exposure(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&self.path).ok()?.permissions().mode();
        let path = self.path.display();
        (mode & 0o007 != 0).then(|| format!("{path} is open to everybody on this machine: chmod o= {path}"))
    }

    #[cfg(not(unix))]
    fn exposure(&self) -> Option<String> {
        None
    }
}

/// Makes folders that only this user looks into.
#[cfg(unix)]
fn private_folder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn private_folder() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

fn fresh_key(now: Timestamp, randomness: &dyn Randomness) -> StoredKey {
    let made_at = now.to_string();
    let [a, b, c] = random_bytes(randomness);
    StoredKey {
        // The day tells people which is which; the rest makes it one of a kind.
        id: format!("{}-{a:02x}{b:02x}{c:02x}", &made_at[..10]),
        key: STANDARD.encode(random_bytes::<{ KeysFile::KEY_BYTES }>(randomness)),
        made_at: Some(made_at),
    }
}

/// Whether nobody's random source gave these bytes: they are text, or hardly differ. Of 32 random bytes, one set in
/// 10^13 looks so.
fn is_sample(bytes: &[u8]) -> bool {
    let mut distinct = bytes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 16 || bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

#[cfg(test)]
mod tests;
