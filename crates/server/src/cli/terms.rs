use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use asteroid_kernel::{Origin, Timestamp};
use asteroid_terms::{InvalidTerms, TermsVersion, VersionLabel};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::output::{LEFT, TextTable, answer};
use super::{CommandError, Context, Format};
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
    fold -s terms.txt | asteroid terms publish --version 3 --file -")]
pub(super) struct Publish {
    /// The name of the version. A published version cannot be changed, and its name cannot be reused.
    #[arg(long = "version", value_name = "VERSION")]
    label: String,
    /// The file with the text; - for standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    format: Format,
}

/// Why no version was published.
#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error("{0} cannot be read")]
    Unreadable(String, #[source] io::Error),
    #[error(transparent)]
    Invalid(#[from] InvalidTerms),
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

fn publish(context: &Context, Publish { label, file, format }: &Publish) -> Result<(), CommandError> {
    let version = read(label, file, context.clock.now())?;
    let label = version.label.clone();
    context.in_store(async |store| {
        with_storage!(store, |storage| {
            context.practices(&storage).publish_terms(version, &Origin::local()).await?;
        });
        Ok(())
    })?;
    answer(*format, &json!({ "published": label.as_str() }), || {
        format!("Version {label} of the terms is in force: every user must accept it.")
    })
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
