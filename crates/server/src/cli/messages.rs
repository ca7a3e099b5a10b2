use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use asteroid_delivery::{AnyTransport, DeliveryUrl};
use asteroid_kernel::contact::InvalidContact;
use asteroid_kernel::{BoxError, Contact, MessageId};
use asteroid_messaging::{
    Channel, DeliveryError, MessageKind, MessageRenderer, MessageTransport as _, OutgoingMessage, Sample,
    SmsSize,
};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::failure::ErrorCode;
use super::output::answer;
use super::{CommandError, Context, Format, names, runtime};
use crate::config::{Configuration, Settings};
use crate::messages;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  asteroid messages preview --to preview\n  \
    asteroid messages send-test --to you@example.com")]
pub(super) enum MessagesCommand {
    /// Render every message with sample values into a folder.
    Preview(Preview),
    /// Send one message with sample values, and print what the provider answers.
    SendTest(SendTest),
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

#[derive(Debug, Args)]
#[command(after_help = "\
The message goes to the provider of email.url or sms.url at once, not through the outbox, and its code opens nothing.
An invalid configuration is reported by `asteroid config check --connect`, without a message.

Examples:
  asteroid messages send-test --to you@example.com
  asteroid messages send-test --to +15556654345 --kind sign_in_code --json")]
pub(super) struct SendTest {
    /// The e-mail address or phone number that gets the message.
    #[arg(long, value_name = "CONTACT")]
    to: String,
    /// The kind of the message.
    #[arg(long, value_name = "KIND", default_value = MessageKind::RegistrationCode.as_str(),
        value_parser = names(&MessageKind::ALL, MessageKind::as_str))]
    kind: MessageKind,
    #[command(flatten)]
    format: Format,
}

/// Why no message was sent, or the provider did not accept it.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendTestError {
    #[error("--to is neither an e-mail address nor a phone number with its calling code, like +15556654345")]
    NoContact(#[source] InvalidContact),
    #[error("no {} is sent: {key} is none:", channel_name(*.channel))]
    ChannelOff { channel: Channel, key: &'static str },
    #[error("{url} did not accept the message to {to}")]
    Refused { url: String, to: String, source: BoxError },
}

impl ErrorCode for SendTestError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoContact(_) => "invalid_contact",
            Self::ChannelOff { .. } => "channel_off",
            Self::Refused { .. } => "not_delivered",
        }
    }
}

fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "e-mail",
        Channel::Sms => "SMS",
    }
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written", .0.display())]
pub(super) struct WritePreviewError(PathBuf, #[source] io::Error);

impl ErrorCode for WritePreviewError {
    fn code(&self) -> &'static str {
        "file_unwritable"
    }
}

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
        MessagesCommand::SendTest(arguments) => send_test(context, arguments),
    }
}

fn send_test(context: &Context, SendTest { to, kind, format }: &SendTest) -> Result<(), CommandError> {
    let (settings, renderer) = checked(context)?;
    let to = Contact::parse(to, settings.product.default_region).map_err(SendTestError::NoContact)?;
    let channel = Channel::of(to.kind());
    let (url, key) = match channel {
        Channel::Email => (settings.email.url, "email.url"),
        Channel::Sms => (settings.sms.url, "sms.url"),
    };
    if url == DeliveryUrl::None {
        return Err(SendTestError::ChannelOff { channel, key }.into());
    }
    let message = sample_message(context, &renderer.sample(*kind), to, channel);
    let (masked, shown_url) = (message.to.masked(), url.to_string());
    let delivered = runtime()?.block_on(AnyTransport::from(url).deliver(&message));
    match delivered {
        Ok(()) => answer(
            *format,
            &json!({ "accepted": true, "id": message.id.to_string(), "by": shown_url }),
            || format!("{shown_url} accepted the message to {masked}."),
        ),
        Err(DeliveryError::Passing(source) | DeliveryError::Permanent(source)) => {
            Err(SendTestError::Refused { url: shown_url, to: masked, source }.into())
        }
    }
}

/// The sample as a message that goes to this contact.
fn sample_message(context: &Context, sample: &Sample, to: Contact, channel: Channel) -> OutgoingMessage {
    let at = context.clock.now();
    let (subject, body, html) = match channel {
        Channel::Email => (Some(sample.subject.clone()), sample.text.clone(), Some(sample.html.clone())),
        Channel::Sms => (None, sample.sms.clone(), None),
    };
    let id = MessageId::new(at, &*context.randomness);
    OutgoingMessage { id, at, channel, to, kind: sample.kind, subject, body, html, code: None }
}

/// The settings and the templates, if both are valid.
fn checked(context: &Context) -> Result<(Settings, MessageRenderer), CommandError> {
    let mut configuration = Configuration::read(&context.sources);
    let renderer = messages::renderer(&configuration.settings);
    if let Err(flaws) = &renderer {
        flaws.note(&mut configuration);
    }
    let settings = configuration.valid()?.settings;
    Ok((settings, renderer?))
}

fn preview(context: &Context, Preview { to, format }: &Preview) -> Result<(), CommandError> {
    let (_, renderer) = checked(context)?;
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
