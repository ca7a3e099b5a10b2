//! The keys of codes and tokens, compared with those that the other servers of the store use.

use std::fmt;
use std::sync::Arc;

use asteroid_audit::{Action, AuditRepository};
use asteroid_identity::SessionRepository;
use asteroid_kernel::{Clock, Randomness, Storage, StorageError, Timestamp, UnitOfWork, unit_of_work};
use asteroid_verification::{KeyIdentity, KeyKind, KeyRepository, KnownKey, OpenCodes};

use crate::AccountRules;
use crate::operator::{Act, Operator};

/// The keys that the servers of a store use. Servers with other keys could neither check the codes nor accept the tokens of
/// each other.
pub struct KeyRegister<S> {
    storage: Arc<S>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    rules: AccountRules,
}

/// Why a server must not use its keys with this store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyConflict {
    /// The store knows another key of this kind and id.
    #[error("the {} key `{id}` has another secret than the key of this id that servers of this database use", kind.as_str())]
    Changed {
        /// The kind of the key.
        kind: KeyKind,
        /// Its id.
        id: String,
    },
    /// Codes that were sent and not used need a key that is missing.
    #[error("the code key `{}` is missing, which open codes need ({}, the last one until {})", .0.key_id, .0.count, .0.until)]
    Missing(OpenCodes),
    /// The store knows keys of this kind, and none of them is there.
    #[error("none of the {} keys is one that servers of this database use: `{}`", kind.as_str(), known.join("`, `"))]
    Foreign {
        /// The kind of the keys.
        kind: KeyKind,
        /// The ids that the store knows.
        known: Vec<String>,
    },
}

/// Every conflict of a key ring with the store, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConflicts(pub Vec<KeyConflict>);

impl fmt::Display for KeyConflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("; "))
    }
}

impl std::error::Error for KeyConflicts {}

/// Why keys were not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordKeysError {
    /// They are not the keys of this store.
    #[error(transparent)]
    Conflicts(#[from] KeyConflicts),
    /// The store failed.
    #[error("the keys of this database cannot be read")]
    Storage(#[from] StorageError),
}

/// What still needs a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUses {
    /// Whether the store knows the key.
    pub is_known: bool,
    /// The open codes that are derived with it.
    pub codes: Option<OpenCodes>,
    /// The most sessions whose token it signed, and when the last of them expires.
    pub sessions: Option<(u64, Timestamp)>,
}

impl KeyUses {
    /// Whether nothing needs the key.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.codes.is_none() && self.sessions.is_none()
    }
}

/// The conflicts of a ring with the keys that a store knows, and with its open codes.
fn conflicts(ring: &[KeyIdentity], known: &[KnownKey], open: Vec<OpenCodes>) -> Vec<KeyConflict> {
    let has = |kind, id: &str| ring.iter().any(|own| own.kind == kind && own.id == id);
    let of_kind = |kind| known.iter().map(|known| &known.key).filter(move |key| key.kind == kind);
    let mut conflicts = Vec::new();
    for own in ring {
        if of_kind(own.kind).any(|key| key.id == own.id && key.fingerprint != own.fingerprint) {
            conflicts.push(KeyConflict::Changed { kind: own.kind, id: own.id.clone() });
        }
    }
    for codes in open {
        if !has(KeyKind::Code, &codes.key_id) {
            conflicts.push(KeyConflict::Missing(codes));
        }
    }
    for kind in KeyKind::ALL {
        let ids: Vec<String> = of_kind(kind).map(|key| key.id.clone()).collect();
        if !ids.is_empty() && !ids.iter().any(|id| has(kind, id)) {
            conflicts.push(KeyConflict::Foreign { kind, known: ids });
        }
    }
    conflicts
}

struct RecordKeys {
    ring: Vec<KeyIdentity>,
    now: Timestamp,
}

impl<Tx: KeyRepository> UnitOfWork<Tx> for RecordKeys {
    type Output = ();
    type Error = RecordKeysError;

    async fn run(&self, tx: &mut Tx) -> Result<(), RecordKeysError> {
        let known = tx.lock_known_keys().await?;
        let conflicts = conflicts(&self.ring, &known, tx.open_codes(self.now).await?);
        if !conflicts.is_empty() {
            return Err(KeyConflicts(conflicts).into());
        }
        for key in &self.ring {
            tx.record_key(key, self.now).await?;
        }
        Ok(())
    }
}

impl<S: Storage<Tx: KeyRepository + SessionRepository + AuditRepository>> KeyRegister<S> {
    /// The register of this store.
    #[must_use]
    pub fn new(
        storage: Arc<S>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        rules: AccountRules,
    ) -> Self {
        Self { storage, clock, randomness, rules }
    }

    /// Records the keys of a server, if it can use them with this store. Of servers that start at the same time, each
    /// sees the keys of those before.
    ///
    /// A ring has to have the key of every open code, and one of the known keys of each kind, with the same secrets. It
    /// may have more: that is how a key is rotated on several servers.
    ///
    /// # Errors
    ///
    /// Every conflict, or if the store fails. Then no key is recorded.
    pub async fn record(&self, ring: &[KeyIdentity]) -> Result<(), RecordKeysError> {
        self.storage.write(RecordKeys { ring: ring.to_vec(), now: self.clock.now() }).await
    }

