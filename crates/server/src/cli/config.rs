use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::ErrorCode;
use super::output::answer;
use super::{CommandError, Context, Format, runtime};
use crate::config::{ConfigErrors, Configuration, Settings};
use crate::connections::{Connection, connect_all};
use crate::readiness;

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid config check && asteroid config print")]
pub(super) enum ConfigCommand {
    /// Report every error of the configuration, and what production still needs.
    Check(Check),
    /// Print the effective settings and the source of each. Secrets are masked.
    #[command(
        after_help = "Examples:\n  asteroid config print\n  asteroid config print --json | jq .sessions"
    )]
    Print(Format),
}

#[derive(Debug, Args)]
#[command(after_help = "\
With --connect it also opens the database, and logs in to the mail server and the provider of SMS without sending a
message. A webhook is connected to, without a request.

Examples:
  asteroid config check --connect
  ASTEROID_PROFILE=production asteroid config check --json")]
pub(super) struct Check {
    /// Also try to connect to the database and to the providers of messages.
    #[arg(long)]
    connect: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(context: &Context, command: &ConfigCommand) -> Result<(), CommandError> {
    match command {
        ConfigCommand::Check(arguments) => check(context, arguments),
        ConfigCommand::Print(format) => print(context, *format),
    }
}

fn check(context: &Context, Check { connect, format }: &Check) -> Result<(), CommandError> {
    let mut configuration = Configuration::read(&context.sources);
    readiness::check(&mut configuration);
    let connections =
        if *connect { runtime()?.block_on(connect_all(&mut configuration)) } else { Vec::new() };
    match configuration.valid() {
        Ok(configuration) => {
            let mut report = json!({ "ok": true, "problems": [] });
            if *connect {
                report["connections"] = json!(connections);
            }
            answer(*format, &report, || {
                let lines = connections.iter().map(|Connection { key, tried }| format!("\n  {key}: {tried}"));
                in_force(&configuration) + &lines.collect::<String>()
            })
        }
        Err(errors @ ConfigErrors(_)) if format.json => {
            answer(*format, &json!({ "ok": false, "problems": errors.0 }), String::new)?;
            Err(CommandError::Answered { code: errors.code(), message: errors.to_string() })
        }
        Err(problems) => Err(problems.into()),
    }
}

/// One line about the effective settings.
fn in_force(configuration: &Configuration) -> String {
    let settings = &configuration.settings;
    let profile: &str = settings.profile.into();
    let Settings { http, database, email, sms, .. } = settings;
    format!(
        "The configuration is good: {profile} on {}, data at {}, e-mails by {}, SMS by {}.",
        http.bind, database.url, email.url, sms.url,
    )
}

fn print(context: &Context, format: Format) -> Result<(), CommandError> {
    let configuration = context.configuration()?;
    let toml = configuration.to_toml()?;
    answer(format, &configuration.settings, || toml)
}
