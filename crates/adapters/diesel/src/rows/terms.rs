//! Rows of `terms_versions` and `terms_acceptances`.

use asteroid_kernel::UserId;
use asteroid_terms::{Acceptance, TermsVersion, VersionLabel};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::{terms_acceptances, terms_versions};
use crate::sql_types::At;

fn label(stored: &str, column: &'static str) -> Result<VersionLabel, UnreadableColumn> {
    VersionLabel::parse(stored).map_err(|_| UnreadableColumn(column))
}

/// Parses `terms_versions.label`.
pub(crate) fn version_label(stored: &str) -> Result<VersionLabel, UnreadableColumn> {
    label(stored, "terms_versions.label")
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = terms_versions, check_for_backend(Pg, Sqlite))]
pub(crate) struct TermsVersionRow {
    label: String,
    text: String,
    published_at: At,
}

impl From<&TermsVersion> for TermsVersionRow {
    fn from(version: &TermsVersion) -> Self {
        Self {
            label: version.label.as_str().to_owned(),
            text: version.text.clone(),
            published_at: At(version.published_at),
        }
    }
}

impl TryFrom<TermsVersionRow> for TermsVersion {
    type Error = UnreadableColumn;

    fn try_from(row: TermsVersionRow) -> Result<Self, UnreadableColumn> {
        let label = version_label(&row.label)?;
        Ok(Self { label, text: row.text, published_at: row.published_at.0 })
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = terms_acceptances, check_for_backend(Pg, Sqlite), treat_none_as_default_value = false)]
pub(crate) struct AcceptanceRow {
    user_id: i64,
    label: String,
    accepted_at: At,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl From<&Acceptance> for AcceptanceRow {
    fn from(acceptance: &Acceptance) -> Self {
        Self {
            user_id: acceptance.user.0,
            label: acceptance.label.as_str().to_owned(),
            accepted_at: At(acceptance.at),
            ip: acceptance.origin.ip.map(|ip| ip.to_string()),
            user_agent: acceptance.origin.user_agent.clone(),
            request_id: acceptance.origin.request_id.clone(),
        }
    }
}

impl TryFrom<AcceptanceRow> for Acceptance {
    type Error = UnreadableColumn;

    fn try_from(row: AcceptanceRow) -> Result<Self, UnreadableColumn> {
        Ok(Self {
            user: UserId(row.user_id),
            label: label(&row.label, "terms_acceptances.label")?,
            at: row.accepted_at.0,
            origin: super::origin(row.ip.as_deref(), row.user_agent, row.request_id, "terms_acceptances.ip")?,
        })
    }
}
