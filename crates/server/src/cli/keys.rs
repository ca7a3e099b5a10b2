use std::sync::Arc;

use asteroid_application::{KeyRegister, KeyUses};
use asteroid_keyring::{KeyInfo, KeyRing, KeysError, KeysFile, Lifetimes, RetirableKey, Rotation};
use clap::{Args, Subcommand};
use serde_json::json;

use super::confirm::{Confirmed, confirm};
use super::failure::ErrorCode;
use super::output::{LEFT, TextTable, answer};
use super::{CommandError, Context, Format, names, operator};
use crate::config::Settings;
use crate::storage::with_storage;

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid keys rotate && asteroid keys list")]
pub(super) enum KeysCommand {
    /// Create new keys. They sign after SIGHUP or the next start; the previous keys still
    /// verify. A missing file is created.
    Rotate(Rotate),
    /// List the ids and fingerprints of the keys, never the keys.
    #[command(after_help = "Example:\n  asteroid keys list --json | jq -r '.[].id'")]
    List(Format),
    /// Remove a key that is not the current one: what was made with it stops working.
    Retire(Retire),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Servers verify with the key until SIGHUP or their next start. A rotation removes keys that nothing needs by itself, so this is for
a key that is no longer secret. A key that is not in the file, because it was lost, is removed from those that the database
knows.

Examples:
  asteroid keys retire 2025-11-22-5d1f0a
  asteroid keys retire 2025-11-22-93c2e7 --yes")]
pub(super) struct Retire {
    /// The id of the key, as `asteroid keys list` shows it.
    id: String,
    /// The ring of the key, if both have one of this id.
    #[arg(long, value_name = "RING", value_parser = names(KeyRing::ALL, KeyRing::as_str))]
    ring: Option<KeyRing>,
    /// Do not ask whether codes and tokens that need the key may stop working.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

/// Why a key is not retired.
#[derive(Debug, thiserror::Error)]
pub(super) enum RetireError {
    #[error("there is no key `{id}`: the keys are {known}")]
    Unknown { id: String, known: String },
    #[error("both rings have had a key `{0}`: name one with --ring")]
    Ambiguous(String),
    #[error("the key `{id}` is still needed: {needs}. --yes retires it, and they stop working")]
    Needed { id: String, needs: String },
    #[error("the key `{0}` is kept")]
    Kept(String),
}

impl ErrorCode for RetireError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "key_unknown",
            Self::Ambiguous(_) => "key_ambiguous",
            Self::Needed { .. } => "key_needed",
            Self::Kept(_) => "not_confirmed",
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
With one server: rotate, and send it SIGHUP (or restart it). With several, a server rejects what another one signed with a key that
it has not read yet, so first let all of them verify with the new key, then let them sign with it:
  asteroid keys rotate --stage    # then send SIGHUP to every server
  asteroid keys rotate            # then SIGHUP again

Examples:
  ASTEROID_KEYS__FILE=/etc/asteroid/keys.json asteroid keys rotate
  asteroid keys rotate --ring tokens")]
pub(super) struct Rotate {
    /// Only the keys that codes are derived with, or that tokens are signed with; by default both.
    #[arg(long, value_name = "RING", value_parser = names(KeyRing::ALL, KeyRing::as_str))]
    ring: Option<KeyRing>,
    /// Let the new keys verify but not sign; the next rotation lets them sign.
    #[arg(long)]
    stage: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(context: &Context, command: &KeysCommand) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let file = KeysFile::at(settings.keys_file()?);
    match command {
        KeysCommand::Rotate(Rotate { ring, stage, format }) => {
            let rings = ring.map_or_else(|| KeyRing::ALL.to_vec(), |ring| vec![ring]);
            let (clock, randomness) = (&*context.clock, &*context.randomness);
            let rotations = if *stage {
                file.stage(&rings, clock, randomness)?
            } else {
                let lifetimes =
                    Lifetimes { codes: settings.codes.life.get(), tokens: settings.sessions.absolute.get() };
                file.rotate(&rings, lifetimes, clock, randomness)?
            };
            answer(*format, &rotations, || summary(&file, &rotations))
        }
        KeysCommand::List(format) => {
            let keys = file.list()?;
            answer(*format, &keys, || table(&keys))
        }
        KeysCommand::Retire(arguments) => retire(context, &settings, &file, arguments),
    }
}

fn retire(
    context: &Context,
    settings: &Settings,
    file: &KeysFile,
    Retire { id, ring, yes, format }: &Retire,
) -> Result<(), CommandError> {
    let in_file = match file.find_retirable(*ring, id) {
        // The file is lost: the database may know the key.
        Err(KeysError::Missing(_)) => None,
        found => found?,
    };
    let key = in_file.map_or_else(|| in_store(context, settings, *ring, id, file), Ok)?;
    let uses = if has_store(settings) && !key.staged {
        uses(context, settings, &key, id)?
    } else {
        KeyUses::default()
    };
    let needs = needs(&uses);
    if !uses.are_none() && !yes {
        confirm_retirement(id, &needs)?;
    }
    // First the file: if the rest fails, the command can be repeated.
    let was_in_file = match file.retire(key.ring, id) {
        Err(KeysError::Missing(_)) => false,
        done => done?,
    };
    let ended = if has_store(settings) {
        let kind = key.ring.kind();
        context.in_store(async |store| {
            Ok(with_storage!(store, |storage| register(context, settings, storage)
                .retire(kind, id, &operator())
                .await?))
        })?
    } else {
        0
    };
    let sessions = uses.sessions.map_or(0, |(count, _)| count);
    let retired = json!({
        "ring": key.ring, "id": id, "removed_from_file": was_in_file, "ended_codes": ended, "sessions": sessions,
    });
    answer(*format, &retired, || {
        let mut text = format!("{id} is retired. Servers verify with it until SIGHUP or their next start.");
        if !needs.is_empty() {
            text.push_str("\nStopped working: ");
            text.push_str(&needs);
            text.push('.');
        }
        text
    })
}

fn register<S>(context: &Context, settings: &Settings, storage: Arc<S>) -> KeyRegister<S>
where
    S: crate::storage::ServerStorage,
{
    let (clock, randomness) = (Arc::clone(&context.clock), Arc::clone(&context.randomness));
    KeyRegister::new(storage, clock, randomness, settings.account_rules())
}

/// Whether there is a store: a command makes no SQLite file.
fn has_store(settings: &Settings) -> bool {
    settings.database.url.missing_file().is_none()
}

/// A key that is not in the file, if the store knows it or open codes need it.
fn in_store(
    context: &Context,
    settings: &Settings,
    ring: Option<KeyRing>,
    id: &str,
    file: &KeysFile,
) -> Result<RetirableKey, CommandError> {
    let rings = || KeyRing::ALL.iter().copied().filter(|one| ring.is_none_or(|ring| ring == *one));
    let (mut known, mut found) = (Vec::new(), Vec::new());
    if has_store(settings) {
        (known, found) = context.in_store(async |store| {
            let (mut known, mut found) = (Vec::new(), Vec::new());
            with_storage!(store, |storage| {
                let register = register(context, settings, storage);
                known.extend(register.known().await?.into_iter().map(|known| known.key.id));
                for ring in rings() {
                    let uses = register.uses(ring.kind(), id, None).await?;
                    if uses.is_known || uses.codes.is_some() {
                        found.push(ring);
                    }
                }
            });
            Ok((known, found))
        })?;
    }
    match found.as_slice() {
        [] => {
            match file.list() {
                Err(KeysError::Missing(_)) if known.is_empty() => {
                    return Err(KeysError::Missing(file.path().to_owned()).into());
                }
                Err(KeysError::Missing(_)) => {}
                listed => known.extend(listed?.into_iter().map(|key| key.id)),
            }
            known.sort_unstable();
            known.dedup();
            let known = format!("`{}`", known.join("`, `"));
            Err(RetireError::Unknown { id: id.to_owned(), known }.into())
        }
        [ring] => Ok(RetirableKey { ring: *ring, signs_until: None, staged: false }),
        _ => Err(RetireError::Ambiguous(id.to_owned()).into()),
    }
}

/// What still needs this key.
fn uses(
    context: &Context,
    settings: &Settings,
    key: &RetirableKey,
    id: &str,
) -> Result<KeyUses, CommandError> {
    context.in_store(async |store| {
        Ok(with_storage!(store, |storage| {
            register(context, settings, storage).uses(key.ring.kind(), id, key.signs_until).await?
        }))
    })
}

/// What needs a key, for people; empty if nothing does.
fn needs(uses: &KeyUses) -> String {
    let mut needs = Vec::new();
    if let Some(codes) = &uses.codes {
        let codes_word = if codes.count == 1 { "open code" } else { "open codes" };
        needs.push(format!("{} {codes_word}, until {}", codes.count, codes.until));
    }
    if let Some((count, until)) = uses.sessions {
        let sessions = if count == 1 { "session" } else { "sessions" };
        needs.push(format!("the sign-in tokens of up to {count} {sessions}, until {until}"));
    }
    needs.join("; ")
}

/// Asks on a terminal. Elsewhere, what is still needed is refused.
fn confirm_retirement(id: &str, needs: &str) -> Result<(), CommandError> {
    match confirm(&format!("The key `{id}` is still needed: {needs}. They stop working. Retire it?"))? {
        Confirmed::Yes => Ok(()),
        Confirmed::No => Err(RetireError::Kept(id.to_owned()).into()),
        Confirmed::NotAsked => Err(RetireError::Needed { id: id.to_owned(), needs: needs.to_owned() }.into()),
    }
}

fn table(keys: &[KeyInfo]) -> String {
    let mut table = TextTable::default();
    for key in keys {
        let role = match (key.current, key.staged) {
            (true, _) => "signs",
            (false, true) => "verifies, signs after the next rotation",
            (false, false) => "verifies",
        };
        let made_at = key.made_at.as_ref().map(|at| format!(", made {at}")).unwrap_or_default();
        table.add_row([key.ring.as_str(), &key.id, &format!("{role}{made_at}"), &key.fingerprint]);
    }
    table.render(LEFT)
}

fn summary(file: &KeysFile, rotations: &[Rotation]) -> String {
    let mut lines = vec![format!("{} was written. After SIGHUP or the next start:", file.path().display())];
    for Rotation { ring, current, staged, kept, dropped } in rotations {
        lines.push(format!("{}: {current} signs", ring.as_str()));
        if let Some(staged) = staged {
            lines.push(format!("  {staged} verifies, and signs after the next rotation"));
        }
        if !kept.is_empty() {
            lines.push(format!("  {} still verify", kept.join(", ")));
        }
        if !dropped.is_empty() {
            lines.push(format!("  {} were removed: no code or token needs them", dropped.join(", ")));
        }
    }
    lines.join("\n")
}