    /// The keys that the store knows, by kind and id.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn known(&self) -> Result<Vec<KnownKey>, StorageError> {
        self.storage.read(unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.known_keys()))).await
    }

    /// What still needs this key, if no token was signed with it after `signed_until` (its servers use another key since
    /// then; [`None`]: it may sign until now).
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn uses(
        &self,
        kind: KeyKind,
        id: &str,
        signed_until: Option<Timestamp>,
    ) -> Result<KeyUses, StorageError> {
        let now = self.clock.now();
        let context = (kind, id.to_owned(), now, now - self.rules.sessions.idle, signed_until.unwrap_or(now));
        let uses = unit_of_work(context, |(kind, id, now, idle_since, signed_until), tx: &mut S::Tx| {
            Box::pin(async move {
                let known = tx.known_keys().await?;
                let is_known = known.iter().any(|known| known.key.kind == *kind && known.key.id == *id);
                let (mut codes, mut sessions) = (None, None);
                match kind {
                    KeyKind::Code => {
                        codes = tx.open_codes(*now).await?.into_iter().find(|codes| codes.key_id == *id);
                    }
                    KeyKind::Token => {
                        let (count, until) = tx.signed_sessions(*now, *idle_since, *signed_until).await?;
                        sessions = until.map(|until| (count, until));
                    }
                }
                Ok(KeyUses { is_known, codes, sessions })
            })
        });
        self.storage.read(uses).await
    }

    /// Forgets a key, and ends the open codes that need it. Returns their number.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn retire(&self, kind: KeyKind, id: &str, operator: &Operator) -> Result<u64, StorageError> {
        let randomness = Arc::clone(&self.randomness);
        let act = Act { operator: operator.clone(), now: self.clock.now(), randomness };
        let retire = unit_of_work((kind, id.to_owned(), act), |(kind, id, act), tx: &mut S::Tx| {
            Box::pin(async move {
                tx.forget_key(*kind, id).await?;
                tx.record_event(&act.event(Action::RetireKey)).await?;
                match kind {
                    KeyKind::Code => tx.end_codes_of_key(id, act.now).await,
                    KeyKind::Token => Ok(0),
                }
            })
        });
        self.storage.write(retire).await
    }
}

#[cfg(test)]
mod tests {
    use asteroid_verification::KeyFingerprint;

    use super::*;

    fn key(kind: KeyKind, id: &str, fingerprint: &str) -> KeyIdentity {
        KeyIdentity { kind, id: id.to_owned(), fingerprint: KeyFingerprint::from_stored(fingerprint) }
    }

    fn ring(codes: &[&str], tokens: &[&str]) -> Vec<KeyIdentity> {
        let of = |kind, ids: &[&str]| ids.iter().map(|id| key(kind, id, id)).collect::<Vec<_>>();
        [of(KeyKind::Code, codes), of(KeyKind::Token, tokens)].concat()
    }

    fn found(ring: &[KeyIdentity], known: &[KeyIdentity], open: &[&str]) -> Vec<String> {
        let recorded_at = Timestamp::from_micros(0);
        let known: Vec<_> = known.iter().map(|key| KnownKey { key: key.clone(), recorded_at }).collect();
        let open = open.iter().map(|id| OpenCodes { key_id: (*id).to_owned(), count: 2, until: recorded_at });
        conflicts(ring, &known, open.collect()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn ring_with_more_or_fewer_keys_is_no_conflict() {
        let known = ring(&["c1"], &["t1"]);
        assert_eq!(found(&known, &[], &[]), [""; 0]);
        assert_eq!(found(&known, &known, &["c1"]), [""; 0]);
        // A staged key, and a server that has not read it yet.
        assert_eq!(found(&ring(&["c1", "c2"], &["t1", "t2"]), &known, &["c1"]), [""; 0]);
        assert_eq!(found(&known, &ring(&["c1", "c2"], &["t1", "t2"]), &["c1"]), [""; 0]);
        // A rotation that dropped a key which nothing needs.
        assert_eq!(
            found(&ring(&["c3", "c2"], &["t3", "t2"]), &ring(&["c1", "c2"], &["t1", "t2"]), &[]),
            [""; 0]
        );
        // Before the first server that recorded its keys.
        assert_eq!(found(&known, &[], &["c1"]), [""; 0]);
    }

    #[test]
    fn changed_missing_and_foreign_keys_are_conflicts() {
        let known = ring(&["c1"], &["t1"]);
        assert_eq!(
            found(&[key(KeyKind::Code, "c1", "other"), key(KeyKind::Token, "t1", "t1")], &known, &["c1"]),
            [
                "the code key `c1` has another secret than the key of this id that servers of this database use"
            ]
        );
        assert_eq!(
            found(&ring(&["c2", "c1"], &["t1"]), &known, &["c1", "c0"]),
            [
                "the code key `c0` is missing, which open codes need (2, the last one until 1970-01-01T00:00:00.000Z)"
            ]
        );
        assert_eq!(
            found(&ring(&["c1"], &["t2"]), &ring(&["c1"], &["t0", "t1"]), &[]),
            ["none of the token keys is one that servers of this database use: `t0`, `t1`"]
        );
    }
}
