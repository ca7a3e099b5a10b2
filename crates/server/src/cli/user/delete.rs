//! `asteroid user delete`: removes everything personal that is kept about a user.

use asteroid_application::administration::{Administration, UserReference};
use asteroid_kernel::UserId;
use asteroid_keyring::KeysFile;
use clap::Args;
use serde_json::json;

use super::{UserError, administrators, unknown_user, user_reference};
use crate::cli::confirm::ask;
use crate::cli::output::answer;
use crate::cli::{CommandError, Context, Format, operator};
use crate::config::ServerProfile;
use crate::keys::tombstone_keys;
use crate::storage::with_storage;

#[derive(Args, Debug)]
#[command(after_help = "\
Contacts, name, password, sessions, memberships, messages, codes and addresses are removed. The audit trail and the acceptances of
terms keep the id alone, and the records of practices' clients stay. Imports do not create the user again: `keys.file` has the key
by which they know the contacts and the id.

Examples:
  asteroid user delete george@example.com
  asteroid user delete 25 --yes")]
pub(in crate::cli) struct Delete {
    /// The user: an id or any contact.
    #[arg(value_name = "USER")]
    user: String,
    /// Do not ask: what is deleted cannot be restored.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(context: &Context, Delete { user, yes, format }: &Delete) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let reference = user_reference(user, &settings)?;
    let file = KeysFile::at(settings.keys_file()?);
    let deleted: Option<UserId> = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| {
            let users = administrators(context, &settings, storage)?;
            // Of digits that are an id and a phone number, the user who was asked about is the one who is deleted.
            let Some(id) = users.find_user(reference).await? else {
                return Err(unknown_user(user).into());
            };
            if !yes {
                let question =
                    format!("User {id} will be deleted for good. Type the id or a contact of the user: ");
                let Some(typed) = ask(&question)? else { return Err(UserError::DeletionNeedsYes(id).into()) };
                let typed = user_reference(&typed, &settings).map_err(|_| UserError::Kept)?;
                if users.find_user(typed).await? != Some(id) {
                    return Err(UserError::Kept.into());
                }
            }
            let (clock, randomness) = (&*context.clock, &*context.randomness);
            if settings.profile == ServerProfile::Development {
                file.load_or_create(clock, randomness)?;
            }
            let keys = tombstone_keys(file.tombstone_keys_or_create(clock, randomness)?);
            users.with_tombstone_keys(keys).delete_user(UserReference::from(id), operator()).await?
        }))
    })?;
    let id = deleted.ok_or_else(|| unknown_user(user))?;
    answer(*format, &json!({ "id": id.0, "deleted": true }), || {
        format!("User {id} is deleted. Backups, logs and files that were exported still have the data.\n")
    })
}
