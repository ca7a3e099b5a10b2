//! Rows of `challenges`.

use asteroid_kernel::{ChallengeId, RegistrationId};
use asteroid_verification::{Challenge, ChallengeState, CodeFormat, Nonce, Purpose, PurposeKind};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::challenges;
use crate::sql_types::{At, Id};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = challenges, check_for_backend(Pg, Sqlite), treat_none_as_default_value = false)]
pub(crate) struct ChallengeRow {
    id: Id,
    contact: String,
    contact_key: String,
    purpose: String,
    registration_id: Option<Id>,
    alphabet: String,
    code_length: i64,
    nonce: Vec<u8>,
    key_id: String,
    asked_from: Option<String>,
    created_at: At,
    expires_at: At,
    guesses: i64,
    stranger_guesses: i64,
    spent_at: Option<At>,
}

impl From<&Challenge> for ChallengeRow {
    fn from(challenge: &Challenge) -> Self {
        Self {
            id: Id(challenge.id.0),
            contact: challenge.contact.as_str().to_owned(),
            contact_key: challenge.contact.key().as_str().to_owned(),
            purpose: challenge.purpose.kind().as_str().to_owned(),
            registration_id: match challenge.purpose {
                Purpose::Register(registration) => Some(Id(registration.0)),
                Purpose::SignIn | Purpose::Reset => None,
            },
            alphabet: challenge.format.alphabet_name().to_owned(),
            code_length: challenge.format.length().into(),
            nonce: challenge.nonce.0.to_vec(),
            key_id: challenge.key_id.clone(),
            asked_from: challenge.asked_from.map(|ip| ip.to_string()),
            created_at: At(challenge.created_at),
            expires_at: At(challenge.expires_at),
            guesses: challenge.guesses.into(),
            stranger_guesses: challenge.stranger_guesses.into(),
            spent_at: match challenge.state {
                ChallengeState::Open => None,
                ChallengeState::Spent { at } => Some(At(at)),
            },
        }
    }
}

impl TryFrom<ChallengeRow> for Challenge {
    type Error = UnreadableColumn;

    fn try_from(row: ChallengeRow) -> Result<Self, UnreadableColumn> {
        let purpose = match (PurposeKind::parse(&row.purpose), row.registration_id) {
            (Some(PurposeKind::Register), Some(id)) => Purpose::Register(RegistrationId(id.0)),
            (Some(PurposeKind::SignIn), None) => Purpose::SignIn,
            (Some(PurposeKind::Reset), None) => Purpose::Reset,
            _ => return Err(UnreadableColumn("challenges.purpose or registration_id")),
        };
        let length = u8::try_from(row.code_length).map_err(|_| UnreadableColumn("challenges.code_length"))?;
        Ok(Self {
            id: ChallengeId(row.id.0),
            contact: super::contact(&row.contact, "challenges.contact")?,
            purpose,
            format: CodeFormat::parse(&row.alphabet, length)
                .ok_or(UnreadableColumn("challenges.alphabet"))?,
            nonce: row.nonce.try_into().map(Nonce).map_err(|_| UnreadableColumn("challenges.nonce"))?,
            key_id: row.key_id,
            asked_from: super::ip(row.asked_from.as_deref(), "challenges.asked_from")?,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            guesses: super::count(row.guesses, "challenges.guesses")?,
            stranger_guesses: super::count(row.stranger_guesses, "challenges.stranger_guesses")?,
            state: match row.spent_at {
                None => ChallengeState::Open,
                Some(at) => ChallengeState::Spent { at: at.0 },
            },
        })
    }
}
