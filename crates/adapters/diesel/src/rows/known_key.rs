//! Rows of `key_fingerprints`.

use asteroid_kernel::Timestamp;
use asteroid_verification::{KeyFingerprint, KeyIdentity, KeyKind, KnownKey};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::key_fingerprints;
use crate::sql_types::At;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = key_fingerprints, check_for_backend(Pg, Sqlite))]
pub(crate) struct KnownKeyRow {
    kind: String,
    id: String,
    fingerprint: String,
    recorded_at: At,
}

impl KnownKeyRow {
    pub(crate) fn new(key: &KeyIdentity, recorded_at: Timestamp) -> Self {
        Self {
            kind: key.kind.as_str().to_owned(),
            id: key.id.clone(),
            fingerprint: key.fingerprint.as_str().to_owned(),
            recorded_at: At(recorded_at),
        }
    }
}

impl TryFrom<KnownKeyRow> for KnownKey {
    type Error = UnreadableColumn;

    fn try_from(row: KnownKeyRow) -> Result<Self, UnreadableColumn> {
        let kind = KeyKind::parse(&row.kind).ok_or(UnreadableColumn("key_fingerprints.kind"))?;
        let fingerprint = KeyFingerprint::from_stored(row.fingerprint);
        Ok(Self { key: KeyIdentity { kind, id: row.id, fingerprint }, recorded_at: row.recorded_at.0 })
    }
}
