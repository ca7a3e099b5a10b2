use std::fmt::Write;

use asteroid_kernel::{StorageError, Timestamp};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

asteroid_kernel::named_enum! {
    /// What a key is for.
    pub enum KeyKind {
        /// Codes are derived with it.
        Code,
        /// Tokens are signed with it.
        Token,
    }
}

/// Tells keys apart without revealing them: the first 16 bytes of SHA-256 over a label, the kind and the secret, in
/// hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyFingerprint(String);

impl KeyFingerprint {
    const BYTES: usize = 16;

    /// The fingerprint of the key with this secret. The label and the kind keep it apart from every other hash of the
    /// secret.
    #[must_use]
    pub fn of(kind: KeyKind, secret: &SecretSlice<u8>) -> Self {
        let hash = Sha256::new()
            .chain_update(b"asteroid key fingerprint\0")
            .chain_update(kind.as_str())
            .chain_update([0])
            .chain_update(secret.expose_secret())
            .finalize();
        let mut text = String::with_capacity(2 * Self::BYTES);
        for byte in &hash[..Self::BYTES] {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// A fingerprint as a store keeps it.
    #[must_use]
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyIdentity {
    /// What it is for.
    pub kind: KeyKind,
    /// Names it among the keys of its kind.
    pub id: String,
    /// Tells it apart from other keys of this id.
    pub fingerprint: KeyFingerprint,
}

/// A key that the store knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// The key.
    pub key: KeyIdentity,
    /// When a server first started with it.
    pub recorded_at: Timestamp,
}

/// The open challenges whose codes are derived with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCodes {
    /// The id of the key.
    pub key_id: String,
    /// Their number, at least 1.
    pub count: u64,
    /// When the last one expires.
    pub until: Timestamp,
}

asteroid_kernel::repository! {
    /// Stores which keys the servers of this store use. A challenge is *open* if it is neither spent nor expired.
    pub trait KeyRepository {
        /// The known keys, by kind and id.
        read fn known_keys(&mut self) -> Result<Vec<KnownKey>, StorageError>;

        /// The known keys, by kind and id. Of concurrent units that call this, each waits until the one before has ended.
        write fn lock_known_keys(&mut self) -> Result<Vec<KnownKey>, StorageError>;

        /// Records a key. One that is known with this kind and id stays as it is.
        write fn record_key(&mut self, key: &KeyIdentity, now: Timestamp) -> Result<(), StorageError>;

        /// Forgets a key. `false` if it is not known.
        write fn forget_key(&mut self, kind: KeyKind, id: &str) -> Result<bool, StorageError>;

        /// The open challenges of each key that has any, by the id of the key.
        read fn open_codes(&mut self, now: Timestamp) -> Result<Vec<OpenCodes>, StorageError>;

        /// Spends the open challenges of a key. Returns their number.
        write fn end_codes_of_key(&mut self, id: &str, now: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_differs_by_kind_and_secret_and_is_stable() {
        let secret = |byte| SecretSlice::from(vec![byte; 32]);
        let of = |kind, byte| KeyFingerprint::of(kind, &secret(byte));
        assert_eq!(of(KeyKind::Code, 7), of(KeyKind::Code, 7));
        assert_ne!(of(KeyKind::Code, 7), of(KeyKind::Code, 8));
        assert_ne!(of(KeyKind::Code, 7), of(KeyKind::Token, 7));
        // Stores keep it.
        assert_eq!(of(KeyKind::Code, 7).as_str(), "4fbf70ff32517ed2dcfc9861f55b0354");
    }
}
