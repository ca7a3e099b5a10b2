use asteroid_keyring::{KeyInfo, KeyRing, KeysFile, Lifetimes, Rotation};
use clap::{Args, Subcommand};

use super::output::{LEFT, TextTable, answer};
use super::{CommandError, Context, Format, names};

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid keys rotate && asteroid keys list")]
pub(super) enum KeysCommand {
    /// Create new keys. They sign after the next start; the previous keys still verify. A missing file is created.
    Rotate(Rotate),
    /// List the ids of the keys, never the keys.
    #[command(after_help = "Example:\n  asteroid keys list --json | jq -r '.[].id'")]
    List(Format),
}

#[derive(Debug, Args)]
#[command(after_help = "\
With one server: rotate, and restart the server. With several, a server rejects what another one signed with a key that
it has not read yet, so first let all of them verify with the new key, then let them sign with it:
  asteroid keys rotate --stage    # then restart every server, one by one
  asteroid keys rotate            # then restart them again

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
        table.add_row([key.ring.as_str(), &key.id, &format!("{role}{made_at}")]);
    }
    table.render(LEFT)
}

fn summary(file: &KeysFile, rotations: &[Rotation]) -> String {
    let mut lines = vec![format!("{} was written. After the next start:", file.path().display())];
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
