//! `asteroid admin-key`: keys of programs that administer.

use std::time::Duration;

use asteroid_application::administration::{Administration, CreatedAdminKey, NewAdminKey};
use asteroid_http::admin::objects::AdminKeyObject;
use asteroid_identity::{AdminKeyName, Scope};
use asteroid_kernel::AdminKeyId;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::failure::ErrorCode;
use super::output::{LEFT, TextTable, answer};
use super::user::administrators;
use super::{CommandError, Context, Format, names, operator};
use crate::storage::with_storage;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  asteroid admin-key create --name backup --scope users:read --scope audit:read --expires 30days"
)]
pub(super) enum AdminKeyCommand {
    /// Make a key. Its secret is shown once.
    Create(Create),
    /// List the keys, newest first, without their secrets.
    #[command(
        after_help = "Example:\n  asteroid admin-key list --json | jq -r '.[] | select(.last_used_at == null) | .id'"
    )]
    List(Format),
    /// Revoke a key. Requests with it are refused at once, by all servers.
    Revoke(Revoke),
}

#[derive(Debug, Args)]
#[command(after_help = "\
A program sends the secret as a bearer token to the admin listener:
  curl -H \"Authorization: Bearer $SECRET\" http://127.0.0.1:8081/admin/v1/users

Examples:
  asteroid admin-key create --name \"CI of the shop\" --scope users:read
  asteroid admin-key create --name onboarding --scope users:read --scope users:write --expires 1year --json | jq -r .secret")]
pub(super) struct Create {
    /// The name, for the list of keys and the audit trail.
    #[arg(long, value_name = "NAME", value_parser = AdminKeyName::parse)]
    name: AdminKeyName,
    /// What the key allows. Give it once for each scope.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = names(&Scope::ALL, Scope::as_str))]
    scopes: Vec<Scope>,
    /// How long the key works: 1 minute to 2 years.
    #[arg(long, value_name = "DURATION", default_value = "90days", value_parser = lifetime)]
    expires: Duration,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  asteroid admin-key revoke 019c0a1e-6b7e-7c3a-9f52-0d6f6f3b1c55")]
pub(super) struct Revoke {
    /// The id of the key, as `asteroid admin-key list` shows it.
    #[arg(value_name = "ID")]
    id: AdminKeyId,
    #[command(flatten)]
    format: Format,
}

/// No key has this id.
#[derive(Debug, thiserror::Error)]
#[error("there is no admin key {0}: `asteroid admin-key list` lists them")]
pub(super) struct UnknownAdminKey(AdminKeyId);

impl ErrorCode for UnknownAdminKey {
    fn code(&self) -> &'static str {
        "unknown_admin_key"
    }
}

/// A key that was made, with its secret.
#[derive(Serialize)]
struct ShownSecret<'a> {
    #[serde(flatten)]
    key: &'a AdminKeyObject,
    secret: &'a str,
}

/// Reads the life of a key.
fn lifetime(text: &str) -> Result<Duration, String> {
    let range = Duration::from_mins(1)..=Duration::from_hours(2 * 366 * 24);
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if range.contains(&duration) {
        Ok(duration)
    } else {
        Err("a key works for 1 minute to 2 years".to_owned())
    }
}

pub(super) fn run(context: &Context, command: &AdminKeyCommand) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    match command {
        AdminKeyCommand::Create(Create { name, scopes, expires, format }) => {
            let new = NewAdminKey {
                name: name.clone(),
                scopes: scopes.iter().copied().collect(),
                lifetime: *expires,
            };
            let CreatedAdminKey { key, secret } = context.in_store(async |store| {
                Ok(with_storage!(store, |storage| {
                    administrators(context, &settings, storage)?.create_admin_key(new, operator()).await?
                }))
            })?;
            let key = AdminKeyObject::from(&key);
            answer(*format, &ShownSecret { key: &key, secret: secret.expose() }, || {
                format!(
                    "Key {} ({}) works until {}. Its secret is not shown again:\n{}\n",
                    key.id,
                    key.name,
                    key.expires_at,
                    secret.expose()
                )
            })
        }
        AdminKeyCommand::List(format) => {
            let keys = context.in_store(async |store| {
                Ok(with_storage!(store, |storage| {
                    administrators(context, &settings, storage)?.list_admin_keys().await?
                }))
            })?;
            let keys: Vec<AdminKeyObject> = keys.iter().map(AdminKeyObject::from).collect();
            answer(*format, &keys, || table(&keys))
        }
        AdminKeyCommand::Revoke(Revoke { id, format }) => {
            let revoked = context.in_store(async |store| {
                Ok(with_storage!(store, |storage| {
                    administrators(context, &settings, storage)?.revoke_admin_key(*id, operator()).await?
                }))
            })?;
            if !revoked {
                return Err(UnknownAdminKey(*id).into());
            }
            answer(*format, &json!({ "id": id.to_string(), "revoked": true }), || {
                format!("Key {id} is revoked.\n")
            })
        }
    }
}

fn table(keys: &[AdminKeyObject]) -> String {
    if keys.is_empty() {
        return "There is no admin key.\n".to_owned();
    }
    let mut table = TextTable::with_header(["ID", "NAME", "SCOPES", "EXPIRES", "LAST USED"]);
    for key in keys {
        table.add_row([
            key.id.clone(),
            key.name.clone(),
            key.scopes.join(" "),
            key.expires_at.clone(),
            key.last_used_at.clone().unwrap_or_else(|| "never".to_owned()),
        ]);
    }
    table.render(LEFT)
}
