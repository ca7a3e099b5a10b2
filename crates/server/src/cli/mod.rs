//! The command line. Every command prints text for people, or JSON with `--json`; why it failed goes to standard error, as
//! JSON, too. Its exit status is 0 (success), 1 (refused or failed) or 2 (usage error).

mod admin_key;
mod audit;
mod config;
mod confirm;
mod copy;
mod failure;
mod health;
mod import;
mod keys;
mod messages;
mod migrate;
mod outbox;
mod output;
mod terms;
mod user;

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use asteroid_application::{Accounts, Administrators, Operator, Practices};
use asteroid_argon2::Argon2Hasher;
use asteroid_diesel::SqliteStorage;
use asteroid_http::HttpSettings;
use asteroid_kernel::{Clock, Origin, Randomness};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use clap_mangen::Man;
use tokio::runtime::{Builder, Runtime};

pub(crate) use self::failure::ErrorCode;
use crate::config::{Configuration, Sources};
use crate::reload::Reload;
use crate::storage::{AnyStorage, ServerStorage};
use crate::{logging, readiness};

/// Accounts for an application: registration, verification codes, sign-in and sessions, over HTTP.
#[derive(Debug, Parser)]
#[command(
    name = "asteroid",
    version,
    after_help = "\
Without a command: serve. To try it out, run `asteroid` and follow its output.

Settings come from config/asteroid.toml (or --config FILE), and from environment variables, which take precedence:
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
    /// Run the server until SIGTERM or SIGINT (Ctrl-C). Accepted requests are completed first. On SIGHUP it reads the key
    /// file, the templates and log.level again.
    #[command(after_help = "Examples:\n  asteroid serve\n  asteroid --config /etc/asteroid.toml serve")]
    Serve,
    /// Run the pending database migrations.
    #[command(
        after_help = "Examples:\n  asteroid migrate\n  DATABASE_URL=sqlite://other.db asteroid migrate --json"
    )]
    Migrate(Format),
    /// Import practices, users, client classes and clients from files of another system.
    Import(import::ImportArguments),
    /// Copy all data from one database to another, empty one: from SQLite to PostgreSQL, or back.
    Copy(copy::CopyArguments),
    /// Publish or list the terms of use.
    #[command(subcommand)]
    Terms(terms::TermsCommand),
    /// List the messages of the outbox, or retry failed ones.
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
    /// List, show and administer users.
    #[command(subcommand)]
    User(user::UserCommand),
    /// List the events of the audit trail, newest first.
    Audit(audit::AuditArguments),
    /// Make, list or revoke keys of programs that administer by `/admin/v1`.
    #[command(subcommand)]
    AdminKey(admin_key::AdminKeyCommand),
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Rotate, list or retire the keys that codes are derived with and tokens are signed with.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Preview messages, or send a test message.
    #[command(subcommand)]
    Messages(messages::MessagesCommand),
    /// Print the OpenAPI document.
    Openapi(OpenapiArguments),
    /// Check whether a running server is ready, for containers and load balancers.
    Health(health::HealthArguments),
    /// Print the completion script of a shell.
    #[command(
        after_help = "Examples:\n  asteroid completions bash > ~/.local/share/bash-completion/completions/asteroid\n  \
        asteroid completions zsh > ~/.zfunc/_asteroid"
    )]
    Completions {
        /// The shell.
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual page, in roff.
    #[command(after_help = "Example:\n  asteroid man | man -l -")]
    Man,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  asteroid openapi > openapi.json\n  asteroid openapi --admin > admin-openapi.json"
)]
struct OpenapiArguments {
    /// The document of `/admin/v1` on the admin listener.
    #[arg(long)]
    admin: bool,
}

/// A single-threaded runtime for a command.
fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The system's user who runs the command.
fn operator() -> Operator {
    let name = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    Operator { name, origin: Origin::local() }
}

/// Reads one of these values by its name; the help lists the names.
fn names<T: Copy + Send + Sync + 'static>(
    values: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let known = PossibleValuesParser::new(values.iter().map(|value| name(*value)));
    known.try_map(move |text| values.iter().copied().find(|value| name(*value) == text).ok_or("is not known"))
}

