//! The file that holds the server's keys: `{"codes": [{"id": …, "key": …, "made_at": …}, …], "tokens": […]}`, keys in
//! base64, in each ring the one that signs first.

mod ring;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use asteroid_jwt::{InvalidJwtKeys, JwtKey, JwtSigner};
use asteroid_kernel::{Clock, Randomness};
use asteroid_verification::{CodeKey, CodeKeys, InvalidCodeKeys};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use ring::StoredKey;
pub use ring::{Ring, Rotation};

/// A file of keys.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKeys {
    codes: Vec<StoredKey>,
    /// Missing in files from before there were tokens to sign.
    #[serde(default)]
    tokens: Vec<StoredKey>,
}

impl StoredKeys {
    const RINGS: [Ring; 2] = [Ring::Codes, Ring::Tokens];

    fn ring(&self, ring: Ring) -> &Vec<StoredKey> {
        match ring {
            Ring::Codes => &self.codes,
            Ring::Tokens => &self.tokens,
        }
    }

    fn ring_mut(&mut self, ring: Ring) -> &mut Vec<StoredKey> {
        match ring {
            Ring::Codes => &mut self.codes,
            Ring::Tokens => &mut self.tokens,
        }
    }
}

/// Keys that were read and may be used.
#[derive(Debug)]
pub struct LoadedKeys {
    /// The keys that codes are derived with.
    pub codes: CodeKeys,
    /// Signs tokens, and reads them back.
    pub tokens: JwtSigner,
    /// What development puts up with, and production does not.
    pub flaws: Vec<String>,
}

/// A key, without what is secret about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// What it is for.
    pub ring: Ring,
    /// Names the key.
    pub id: String,
    /// Whether new codes or tokens are made with it.
    pub current: bool,
    /// Whether it is the next that will be.
    pub staged: bool,
    /// When it was made, if the file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
}

/// How long what is signed with the keys of each ring stays alive.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// A code.
    pub codes: Duration,
    /// A token.
    pub tokens: Duration,
}

impl Lives {
    const fn of(self, ring: Ring) -> Duration {
        match ring {
            Ring::Codes => self.codes,
            Ring::Tokens => self.tokens,
        }
    }
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
    /// A ring has no key.
    #[error("there is no key for {}", .0.as_str())]
    NoKey(Ring),
    /// A key is no base64.
    #[error("the key `{0}` is no base64")]
    NotBase64(String),
    /// The keys for codes are wrong.
    #[error(transparent)]
    InvalidCodes(#[from] InvalidCodeKeys),
    /// The keys for tokens are wrong.
    #[error(transparent)]
    InvalidTokens(#[from] InvalidJwtKeys),
    /// A key waits already to be put first.
    #[error("the key `{id}` for {} is staged already: rotate to put it first", ring.as_str())]
    Staged {
        /// In this ring.
        ring: Ring,
        /// Names the key.
        id: String,
    },
}

/// A file of keys.
#[derive(Clone, Debug)]
pub struct KeysFile {
    path: PathBuf,
}

impl KeysFile {
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
        let mut decode = |ring| {
            let keys = stored.ring(ring);
            if keys.is_empty() {
                return Err(KeysError::NoKey(ring));
            }
            let decode_one = |StoredKey { id, key, .. }: &StoredKey| {
                let bytes = STANDARD.decode(key.trim()).map_err(|_| KeysError::NotBase64(id.clone()))?;
                if bytes.len() >= StoredKey::BYTES && is_sample(&bytes) {
                    flaws.push(format!("the key `{id}` is a sample, not random bytes"));
                }
                Ok((id.clone(), bytes.into()))
            };
            keys.iter().map(decode_one).collect::<Result<Vec<_>, _>>()
        };
        let (codes, tokens) = (decode(Ring::Codes)?, decode(Ring::Tokens)?);
        let codes = codes.into_iter().map(|(id, secret)| CodeKey { id, secret }).collect();
        let tokens = tokens.into_iter().map(|(id, secret)| JwtKey { id, secret }).collect();
        Ok(LoadedKeys { codes: CodeKeys::new(codes)?, tokens: JwtSigner::new(tokens)?, flaws })
    }

    /// Reads the keys; makes first what is missing: the file, or the keys for tokens in a file from before there were
    /// any. Of several that make the file at once, one does.
    ///
    /// # Errors
    ///
    /// If the file cannot be made or read, or its keys cannot be used.
    pub fn load_or_create(
        &self,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<LoadedKeys, KeysError> {
        let fresh = || vec![StoredKey::fresh(clock.now(), randomness)];
        match self.load() {
            Err(KeysError::Missing(_)) => {
                tracing::info!(file = %self.path.display(), "made new keys: there was no file of them");
                self.write(&StoredKeys { codes: fresh(), tokens: fresh() }, false)?;
                self.load()
            }
            Err(KeysError::NoKey(Ring::Tokens)) => {
                self.write(&StoredKeys { tokens: fresh(), ..self.read()? }, true)?;
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
        let stored = self.read()?;
        let infos = StoredKeys::RINGS.into_iter().flat_map(|ring| {
            stored.ring(ring).iter().enumerate().map(move |(index, key)| KeyInfo {
                ring,
                id: key.id.clone(),
                current: index == 0,
                staged: index > 0 && key.staged,
                made_at: key.made_at.clone(),
            })
        });
        Ok(infos.collect())
    }

    /// Puts a new key first in each of these rings (the staged one, if there is one), keeps the older ones that may
    /// still have to verify something, and drops the others. A missing file is made, with keys in every ring.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn rotate(
        &self,
        rings: &[Ring],
        lives: Lives,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<Vec<Rotation>, KeysError> {
        self.change(rings, |ring, keys| Ok(ring::rotate(ring, keys, lives.of(ring), clock.now(), randomness)))
    }

    /// Puts a new key second in each of these rings: every server learns to verify with it before the first one
    /// signs with it, after the next rotation.
    ///
    /// # Errors
    ///
    /// If a key is staged already, or the file cannot be read or written.
    pub fn stage(
        &self,
        rings: &[Ring],
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<Vec<Rotation>, KeysError> {
        self.change(rings, |ring, keys| ring::stage(ring, keys, clock.now(), randomness))
    }

    /// Changes these rings, and those without a key: a file that lacks one is of no use.
    fn change(
        &self,
        rings: &[Ring],
        change: impl Fn(Ring, &mut Vec<StoredKey>) -> Result<Rotation, KeysError>,
    ) -> Result<Vec<Rotation>, KeysError> {
        let mut stored = match self.read() {
            Err(KeysError::Missing(_)) => StoredKeys::default(),
            read => read?,
        };
        let mut rotations = Vec::new();
        for ring in StoredKeys::RINGS {
            let keys = stored.ring_mut(ring);
            if rings.contains(&ring) || keys.is_empty() {
                rotations.push(change(ring, keys)?);
            }
        }
        self.write(&stored, true)?;
        Ok(rotations)
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
