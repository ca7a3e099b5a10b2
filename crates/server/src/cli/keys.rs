use clap::Subcommand;

use super::output::answer;
use super::{Context, Failure, Format};
use crate::keys::{KeyInfo, KeysFile, Rotation};

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid keys rotate && asteroid keys list")]
pub(super) enum Command {
    /// Make a new key. It signs from the next start on; the key before it still verifies. A missing file is made.
    #[command(after_help = "Example:\n  ASTEROID_KEYS__FILE=/etc/asteroid/keys.json asteroid keys rotate")]
    Rotate(Format),
    /// List the ids of the keys, never the keys.
    #[command(after_help = "Example:\n  asteroid keys list --json | jq -r '.[].id'")]
    List(Format),
}

pub(super) fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    let settings = context.configuration()?.settings;
    let file = KeysFile::at(settings.keys_file()?);
    match command {
        Command::Rotate(format) => {
            let rotation = file.rotate(settings.codes.life.get(), &*context.clock, &*context.randomness)?;
            answer(*format, &rotation, || told(&file, &rotation))
        }
        Command::List(format) => {
            let keys = file.list()?;
            answer(*format, &keys, || keys.iter().map(listed).collect())
        }
    }
}

fn listed(key: &KeyInfo) -> String {
    let role = if key.current { "  signs" } else { "  verifies" };
    let made_at = key.made_at.as_ref().map(|at| format!(", made {at}")).unwrap_or_default();
    format!("{}{role}{made_at}\n", key.id)
}

fn told(file: &KeysFile, rotation: &Rotation) -> String {
    let Rotation { current, kept, dropped } = rotation;
    let mut lines = vec![format!("{}: {current} signs from the next start on.", file.path().display())];
    if !kept.is_empty() {
        lines.push(format!("still verify: {}", kept.join(", ")));
    }
    if !dropped.is_empty() {
        lines.push(format!("are gone, nothing needs them: {}", dropped.join(", ")));
    }
    lines.join("\n")
}
