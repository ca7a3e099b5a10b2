use clap::Subcommand;
use serde_json::json;

use super::output::answer;
use super::{CommandError, Context, Format};
use crate::config::{ConfigErrors, Configuration, Settings};
use crate::readiness;

#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  asteroid config check && asteroid config print")]
pub(super) enum ConfigCommand {
    /// Report every error of the configuration, and what production still needs.
    #[command(after_help = "Examples:\n  asteroid config check\n  \
        ASTEROID_PROFILE=production asteroid config check --json")]
    Check(Format),
    /// Print the effective settings and the source of each. Secrets are masked.
    #[command(
        after_help = "Examples:\n  asteroid config print\n  asteroid config print --json | jq .sessions"
    )]
    Print(Format),
}

pub(super) fn run(context: &Context, command: &ConfigCommand) -> Result<(), CommandError> {
    match command {
        ConfigCommand::Check(format) => check(context, *format),
        ConfigCommand::Print(format) => print(context, *format),
    }
}

fn check(context: &Context, format: Format) -> Result<(), CommandError> {
    let mut configuration = Configuration::read(&context.sources);
    readiness::check(&mut configuration);
    match configuration.valid() {
        Ok(configuration) => {
            answer(format, &json!({ "ok": true, "problems": [] }), || in_force(&configuration))
        }
        Err(ConfigErrors(problems)) if format.json => {
            answer(format, &json!({ "ok": false, "problems": problems }), String::new)?;
            Err(CommandError::Answered)
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