/// The output format of a command.
#[derive(Args, Clone, Copy, Debug)]
struct Format {
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// What every command can use.
struct Context {
    sources: Sources,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Context {
    /// The configuration, if it is valid.
    fn configuration(&self) -> Result<Configuration, CommandError> {
        Ok(Configuration::read(&self.sources).valid()?)
    }

    /// Runs this with the storage that the settings name. Fails if there is none: only `serve`, `migrate`, `import` and
    /// `copy` create an SQLite file.
    fn in_store<T>(
        &self,
        go_on: impl AsyncFnOnce(AnyStorage) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let configuration = self.configuration()?;
        runtime()?.block_on(async {
            let opened = crate::storage::open_existing(&configuration, &self.clock, &self.randomness).await?;
            go_on(opened).await
        })
    }

    /// The practice use cases on this storage.
    fn practices<S: ServerStorage>(&self, storage: &Arc<S>) -> Practices<S> {
        crate::storage::practices(storage, &self.clock, &self.randomness)
    }
}

/// Why a command failed.
#[derive(Debug)]
enum CommandError {
    /// What failed is part of the answer, which has been printed. Programs get this code and summary, too.
    Answered { code: &'static str, message: String },
    /// The arguments of this command do not fit together.
    Usage(&'static str, String),
    /// An error, printed with its sources.
    Because(Box<dyn Error>),
}

impl<E: Error + 'static> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::Because(error.into())
    }
}

/// Runs the command line and returns the exit status of the process.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let json = failure::wants_json(&arguments);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if json && error.use_stderr() {
                failure::print_usage_as_json(&error);
            } else {
                // A closed output is not an error.
                let _ = error.print();
            }
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
        Some(Command::User(command)) => user::run(&context, &command),
        Some(Command::AdminKey(command)) => admin_key::run(&context, &command),
        Some(Command::Audit(arguments)) => audit::run(&context, &arguments),
        Some(Command::Keys(command)) => keys::run(&context, &command),
        Some(Command::Messages(command)) => messages::run(&context, &command),
        Some(Command::Health(arguments)) => health::run(&context, &arguments),
        Some(Command::Openapi(arguments)) => openapi(&context, &arguments),
        Some(Command::Completions { shell }) => completions(shell),
        Some(Command::Man) => man(),
        Some(Command::Migrate(format)) => migrate::run(&context, format),
        Some(Command::Serve) | None => serve(&context),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError::Answered { code, message }) => {
            if json {
                failure::print_json(code, &message);
            }
            ExitCode::FAILURE
        }
        Err(CommandError::Usage(command, problem)) => {
            if json {
                failure::print_json("usage", &problem);
            } else {
                complain_of_usage(command, &problem);
            }
            ExitCode::from(2)
        }
        Err(CommandError::Because(error)) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(CommandError::Because(error)) => {
            if json {
                failure::print_error_as_json(&*error);
            } else {
                output::complain(&*error);
            }
            ExitCode::FAILURE
        }
    }
}

/// Prints a usage error of a command like those of clap.
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
    let configuration = configuration.valid()?;
    let log_level = logging::start(&configuration.settings.log)?;
    let reload = Reload { sources: context.sources.clone(), log_level };
    Ok(crate::serve::run(&configuration, reload, &context.clock, &context.randomness)?)
}

fn openapi(context: &Context, arguments: &OpenapiArguments) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let admin = settings.admin_settings();
    let settings = settings.http_settings();
    // The description is the same for every store.
    let description = if arguments.admin {
        let settings = HttpSettings { body_limit: admin.body_limit, ..settings };
        asteroid_http::admin_openapi::<Administrators<SqliteStorage, Argon2Hasher>>(&settings)
    } else {
        asteroid_http::openapi::<Accounts<SqliteStorage, Argon2Hasher>, Practices<SqliteStorage>>(&settings)
    };
    Ok(output::say(&description.to_pretty_json()?)?)
}

fn completions(shell: Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "asteroid", &mut script);
    Ok(output::say(&String::from_utf8(script)?)?)
}

fn man() -> Result<(), CommandError> {
    let mut page = Vec::new();
    Man::new(Cli::command()).render(&mut page)?;
    Ok(output::say(&String::from_utf8(page)?)?)
}

/// Whether the reader of the output has closed it, as `head` does.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_well_formed() {
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
