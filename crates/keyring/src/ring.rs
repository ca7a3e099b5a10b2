//! A key ring as it is stored, and its rotation.

use std::time::Duration;

use asteroid_kernel::{Randomness, Timestamp, random_bytes};
use asteroid_verification::KeyKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::KeysError;

/// A key ring, by what its keys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum KeyRing {
    /// Its keys derive codes.
    Codes,
    /// Its keys sign tokens.
    Tokens,
}

impl KeyRing {
    /// Both rings.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The kind of its keys.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Codes => KeyKind::Code,
            Self::Tokens => KeyKind::Token,
        }
    }

    /// The name in the file: `codes`, `tokens`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The result of rotating or staging a key of one ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// The ring.
    pub ring: KeyRing,
    /// The key that signs after the next start.
    pub current: String,
    /// The key that verifies after the next start and signs after the next rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staged: Option<String>,
    /// The older keys, which still verify.
    pub kept: Vec<String>,
    /// The keys that were removed: nothing that they signed is still valid.
    pub dropped: Vec<String>,
}

/// A key as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredKey {
    pub(super) id: String,
    pub(super) key: String,
    /// Missing in files that were written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made_at: Option<String>,
    /// Whether it verifies and does not sign yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) staged: bool,
    /// When it was put first, if that was after it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) promoted_at: Option<String>,
}

impl StoredKey {
    /// The random bytes of a new key.
    pub(super) const BYTES: usize = 32;

    pub(super) fn fresh(now: Timestamp, randomness: &dyn Randomness) -> Self {
        let made_at = now.to_string();
        let [a, b, c] = random_bytes(randomness);
        Self {
            // The date is for people; the rest makes the id unique.
            id: format!("{}-{a:02x}{b:02x}{c:02x}", &made_at[..10]),
            key: STANDARD.encode(random_bytes::<{ Self::BYTES }>(randomness)),
            made_at: Some(made_at),
            staged: false,
            promoted_at: None,
        }
    }

    /// When it was put first: the key before it signed for the last time then.
    fn took_over_at(&self) -> Option<Timestamp> {
        self.promoted_at.as_deref().or(self.made_at.as_deref()).and_then(Timestamp::parse)
    }
}

/// Running servers may sign with the previous key until they are restarted.
pub(super) const RESTART_GRACE: Duration = Duration::from_hours(24);

/// The time after which a key signs nothing more: a day after its successor took over, in which servers are restarted.
/// [`None`] if that is not known, or the key signs now or has never signed.
pub(super) fn signs_until(keys: &[StoredKey], index: usize) -> Option<Timestamp> {
    let successor = keys[..index].iter().rev().find(|key| !key.staged)?;
    successor.took_over_at().map(|at| at + RESTART_GRACE)
}

/// Puts the staged key first, or a new one; drops the keys that signed nothing that is still valid.
pub(super) fn rotate(
    ring: KeyRing,
    keys: &mut Vec<StoredKey>,
    life: Duration,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Rotation {
    let staged = keys.iter().position(|key| key.staged).filter(|index| *index > 0);
    let first = match staged {
        Some(index) => StoredKey { staged: false, promoted_at: Some(now.to_string()), ..keys.remove(index) },
        None => StoredKey::fresh(now, randomness),
    };
    let current = first.id.clone();
    // A key signed for the last time when its successor, the one before it in the ring, took over.
    let mut replaced_at = Some(now);
    let (mut kept, mut dropped) = (vec![first], Vec::new());
    for key in keys.drain(..) {
        let is_expired = replaced_at.is_some_and(|at| at + life + RESTART_GRACE < now);
        replaced_at = key.took_over_at();
        if is_expired { dropped.push(key.id) } else { kept.push(key) }
    }
    *keys = kept;
    Rotation { ring, current, staged: None, kept: ids(&keys[1..]), dropped }
}

/// Puts a new key second: it verifies, and the next rotation puts it first. In an empty ring it is first immediately.
pub(super) fn stage(
    ring: KeyRing,
    keys: &mut Vec<StoredKey>,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<Rotation, KeysError> {
    if let Some(waiting) = keys.iter().find(|key| key.staged) {
        return Err(KeysError::Staged { ring, id: waiting.id.clone() });
    }
    let new = StoredKey { staged: !keys.is_empty(), ..StoredKey::fresh(now, randomness) };
    let staged = new.staged.then(|| new.id.clone());
    keys.insert(keys.len().min(1), new);
    let kept = ids(keys.get(2..).unwrap_or_default());
    Ok(Rotation { ring, current: keys[0].id.clone(), staged, kept, dropped: Vec::new() })
}

fn ids(keys: &[StoredKey]) -> Vec<String> {
    keys.iter().map(|key| key.id.clone()).collect()
}
