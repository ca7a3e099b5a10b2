//! Tombstones: what is kept of the contacts of deleted users.

use std::fmt;

use asteroid_kernel::{ContactKey, StorageError, Timestamp, UserId};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// What is kept of a contact or of the id of a deleted user: its HMAC-SHA-256 under a secret key.
///
/// It tells whether a given contact or id was one of a deleted user, so that an import does not create the user again. Without
/// the key it tells nothing, not even by trying all phone numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tombstone {
    /// The id of the key.
    pub key_id: String,
    /// The digest.
    pub digest: [u8; 32],
}

/// A secret key of tombstones.
#[derive(Clone)]
pub struct TombstoneKey {
    /// Names the key. It is not secret.
    pub id: String,
    /// The secret bytes.
    pub secret: SecretSlice<u8>,
}

impl fmt::Debug for TombstoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TombstoneKey({})", self.id)
    }
}

/// What a tombstone is of.
#[derive(Clone, Copy, Debug)]
pub enum Deleted<'a> {
    /// A contact of the user.
    Contact(&'a ContactKey),
    /// The user's id.
    Id(UserId),
}

impl<'a> From<&'a ContactKey> for Deleted<'a> {
    fn from(contact: &'a ContactKey) -> Self {
        Self::Contact(contact)
    }
}

impl From<UserId> for Deleted<'_> {
    fn from(id: UserId) -> Self {
        Self::Id(id)
    }
}

impl TombstoneKey {
    fn tombstone(&self, deleted: Deleted<'_>) -> Tombstone {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret())
            .expect("HMAC takes keys of every length");
        match deleted {
            Deleted::Contact(contact) => {
                mac.update(b"asteroid tombstone of a contact\0");
                mac.update(contact.as_str().as_bytes());
            }
            Deleted::Id(UserId(id)) => {
                mac.update(b"asteroid tombstone of an id\0");
                mac.update(&id.to_be_bytes());
            }
        }
        Tombstone { key_id: self.id.clone(), digest: mac.finalize().into_bytes().into() }
    }
}

/// The keys of tombstones, the one of new tombstones first. They are never retired: a tombstone cannot be made again under
/// another key, because its contact is gone. Without keys there are no tombstones.
#[derive(Clone, Debug, Default)]
pub struct TombstoneKeys(Vec<TombstoneKey>);

impl TombstoneKeys {
    /// These keys.
    #[must_use]
    pub fn new(keys: Vec<TombstoneKey>) -> Self {
        Self(keys)
    }

    /// Whether there is a key of this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// The tombstone of a contact or an id; [`None`] without keys.
    #[must_use]
    pub fn tombstone<'a>(&self, deleted: impl Into<Deleted<'a>>) -> Option<Tombstone> {
        let deleted = deleted.into();
        self.0.first().map(|key| key.tombstone(deleted))
    }

    /// The tombstones that a contact or an id may have, one for each key.
    #[must_use]
    pub fn candidates<'a>(&self, deleted: impl Into<Deleted<'a>>) -> Vec<Tombstone> {
        let deleted = deleted.into();
        self.0.iter().map(|key| key.tombstone(deleted)).collect()
    }
}

asteroid_kernel::repository! {
    /// Stores tombstones.
    pub trait TombstoneRepository {
        /// Inserts a tombstone, unless it is there.
        write fn insert_tombstone(&mut self, tombstone: &Tombstone, at: Timestamp) -> Result<(), StorageError>;

        /// Whether any of these tombstones is there.
        read fn has_tombstone(&mut self, candidates: &[Tombstone]) -> Result<bool, StorageError>;

        /// The ids of the keys of all tombstones, each once, in byte order.
        read fn tombstone_keys(&mut self) -> Result<Vec<String>, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::{Contact, Region};

    use super::*;

    fn key(id: &str, byte: u8) -> TombstoneKey {
        TombstoneKey { id: id.into(), secret: vec![byte; 32].into() }
    }

    #[test]
    fn a_tombstone_depends_on_the_contact_and_the_key() {
        let contact = |text| Contact::parse(text, Region::US).expect("a contact").key();
        let keys = TombstoneKeys::new(vec![key("new", 1), key("old", 2)]);
        let martha = keys.tombstone(&contact("Martha@Example.com")).expect("a key");
        assert_eq!(martha.key_id, "new");
        assert_eq!(Some(&martha), keys.tombstone(&contact("martha@example.com")).as_ref());
        assert_ne!(martha.digest, keys.tombstone(&contact("george@example.com")).expect("a key").digest);
        let candidates = keys.candidates(&contact("martha@example.com"));
        assert_eq!(candidates[0], martha);
        assert_eq!(candidates[1].key_id, "old");
        assert_ne!(candidates[1].digest, martha.digest);
        assert_ne!(keys.tombstone(UserId(25)), keys.tombstone(UserId(26)));
    }

    #[test]
    fn without_keys_there_are_no_tombstones() {
        let contact = Contact::parse("martha@example.com", Region::US).expect("a contact").key();
        assert_eq!(TombstoneKeys::default().tombstone(&contact), None);
        assert!(TombstoneKeys::default().candidates(&contact).is_empty());
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert_eq!(
            format!("{:?}", TombstoneKeys::new(vec![key("one", 7)])),
            "TombstoneKeys([TombstoneKey(one)])"
        );
    }
}
