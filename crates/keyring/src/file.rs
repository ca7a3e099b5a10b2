//! The key file: `{"codes": [{"id": …, "key": …, "made_at": …}, …], "tokens": […], "tombstones": […]}`, keys in base64, the
//! current key of each list first.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use asteroid_kernel::{Clock, Randomness, Timestamp};
use asteroid_verification::{CodeKey, CodeKeys, InvalidCodeKeys, KeyFingerprint, KeyIdentity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::ring::{self, KeyRing, Rotation, StoredKey};

/// The content of a key file.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKeys {
    codes: Vec<StoredKey>,
    /// Missing in files of versions that signed no tokens.
    #[serde(default)]
    tokens: Vec<StoredKey>,
    /// Missing in files of versions that deleted no users. Never rotated: what was made with them cannot be made again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tombstones: Vec<StoredKey>,
}

impl StoredKeys {
    fn ring(&self, ring: KeyRing) -> &Vec<StoredKey> {
        match ring {
            KeyRing::Codes => &self.codes,
            KeyRing::Tokens => &self.tokens,
        }
    }

    fn ring_mut(&mut self, ring: KeyRing) -> &mut Vec<StoredKey> {
        match ring {
            KeyRing::Codes => &mut self.codes,
            KeyRing::Tokens => &mut self.tokens,
        }
    }
}

/// Keys that were read from a file.
#[derive(Debug)]
pub struct LoadedKeys {
    /// The keys that codes are derived with.
    pub codes: CodeKeys,
    /// The keys that tokens are signed with, the signing one first. Never empty.
    pub tokens: Vec<SecretKey>,
    /// All keys without their secrets.
    pub identities: Vec<KeyIdentity>,
    /// Reasons why the keys are unsafe in production: sample keys, or a file that other users can read.
    pub warnings: Vec<String>,
}

/// A key with its secret.
pub struct SecretKey {
    /// Names the key. It is not secret.
    pub id: String,
    /// The secret bytes, as many as the file holds.
    pub secret: SecretSlice<u8>,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// The ring that it belongs to.
    pub ring: KeyRing,
    /// Names the key.
    pub id: String,
    /// Whether new codes or tokens are made with it.
    pub current: bool,
    /// Whether the next rotation makes it current.
    pub staged: bool,
    /// Tells it apart from other keys with this id, and reveals nothing of it: see [`KeyFingerprint`].
    pub fingerprint: String,
    /// When it was made, in RFC 3339, if the file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<String>,
}

/// How long the codes and tokens made with the keys of each ring stay valid.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// The lifetime of a code.
    pub codes: Duration,
    /// The lifetime of a token.
    pub tokens: Duration,
}

impl Lifetimes {
    const fn of(self, ring: KeyRing) -> Duration {
        match ring {
            KeyRing::Codes => self.codes,
            KeyRing::Tokens => self.tokens,
        }
    }
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file does not exist.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file cannot be written.
    #[error("{} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] io::Error),
    /// The content is not valid. The error has the position and no content, which may be a secret.
    #[error("{} is not a valid key file: line {line}, column {column}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A ring has no key.
    #[error("there is no key for {}", .0.as_str())]
    NoKey(KeyRing),
    /// A key is not valid base64.
    #[error("the key `{0}` is not valid base64")]
    NotBase64(String),
    /// The keys for codes cannot be used.
    #[error(transparent)]
    InvalidCodes(#[from] InvalidCodeKeys),
    /// The ring already has a staged key.
    #[error("the key `{id}` for {} is already staged: rotate to put it first", ring.as_str())]
    Staged {
        /// The ring.
        ring: KeyRing,
        /// The id of the staged key.
        id: String,
    },
    /// The key that new codes or tokens are made with cannot be retired.
    #[error("the key `{id}` is the current one for {}: run `asteroid keys rotate` first", ring.as_str())]
    Current {
        /// The ring.
        ring: KeyRing,
        /// The id of the key.
        id: String,
    },
    /// Both rings have a key of this id.
    #[error("both rings have a key `{0}`: name one with --ring")]
    Ambiguous(String),
}

/// A key that can be retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetirableKey {
    /// The ring that it belongs to.
    pub ring: KeyRing,
    /// The time until which it may sign, with a day for restarts; [`None`] if the file does not say it.
    pub signs_until: Option<Timestamp>,
    /// Whether it has never signed.
    pub staged: bool,
}

/// A file of keys.
#[derive(Clone, Debug)]
pub struct KeysFile {
    path: PathBuf,
}

