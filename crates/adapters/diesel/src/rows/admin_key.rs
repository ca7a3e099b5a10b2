//! Rows of `admin_keys`.

use std::collections::BTreeSet;

use asteroid_identity::{AdminKey, AdminKeyHash, AdminKeyName, Scope};
use asteroid_kernel::AdminKeyId;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::admin_keys;
use crate::sql_types::{At, Id};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = admin_keys, check_for_backend(Pg, Sqlite), treat_none_as_default_value = false)]
pub(crate) struct AdminKeyRow {
    id: Id,
    hash: Vec<u8>,
    name: String,
    /// The names of the scopes, with spaces between them.
    scopes: String,
    created_at: At,
    expires_at: At,
    last_used_at: Option<At>,
}

impl From<&AdminKey> for AdminKeyRow {
    fn from(key: &AdminKey) -> Self {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        Self {
            id: Id(key.id.0),
            hash: key.hash.0.to_vec(),
            name: key.name.as_str().to_owned(),
            scopes: scopes.join(" "),
            created_at: At(key.created_at),
            expires_at: At(key.expires_at),
            last_used_at: key.last_used_at.map(At),
        }
    }
}

impl TryFrom<AdminKeyRow> for AdminKey {
    type Error = UnreadableColumn;

    fn try_from(row: AdminKeyRow) -> Result<Self, UnreadableColumn> {
        let scopes: Option<BTreeSet<Scope>> = row.scopes.split_whitespace().map(Scope::parse).collect();
        Ok(Self {
            id: AdminKeyId(row.id.0),
            hash: AdminKeyHash(row.hash.try_into().map_err(|_| UnreadableColumn("admin_keys.hash"))?),
            name: AdminKeyName::parse(&row.name).map_err(|_| UnreadableColumn("admin_keys.name"))?,
            scopes: scopes.ok_or(UnreadableColumn("admin_keys.scopes"))?,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            last_used_at: row.last_used_at.map(|at| at.0),
        })
    }
}
