//! The command line. Every command answers in plain text for people, or with `--json` for programs; its exit status
//! is 0 (done), 1 (refused) or 2 (not understood).

mod config;
mod copy;
mod health;
mod import;
mod keys;
mod messages;
mod migrate;
mod outbox;
mod output;
mod terms;

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use asteroid_application::Practices;
use asteroid_kernel::{Clock, Randomness};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::config::{Configuration, Sources};
use crate::storage::{AnyStorage, ServerStorage};
use crate::{logging, readiness};

/// Accounts for an application: registration, verification codes, sign-in and sessions, over HTTP.
#[derive(Debug, Parser)]
#[command(
    name = "asteroid",
    version,
    after_help = "\
Without a command: serve. To try it out, run `asteroid` and do as it says.

Settings come from config/asteroid.toml (or --config FILE), and from the environment, which is stronger:
  ASTEROID_HTTP__BIND=127.0.0.1:9000 asteroid serve"
)]
struct Cli {
    /// Read this file instead of config/asteroid.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until it is told to stop (SIGTERM, or SIGINT by Ctrl-C). No accepted request is cut off.
    #[command(after_help = "Examples:\n  asteroid serve\n  asteroid --config /etc/asteroid.toml serve")]
    Serve,
    /// Run the migrations that the database lacks.
    #[command(
        after_help = "Examples:\n  asteroid migrate\n  DATABASE_URL=sqlite://other.db asteroid migrate --json"
    )]
    Migrate(Format),
    /// Put the practices, users, client classes and clients of a practice's own system into the store.
    Import(import::ImportArguments),
    /// Copy everything from one database to another, empty one: from SQLite to PostgreSQL, or back.
    Copy(copy::CopyArguments),
    /// Publish or list the terms of use.
    #[command(subcommand)]
    Terms(terms::TermsCommand),
    /// List the messages of the outbox, or retry failed ones.
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Rotate or list the keys that codes are derived with and tokens are signed with.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// See what messages say.
    #[command(subcommand)]
    Messages(messages::MessagesCommand),
    /// Print the description of the API: openapi.json, for clients and their generators.
    #[command(after_help = "Example:\n  asteroid openapi > openapi.json")]
    Openapi,
    /// Ask a running server whether it is ready: for containers and load balancers.
    Health(health::HealthArguments),
}

/// A runtime for a command that asks and waits.
fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Reads one of these values by its name; the help lists the names.
fn names<T: Copy + Send + Sync + 'static>(
    values: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let known = PossibleValuesParser::new(values.iter().map(|value| name(*value)));
    known.try_map(move |text| values.iter().copied().find(|value| name(*value) == text).ok_or("is not known"))
}

/// How a command answers.
#[derive(Args, Clone, Copy, Debug)]
struct Format {
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// What a command may use.
struct Context {
    sources: Sources,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Context {
    /// The configuration, if nothing is wrong with it.
    fn configuration(&self) -> Result<Configuration, CommandError> {
        Ok(Configuration::read(&self.sources).valid()?)
    }

    /// Does this with the store that the settings name.
    fn in_store<T>(
        &self,
        go_on: impl AsyncFnOnce(AnyStorage) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let settings = self.configuration()?.settings;
        runtime()?.block_on(async {
            let opened = crate::storage::open(&settings, &self.clock, &self.randomness).await?;
            go_on(opened).await
        })
    }

    /// What practices ask for, on this store.
    fn practices<S: ServerStorage>(&self, storage: &Arc<S>) -> Practices<S> {
        crate::storage::practices(storage, &self.clock, &self.randomness)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum CommandError {
    /// The answer has been given, and says why.
    Answered,
    /// The arguments of this command do not make sense together.
    Usage(&'static str, String),
    /// Because of this.
    Because(Box<dyn Error>),
}

impl<E: Error + 'static> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::Because(error.into())
    }
}

/// Does what the command line asks, and gives the exit status of the process.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads any more is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let sources = Sources { file: cli.config, environment: environment.into_iter().collect() };
    let context = Context { sources, clock, randomness };
    let done = match cli.command {
        Some(Command::Config(command)) => config::run(&context, &command),
        Some(Command::Import(arguments)) => import::run(&context, &arguments),
        Some(Command::Copy(arguments)) => copy::run(&context, &arguments),
        Some(Command::Terms(command)) => terms::run(&context, &command),
        Some(Command::Outbox(command)) => outbox::run(&context, &command),
        Some(Command::Keys(command)) => keys::run(&context, &command),
        Some(Command::Messages(command)) => messages::run(&context, &command),
        Some(Command::Health(arguments)) => health::run(&context, &arguments),
        Some(Command::Openapi) => openapi(),
        Some(Command::Migrate(format)) => migrate::run(&context, format),
        Some(Command::Serve) | None => serve(&context),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError::Answered) => ExitCode::FAILURE,
        Err(CommandError::Usage(command, problem)) => {
            complain_of_usage(command, &problem);
            ExitCode::from(2)
        }
        Err(CommandError::Because(error)) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(CommandError::Because(error)) => {
            output::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with the arguments of a command, as is said of arguments that are wrong by themselves.
fn complain_of_usage(command: &str, problem: &str) {
    let mut root = Cli::command();
    root.build();
    if let Some(command) = root.find_subcommand_mut(command) {
        let _ = command.error(ErrorKind::ArgumentConflict, problem).print();
    }
}

fn serve(context: &Context) -> Result<(), CommandError> {
    let mut configuration = Configuration::read(&context.sources);
    readiness::check(&mut configuration);
    let settings = configuration.valid()?.settings;
    logging::start(&settings.log)?;
    Ok(crate::serve::run(&settings, &context.clock, &context.randomness)?)
}

fn openapi() -> Result<(), CommandError> {
    Ok(output::say(&asteroid_http::openapi().to_pretty_json()?)?)
}

/// Whether whoever read the answer has had enough of it, as `head` does.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        fn check(command: &clap::Command) {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(example.contains("asteroid"), "{} has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