impl KeysFile {
    /// The file at this path, which need not exist.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// If the file does not exist or cannot be read, a ring is empty, or the keys for codes cannot be used. Whether the
    /// keys for tokens are long enough is for the signer to decide.
    pub fn load(&self) -> Result<LoadedKeys, KeysError> {
        let stored = self.read()?;
        let mut warnings = self.exposure().into_iter().collect::<Vec<_>>();
        let mut decode = |ring| {
            let keys = stored.ring(ring);
            if keys.is_empty() {
                return Err(KeysError::NoKey(ring));
            }
            let decode_one = |StoredKey { id, key, .. }: &StoredKey| {
                let bytes = decoded(id, key)?;
                if bytes.len() >= StoredKey::BYTES && is_sample(&bytes) {
                    warnings.push(format!("the key `{id}` is a sample, not random bytes"));
                }
                Ok((id.clone(), SecretSlice::from(bytes)))
            };
            keys.iter().map(decode_one).collect::<Result<Vec<_>, _>>()
        };
        let (codes, tokens) = (decode(KeyRing::Codes)?, decode(KeyRing::Tokens)?);
        let identity = |ring: KeyRing, (id, secret): &(String, SecretSlice<u8>)| KeyIdentity {
            kind: ring.kind(),
            id: id.clone(),
            fingerprint: KeyFingerprint::of(ring.kind(), secret),
        };
        let code_identities = codes.iter().map(|key| identity(KeyRing::Codes, key));
        let token_identities = tokens.iter().map(|key| identity(KeyRing::Tokens, key));
        let identities = code_identities.chain(token_identities).collect();
        let codes = codes.into_iter().map(|(id, secret)| CodeKey { id, secret }).collect();
        let tokens = tokens.into_iter().map(|(id, secret)| SecretKey { id, secret }).collect();
        Ok(LoadedKeys { codes: CodeKeys::new(codes)?, tokens, identities, warnings })
    }

