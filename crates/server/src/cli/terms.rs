use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use asteroid_kernel::Timestamp;
use asteroid_terms::{InvalidTerms, TermsVersion, VersionLabel};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::confirm::{Confirmed, confirm};
use super::failure::ErrorCode;
use super::output::{LEFT, TextTable, answer};
use super::{CommandError, Context, Format, operator};
use crate::storage::with_storage;

#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  asteroid terms publish --version 2026-11 --file terms.txt && asteroid terms list"
)]
pub(super) enum TermsCommand {
    /// Publish a version. It is in force immediately, and every user must accept it before seeing records again.
    Publish(Publish),
    /// List the versions, latest first.
    #[command(after_help = "Example:\n  asteroid terms list --json | jq -r '.[0].text'")]
    List(Format),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  asteroid terms publish --version 2026-11 --file terms.txt\n  \
    fold -s terms.txt | asteroid terms publish --version 3 --file - --yes")]
pub(super) struct Publish {
    /// The name of the version. A published version cannot be changed, and its name cannot be reused.
    #[arg(long = "version", value_name = "VERSION")]
    label: String,
    /// The file with the text; - for standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Do not ask. Without a terminal it is required.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

/// Why no version was published.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error("{0} cannot be read")]
    Unreadable(String, #[source] io::Error),
    #[error(transparent)]
    Invalid(#[from] InvalidTerms),
    #[error("version {0} is not published")]
    Declined(String),
    #[error(
        "version {label} is not published without --yes, because there is no terminal to ask on: {effect}"
    )]
    NotConfirmed { label: String, effect: String },
}

impl ErrorCode for PublishError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(..) => "file_unreadable",
            Self::Invalid(error) => error.code(),
            Self::Declined(_) | Self::NotConfirmed { .. } => "not_confirmed",
        }
    }
}

/// A listed version.
#[derive(Serialize)]
struct ListedTerms<'a> {
    version: &'a str,
    in_force: bool,
    published_at: String,
    text: &'a str,
}

pub(super) fn run(context: &Context, command: &TermsCommand) -> Result<(), CommandError> {
    match command {
        TermsCommand::Publish(arguments) => publish(context, arguments),
        TermsCommand::List(format) => list(context, *format),
    }
}

fn publish(context: &Context, arguments: &Publish) -> Result<(), CommandError> {
    let Publish { label, file, yes, format } = arguments;
    let version = read(label, file, context.clock.now())?;
    let label = version.label.clone();
    let published = context.in_store(async |store| {
        with_storage!(store, |storage| {
            let practices = context.practices(&storage);
            let in_force = practices.list_terms().await?.into_iter().next();
            if !yes {
                confirm_publication(&version, in_force.as_ref())?;
            }
            practices.publish_terms(version, &operator()).await?;
            Ok(in_force.map(|in_force| in_force.label))
        })
    })?;
    let replaced = published.as_ref().map(VersionLabel::as_str);
    answer(*format, &json!({ "published": label.as_str(), "replaced": replaced }), || {
        format!("Version {label} of the terms is in force: every user must accept it.")
    })
}

/// Asks on a terminal. Elsewhere it is refused, and the error says what it would do.
fn confirm_publication(version: &TermsVersion, in_force: Option<&TermsVersion>) -> Result<(), CommandError> {
    let effect = effect(version, in_force);
    let label = version.label.to_string();
    match confirm(&format!("{effect}. Publish it?"))? {
        Confirmed::Yes => Ok(()),
        Confirmed::No => Err(PublishError::Declined(label).into()),
        Confirmed::NotAsked => Err(PublishError::NotConfirmed { label, effect }.into()),
    }
}

/// What publishing does.
fn effect(version: &TermsVersion, in_force: Option<&TermsVersion>) -> String {
    let TermsVersion { label, text, .. } = version;
    let instead = in_force.map(|in_force| format!(" in place of {}", in_force.label)).unwrap_or_default();
    let count = text.chars().count();
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let shown: String = first.chars().filter(|c| !c.is_control()).take(60).collect();
    let more = if first.chars().count() > 60 { "…" } else { "" };
    format!(
        "version {label} ({count} characters, \"{shown}{more}\") comes into force now{instead}, cannot be taken back, and \
         every user must accept it before seeing records again"
    )
}

fn read(label: &str, file: &Path, now: Timestamp) -> Result<TermsVersion, PublishError> {
    let label = VersionLabel::parse(label)?;
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|error| PublishError::Unreadable(file.display().to_string(), error))?;
    Ok(TermsVersion::new(label, text, now)?)
}

fn list(context: &Context, format: Format) -> Result<(), CommandError> {
    let versions = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| context.practices(&storage).list_terms().await?))
    })?;
    let listed: Vec<ListedTerms<'_>> = versions
        .iter()
        .enumerate()
        .map(|(index, version)| ListedTerms {
            version: version.label.as_str(),
            in_force: index == 0,
            published_at: version.published_at.to_string(),
            text: &version.text,
        })
        .collect();
    answer(format, &listed, || table(&listed))
}

fn table(listed: &[ListedTerms<'_>]) -> String {
    let mut table = TextTable::default();
    for ListedTerms { version, in_force, published_at, .. } in listed {
        let in_force = if *in_force { ", in force" } else { "" };
        table.add_row([*version, &format!("published {published_at}{in_force}")]);
    }
    table.render(LEFT)
}
