//! Rows of `practices` and `memberships`.

use asteroid_clients::{GoogleApiKey, Membership, Practice, PracticeId, Role, SourceId};
use asteroid_kernel::UserId;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::{memberships, practices};

#[derive(AsChangeset, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    table_name = practices,
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct PracticeRow {
    id: i64,
    source_id: i64,
    name: String,
    slug: String,
    pms: Option<String>,
    sms: Option<String>,
    features: String,
    time_zone: String,
    enterprise_ids: String,
}

impl From<&Practice> for PracticeRow {
    fn from(practice: &Practice) -> Self {
        Self {
            id: practice.id.0,
            source_id: practice.source.0,
            name: practice.name.clone(),
            slug: practice.slug.clone(),
            pms: practice.pms.clone(),
            sms: practice.sms.clone(),
            features: super::array(&practice.features),
            time_zone: practice.time_zone.as_str().to_owned(),
            enterprise_ids: super::array(&practice.enterprise_ids),
        }
    }
}

impl TryFrom<PracticeRow> for Practice {
    type Error = UnreadableColumn;

    fn try_from(row: PracticeRow) -> Result<Self, UnreadableColumn> {
        Ok(Self {
            id: PracticeId(row.id),
            source: SourceId(row.source_id),
            name: row.name,
            slug: row.slug,
            pms: row.pms,
            sms: row.sms,
            features: serde_json::from_str(&row.features)
                .map_err(|_| UnreadableColumn("practices.features"))?,
            time_zone: row.time_zone.parse().map_err(|_| UnreadableColumn("practices.time_zone"))?,
            enterprise_ids: serde_json::from_str(&row.enterprise_ids)
                .map_err(|_| UnreadableColumn("practices.enterprise_ids"))?,
        })
    }
}

#[derive(AsChangeset, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    table_name = memberships,
    primary_key(user_id, practice_id),
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct MembershipRow {
    user_id: i64,
    practice_id: i64,
    source_id: i64,
    primary_role: String,
    roles: String,
    client_id: Option<String>,
    google_api_key: Option<String>,
}

impl From<&Membership> for MembershipRow {
    fn from(membership: &Membership) -> Self {
        let roles: Vec<&str> = membership.roles.iter().map(Role::as_str).collect();
        Self {
            user_id: membership.user.0,
            practice_id: membership.practice.0,
            source_id: membership.source.0,
            primary_role: membership.primary_role.as_str().to_owned(),
            roles: super::array(&roles),
            client_id: membership.client.as_ref().map(|id| id.as_str().to_owned()),
            google_api_key: membership.google_api_key.as_ref().map(|key| key.expose().to_owned()),
        }
    }
}

impl TryFrom<MembershipRow> for Membership {
    type Error = UnreadableColumn;

    fn try_from(row: MembershipRow) -> Result<Self, UnreadableColumn> {
        let client = row.client_id.map(|id| super::external_id(&id, "memberships.client_id"));
        let roles =
            serde_json::from_str(&row.roles).map(|roles: Vec<String>| roles.into_iter().map(Role::new));
        Ok(Self {
            user: UserId(row.user_id),
            practice: PracticeId(row.practice_id),
            source: SourceId(row.source_id),
            primary_role: Role::new(row.primary_role),
            roles: roles.map_err(|_| UnreadableColumn("memberships.roles"))?.collect(),
            client: client.transpose()?,
            google_api_key: row.google_api_key.map(GoogleApiKey::new),
        })
    }
}