    /// Reads the keys, and first creates what is missing: the file, or the keys for tokens in a file of an older version.
    /// Of several processes that create the file at once, one succeeds, and all read the same keys.
    ///
    /// # Errors
    ///
    /// If the file cannot be created or read, or its keys cannot be used.
    pub fn load_or_create(
        &self,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<LoadedKeys, KeysError> {
        let fresh = || vec![StoredKey::fresh(clock.now(), randomness)];
        match self.load() {
            Err(KeysError::Missing(_)) => {
                tracing::info!(file = %self.path.display(), "created the key file");
                self.write(&StoredKeys { codes: fresh(), tokens: fresh(), tombstones: fresh() }, false)?;
                self.load()
            }
            Err(KeysError::NoKey(KeyRing::Tokens)) => {
                self.write(&StoredKeys { tokens: fresh(), ..self.read()? }, true)?;
                self.load()
            }
            loaded => loaded,
        }
    }

    /// The keys that tombstones are made with, the current one first. Empty if the file has none, or does not exist.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a key is not valid base64.
    pub fn tombstone_keys(&self) -> Result<Vec<SecretKey>, KeysError> {
        let stored = match self.read() {
            Err(KeysError::Missing(_)) => return Ok(Vec::new()),
            read => read?,
        };
        let key =
            |StoredKey { id, key, .. }: StoredKey| Ok(SecretKey { secret: decoded(&id, &key)?.into(), id });
        stored.tombstones.into_iter().map(key).collect()
    }

    /// The keys that tombstones are made with. Puts one into the file first if there is none. Of several processes that do it
    /// at once, all return the same key.
    ///
    /// # Errors
    ///
    /// If the file does not exist, or cannot be read or written.
    pub fn tombstone_keys_or_create(
        &self,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<Vec<SecretKey>, KeysError> {
        let keys = self.tombstone_keys()?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        self.exclusively(|| {
            let stored = self.read()?;
            if !stored.tombstones.is_empty() {
                return Ok(());
            }
            let tombstones = vec![StoredKey::fresh(clock.now(), randomness)];
            self.write(&StoredKeys { tombstones, ..stored }, true)
        })?;
        self.tombstone_keys()
    }

    /// Lists the keys without their secrets.
    ///
    /// # Errors
    ///
    /// If the file does not exist or cannot be read, or a key is not valid base64.
    pub fn list(&self) -> Result<Vec<KeyInfo>, KeysError> {
        let stored = self.read()?;
        let infos = KeyRing::ALL.iter().copied().flat_map(|ring| {
            stored.ring(ring).iter().enumerate().map(move |(index, key)| {
                let secret = decoded(&key.id, &key.key)?.into();
                Ok(KeyInfo {
                    ring,
                    id: key.id.clone(),
                    current: index == 0,
                    staged: index > 0 && key.staged,
                    fingerprint: KeyFingerprint::of(ring.kind(), &secret).as_str().to_owned(),
                    made_at: key.made_at.clone(),
                })
            })
        });
        infos.collect()
    }

    /// The key of this id, in this ring or in any, if it can be retired. [`None`] if there is none.
    ///
    /// # Errors
    ///
    /// If the file does not exist or cannot be read, the key is the current one, or both rings have it.
    pub fn find_retirable(&self, ring: Option<KeyRing>, id: &str) -> Result<Option<RetirableKey>, KeysError> {
        let stored = self.read()?;
        let rings = KeyRing::ALL.iter().copied().filter(|one| ring.is_none_or(|ring| ring == *one));
        let found = rings.filter_map(|ring| {
            let keys = stored.ring(ring);
            Some((ring, keys, keys.iter().position(|key| key.id == id)?))
        });
        match found.collect::<Vec<_>>().as_slice() {
            [] => Ok(None),
            [(ring, _, 0)] => Err(KeysError::Current { ring: *ring, id: id.to_owned() }),
            [(ring, keys, index)] => Ok(Some(RetirableKey {
                ring: *ring,
                signs_until: ring::signs_until(keys, *index),
                staged: keys[*index].staged,
            })),
            _ => Err(KeysError::Ambiguous(id.to_owned())),
        }
    }

    /// Removes a key that is not the current one. `false` if there is none of this id in the ring.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, or the key is the current one.
    pub fn retire(&self, ring: KeyRing, id: &str) -> Result<bool, KeysError> {
        self.exclusively(|| {
            let mut stored = self.read()?;
            let keys = stored.ring_mut(ring);
            match keys.iter().position(|key| key.id == id) {
                None => return Ok(false),
                Some(0) => return Err(KeysError::Current { ring, id: id.to_owned() }),
                Some(index) => keys.remove(index),
            };
            self.write(&stored, true)?;
            Ok(true)
        })
    }

    /// Puts a new key first in each of these rings (the staged one, if there is one), keeps the older ones that live
    /// codes or tokens may need, and drops the others. Creates a missing file, with keys in every ring.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn rotate(
        &self,
        rings: &[KeyRing],
        lifetimes: Lifetimes,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<Vec<Rotation>, KeysError> {
        self.change(rings, clock, randomness, |ring, keys| {
            Ok(ring::rotate(ring, keys, lifetimes.of(ring), clock.now(), randomness))
        })
    }

    /// Puts a new key second in each of these rings: servers verify with it, and sign with it after the next rotation.
    ///
    /// # Errors
    ///
    /// If a key is already staged, or the file cannot be read or written.
    pub fn stage(
        &self,
        rings: &[KeyRing],
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<Vec<Rotation>, KeysError> {
        self.change(rings, clock, randomness, |ring, keys| ring::stage(ring, keys, clock.now(), randomness))
    }

    /// Changes these rings, and those without a key: a file with an empty ring cannot be used. The key of tombstones is made if
    /// it is not there.
    fn change(
        &self,
        rings: &[KeyRing],
        clock: &dyn Clock,
        randomness: &dyn Randomness,
        change: impl Fn(KeyRing, &mut Vec<StoredKey>) -> Result<Rotation, KeysError>,
    ) -> Result<Vec<Rotation>, KeysError> {
        self.exclusively(|| {
            let mut stored = match self.read() {
                Err(KeysError::Missing(_)) => StoredKeys::default(),
                read => read?,
            };
            if stored.tombstones.is_empty() {
                stored.tombstones.push(StoredKey::fresh(clock.now(), randomness));
            }
            let mut rotations = Vec::new();
            for ring in KeyRing::ALL.iter().copied() {
                let keys = stored.ring_mut(ring);
                if rings.contains(&ring) || keys.is_empty() {
                    rotations.push(change(ring, keys)?);
                }
            }
            self.write(&stored, true)?;
            Ok(rotations)
        })
    }

    /// Changes the file while no other process does, so that no change is lost. The lock is on the folder, because the file
    /// is replaced.
    fn exclusively<T>(&self, change: impl FnOnce() -> Result<T, KeysError>) -> Result<T, KeysError> {
        // On other systems, folders cannot be locked.
        #[cfg(unix)]
        let _lock = {
            let unwritable = |error| KeysError::Unwritable(self.path.clone(), error);
            let folder = self.folder();
            private_folder().recursive(true).create(folder).map_err(unwritable)?;
            let folder = fs::File::open(folder).map_err(unwritable)?;
            folder.lock().map_err(unwritable)?;
            folder
        };
        change()
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

    /// Writes the file atomically and syncs it to disk. A new file is readable by its owner only.
    fn write(&self, keys: &StoredKeys, replace: bool) -> Result<(), KeysError> {
        let folder = self.folder();
        let write = || -> io::Result<()> {
            private_folder().recursive(true).create(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut file, keys)?;
            file.write_all(b"\n")?;
            if let (true, Ok(old)) = (replace, fs::metadata(&self.path)) {
                // A group that was given access keeps it.
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

    /// A warning if users other than the owner and group can read the file.
    #[cfg(unix)]
    fn exposure(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&self.path).ok()?.permissions().mode();
        let path = self.path.display();
        (mode & 0o007 != 0)
            .then(|| format!("{path} can be read by every user of this machine: chmod o= {path}"))
    }

    #[cfg(not(unix))]
    fn exposure(&self) -> Option<String> {
        None
    }
}

fn decoded(id: &str, key: &str) -> Result<Vec<u8>, KeysError> {
    STANDARD.decode(key.trim()).map_err(|_| KeysError::NotBase64(id.to_owned()))
}

/// Creates folders that only this user can open.
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

/// Whether these bytes do not look random: they are text, or few of them differ. Of 32 random bytes, one set in 10^13
/// looks like that.
fn is_sample(bytes: &[u8]) -> bool {
    let mut distinct = bytes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 16 || bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

#[cfg(test)]
mod tests;
