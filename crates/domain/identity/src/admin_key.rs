//! Keys of programs that administer.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use asteroid_kernel::{AdminKeyId, Randomness, StorageError, Timestamp, random_bytes};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

asteroid_kernel::named_enum! {
    /// What a program may do with its key.
    pub enum Scope {
        /// List, show and export users, and their sessions.
        #[strum(serialize = "users:read")]
        UsersRead,
        /// Create, change and delete users, and end their sessions.
        #[strum(serialize = "users:write")]
        UsersWrite,
        /// Read the audit trail.
        #[strum(serialize = "audit:read")]
        AuditRead,
        /// List messages of the outbox.
        #[strum(serialize = "outbox:read")]
        OutboxRead,
        /// Retry failed messages.
        #[strum(serialize = "outbox:write")]
        OutboxWrite,
        /// List practices and their clients.
        #[strum(serialize = "practices:read")]
        PracticesRead,
        /// List the versions of the terms, and who accepted them.
        #[strum(serialize = "terms:read")]
        TermsRead,
        /// Publish a version of the terms.
        #[strum(serialize = "terms:write")]
        TermsWrite,
    }
}

/// The name of an admin key, by which operators and the audit trail know it: 1 to 100 characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminKeyName(String);

/// A text cannot name an admin key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {} characters, and no control characters", AdminKeyName::MAX_CHARS)]
pub struct InvalidAdminKeyName;

impl AdminKeyName {
    /// The most characters.
    pub const MAX_CHARS: usize = 100;

    /// Parses a name, without the white space around it.
    ///
    /// # Errors
    ///
    /// If the text is empty, too long, or has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidAdminKeyName> {
        let text = text.trim();
        let is_valid = !text.is_empty()
            && text.chars().count() <= Self::MAX_CHARS
            && !text.chars().any(char::is_control);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidAdminKeyName) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secret of an admin key: `ast_` and 64 lowercase hexadecimal digits from 256 random bits.
///
/// It is shown once, when the key is made. Only its [hash](AdminKeyHash) is stored. Its prefix lets scanners of secrets find it
/// where it does not belong.
#[derive(Clone)]
pub struct AdminKeySecret(SecretString);

impl AdminKeySecret {
    const PREFIX: &str = "ast_";
    const DIGITS: usize = 64;

    /// Generates a secret.
    #[must_use]
    pub fn new(randomness: &dyn Randomness) -> Self {
        let half = || u128::from_be_bytes(random_bytes::<16>(randomness));
        let text = format!("{}{:032x}{:032x}", Self::PREFIX, half(), half());
        Self(text.into())
    }

    /// Parses a secret that a program sent. [`None`] if it does not have the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::PREFIX)?;
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == Self::DIGITS && digits.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// The hash to store. SHA-256 without a salt is sufficient: 256 random bits cannot be guessed from their hash.
    #[must_use]
    pub fn hash(&self) -> AdminKeyHash {
        AdminKeyHash(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }

    /// The secret in plain text, for the operator who made the key.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AdminKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKeySecret(..)")
    }
}

/// The SHA-256 of an [`AdminKeySecret`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdminKeyHash(pub [u8; 32]);

impl fmt::Debug for AdminKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKeyHash(..)")
    }
}

/// A key of a program that administers. Revoking a key deletes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminKey {
    /// The key's id.
    pub id: AdminKeyId,
    /// The hash of the key's secret.
    pub hash: AdminKeyHash,
    /// The name.
    pub name: AdminKeyName,
    /// What the key allows.
    pub scopes: BTreeSet<Scope>,
    /// When the key was made.
    pub created_at: Timestamp,
    /// When the key ends.
    pub expires_at: Timestamp,
    /// The last recorded use ([`AdminKey::TOUCH_INTERVAL`]); [`None`] if it was never used.
    pub last_used_at: Option<Timestamp>,
}

impl AdminKey {
    /// The minimum time between two updates of a key's last use.
    pub const TOUCH_INTERVAL: Duration = Duration::from_mins(1);

    /// Whether the key can be used.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether a use at `now` is to be recorded.
    #[must_use]
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now >= at + Self::TOUCH_INTERVAL)
    }
}

asteroid_kernel::repository! {
    /// Stores admin keys.
    ///
    /// It returns keys whether they have expired or not; the caller decides ([`AdminKey::is_live`]).
    pub trait AdminKeyRepository {
        /// Inserts a key.
        write fn insert_admin_key(&mut self, key: &AdminKey) -> Result<(), StorageError>;

        /// The key of the secret with this hash; [`None`] if there is none.
        read fn find_admin_key(&mut self, hash: &AdminKeyHash) -> Result<Option<AdminKey>, StorageError>;

        /// All keys, newest first.
        read fn list_admin_keys(&mut self) -> Result<Vec<AdminKey>, StorageError>;

        /// Records a use of a key. A time before the last recorded use changes nothing.
        write fn touch_admin_key(&mut self, id: AdminKeyId, at: Timestamp) -> Result<(), StorageError>;

        /// Removes a key. `false` if there is none of this id.
        write fn revoke_admin_key(&mut self, id: AdminKeyId) -> Result<bool, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash_and_not_printed() {
        let secret = AdminKeySecret::new(&CountingRandomness::default());
        assert_eq!(secret.expose().len(), 68);
        assert!(secret.expose().starts_with("ast_"));
        let read = AdminKeySecret::parse(secret.expose()).expect("a secret");
        assert_eq!(read.hash(), secret.hash());
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "AdminKeySecret(..) AdminKeyHash(..)");
    }

    #[test]
    fn a_text_of_another_form_is_not_a_secret() {
        let secret = AdminKeySecret::new(&CountingRandomness::default()).expose().to_owned();
        for text in ["", "ast_", &secret[4..], &secret[..67], &secret.to_uppercase(), &format!("{secret}0")] {
            assert!(AdminKeySecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_name_is_a_short_line() {
        assert_eq!(AdminKeyName::parse(" CI of the shop ").map(|name| name.0), Ok("CI of the shop".into()));
        assert!(AdminKeyName::parse(&"é".repeat(100)).is_ok());
        for text in ["", "  ", "a\nb", &"é".repeat(101)] {
            assert_eq!(AdminKeyName::parse(text), Err(InvalidAdminKeyName), "{text:?}");
        }
    }

    #[test]
    fn scopes_are_named_by_what_they_open() {
        let names = Scope::ALL.map(Scope::as_str);
        assert_eq!(names[..3], ["users:read", "users:write", "audit:read"]);
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("users_read"), None);
    }

    #[test]
    fn a_key_is_live_until_it_expires_and_a_use_is_recorded_once_a_minute() {
        let start = Timestamp::from_micros(0);
        let mut key = AdminKey {
            id: AdminKeyId::new(start, &CountingRandomness::default()),
            hash: AdminKeyHash([0; 32]),
            name: AdminKeyName("CI".into()),
            scopes: BTreeSet::new(),
            created_at: start,
            expires_at: start + Duration::from_hours(1),
            last_used_at: None,
        };
        assert!(key.is_live(start) && !key.is_live(key.expires_at));
        assert!(key.is_touch_due(start));
        key.last_used_at = Some(start);
        assert!(!key.is_touch_due(start + Duration::from_secs(59)));
        assert!(key.is_touch_due(start + Duration::from_secs(60)));
    }
}
