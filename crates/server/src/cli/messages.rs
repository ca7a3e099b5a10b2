use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use asteroid_messaging::{MessageKind, Sample, SmsSize};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::output::answer;
use super::{CommandError, Context, Format};
use crate::config::Configuration;
use crate::messages;

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid messages preview --to preview")]
pub(super) enum MessagesCommand {
    /// Render every message with sample values into a folder.
    Preview(Preview),
}

#[derive(Debug, Args)]
#[command(after_help = "\
For each kind of message: KIND.txt (subject and text) and KIND.html of the e-mail, and KIND.sms.txt.
Existing files are overwritten. docs/messages.md explains templates.

Examples:
  asteroid messages preview --to preview
  ASTEROID_MESSAGES__LANGUAGE=de ASTEROID_MESSAGES__TEMPLATES=templates asteroid messages preview --to preview")]
pub(super) struct Preview {
    /// The folder; it is created if it does not exist.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    format: Format,
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written", .0.display())]
struct WritePreviewError(PathBuf, #[source] io::Error);

/// The files of one kind of message.
#[derive(Serialize)]
struct WrittenPreview {
    kind: &'static str,
    text: PathBuf,
    html: PathBuf,
    sms: PathBuf,
    /// The size of the SMS, relative to one segment.
    sms_size: String,
}

pub(super) fn run(context: &Context, command: &MessagesCommand) -> Result<(), CommandError> {
    match command {
        MessagesCommand::Preview(arguments) => preview(context, arguments),
    }
}

fn preview(context: &Context, Preview { to, format }: &Preview) -> Result<(), CommandError> {
    let mut configuration = Configuration::read(&context.sources);
    let renderer = messages::renderer(&configuration.settings);
    if let Err(flaws) = &renderer {
        flaws.note(&mut configuration);
    }
    configuration.valid()?;
    let renderer = renderer?;
    fs::create_dir_all(to).map_err(|error| WritePreviewError(to.clone(), error))?;
    let kinds = MessageKind::ALL.into_iter();
    let written: Result<Vec<WrittenPreview>, WritePreviewError> =
        kinds.map(|kind| write(to, &renderer.sample(kind))).collect();
    let written = written?;
    answer(*format, &written, || written.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn write(folder: &Path, sample: &Sample) -> Result<WrittenPreview, WritePreviewError> {
    let Sample { kind, subject, text, html, sms } = sample;
    let kind = kind.as_str();
    let write = |suffix: &str, content: &str| {
        let path = folder.join(format!("{kind}{suffix}"));
        fs::write(&path, content).map_err(|error| WritePreviewError(path.clone(), error))?;
        Ok(path)
    };
    Ok(WrittenPreview {
        kind,
        text: write(".txt", &format!("Subject: {subject}\n\n{text}\n"))?,
        html: write(".html", &format!("{html}\n"))?,
        sms: write(".sms.txt", &format!("{sms}\n"))?,
        sms_size: SmsSize::of(sms).to_string(),
    })
}

impl fmt::Display for WrittenPreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, html, sms, sms_size, .. } = self;
        write!(f, "{}\n{}\n{}  {sms_size}", text.display(), html.display(), sms.display())
    }
}
