//! `asteroid user`: what operators do with users.

mod delete;
mod export;
mod show;

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

use asteroid_application::Administrators;
use asteroid_application::administration::{
    Administration, CreateUserError, EditUserError, EndedSessions, InvalidUserReference, NameEdit,
    NewAccount, Page, SetPasswordError, StatusChange, UnlockedUser, UserReference,
};
use asteroid_argon2::{Argon2Hasher, Argon2Settings, StartError};
use asteroid_http::admin::objects::{SessionObject, UserDetailsObject, UserExportObject, UserObject};
use asteroid_identity::{
    ContactType, Password, PasswordFlaw, PersonName, UserCursor, UserFilter, UserSearch, UserStatus,
};
use asteroid_kernel::{Contact, SessionId, UserId};
use clap::{Args, Subcommand};
use serde_json::json;

use show::table;

use super::confirm::{Confirmed, confirm};
use super::failure::ErrorCode;
use super::import::hashing;
use super::output::{answer, say};
use super::{CommandError, Context, Format, names, operator};
use crate::config::Settings;
use crate::storage::{ServerStorage, with_storage};

#[derive(Debug, Subcommand)]
#[command(after_help = "\
USER is an id or any contact of the user. Every act is in the audit trail with the name of the system's user who runs the command.

Example:
  asteroid user show george@example.com")]
pub(super) enum UserCommand {
    /// List and search users, newest first.
    List(List),
    /// Show a user: contacts, memberships, sessions, failed attempts, messages and the latest events.
    #[command(after_help = "Examples:\n  asteroid user show 25\n  asteroid user show +15556654345 --json")]
    Show(Named),
    /// Export everything that is kept about a user, as JSON.
    Export(Export),
    /// Delete a user for good, with everything personal that is kept about the user.
    Delete(delete::Delete),
    /// Create a user with verified contacts.
    Create(Create),
    /// Change the name of a user.
    Edit(Edit),
    /// Let a disabled user sign in again.
    #[command(after_help = "Example:\n  asteroid user enable george@example.com")]
    Enable(Named),
    /// Let a user no longer sign in, and end all sessions.
    #[command(after_help = "Example:\n  asteroid user disable george@example.com")]
    Disable(Named),
    /// Forget the failed attempts of a user, and with them every lock.
    #[command(after_help = "Example:\n  asteroid user unlock george@example.com")]
    Unlock(Named),
    /// Remove the password of a user and end all sessions: the user has to reset it by a code.
    RequireReset(RequireReset),
    /// Set the password of a user, read from a prompt or from standard input, and end all sessions.
    #[command(after_help = "Examples:\n  asteroid user set-password george@example.com\n  \
        pwgen 20 1 | asteroid user set-password 25")]
    SetPassword(Named),
    /// List the live sessions of a user.
    #[command(after_help = "Example:\n  asteroid user sessions george@example.com")]
    Sessions(Named),
    /// End sessions of a user: one, or all.
    Revoke(Revoke),
    /// Let a user sign in to the administration.
    #[command(after_help = "Example:\n  asteroid user grant-admin george@example.com")]
    GrantAdmin(Named),
    /// Let a user no longer sign in to the administration.
    #[command(after_help = "Example:\n  asteroid user revoke-admin george@example.com")]
    RevokeAdmin(Named),
}

/// A user, and the format of the answer.
#[derive(Args, Debug)]
pub(super) struct Named {
    /// The user: an id or any contact.
    #[arg(value_name = "USER")]
    user: String,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  asteroid user list --search wash --status disabled\n  \
    asteroid user list --practice 1 --json | jq -r '.users[].contacts[].contact'")]
pub(super) struct List {
    /// Only users with this contact or id, or whose name or contact begins with this text.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only members of the practice with this id.
    #[arg(long, value_name = "ID")]
    practice: Option<i64>,
    /// Only users of this status.
    #[arg(long, value_name = "STATUS", value_parser = names(&UserStatus::ALL, UserStatus::as_str))]
    status: Option<UserStatus>,
    /// The most users to list.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Continue after this place: the `next` of an earlier page with the same conditions.
    #[arg(long, value_name = "CURSOR")]
    after: Option<UserCursor>,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = "Hashes, tokens and keys are not exported, and clients belong to their practice.\n\n\
    Examples:\n  asteroid user export george@example.com --output george.json\n  \
    asteroid user export 25 | jq '.events'")]
pub(super) struct Export {
    /// The user: an id or any contact.
    #[arg(value_name = "USER")]
    user: String,
    /// Write to this file, which must not exist yet; only you may read it. Otherwise to standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  asteroid user create --first-name George --last-name Washington --contact george@example.com\n  \
    asteroid user create --first-name George --contact george@example.com --contact +15556654345 --password < password.txt"
)]
pub(super) struct Create {
    /// An e-mail address or phone number of the user. It counts as verified.
    #[arg(long = "contact", value_name = "CONTACT", required = true)]
    contacts: Vec<String>,
    /// The type of the contacts.
    #[arg(long = "type", value_name = "TYPE", default_value = "personal", value_parser = names(&ContactType::ALL, ContactType::as_str))]
    contact_type: ContactType,
    /// The first name.
    #[arg(long, value_name = "NAME", default_value = "")]
    first_name: String,
    /// The last name.
    #[arg(long, value_name = "NAME", default_value = "")]
    last_name: String,
    /// Read a password from a prompt or from standard input. Without it, the user signs in by code.
    #[arg(long)]
    password: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  asteroid user edit 25 --first-name Martha --last-name Washington\n  \
    asteroid user edit george@example.com --last-name Washington")]
pub(super) struct Edit {
    /// The user: an id or any contact.
    #[arg(value_name = "USER")]
    user: String,
    /// The first name from now on; empty if it is not known.
    #[arg(long, value_name = "NAME", required_unless_present = "last_name")]
    first_name: Option<String>,
    /// The last name from now on; empty if it is not known.
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  asteroid user require-reset george@example.com --yes")]
pub(super) struct RequireReset {
    /// The user: an id or any contact.
    #[arg(value_name = "USER")]
    user: String,
    /// Do not ask: the password cannot be restored.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  asteroid user revoke george@example.com --all\n  \
    asteroid user revoke 25 019c0a1e-6b7e-7c3a-9f52-0d6f6f3b1c55")]
pub(super) struct Revoke {
    /// The user: an id or any contact.
    #[arg(value_name = "USER")]
    user: String,
    /// The id of a session, as `asteroid user sessions` shows it.
    #[arg(value_name = "SESSION", required_unless_present = "all")]
    session: Option<SessionId>,
    /// All sessions.
    #[arg(long, conflicts_with = "session")]
    all: bool,
    #[command(flatten)]
    format: Format,
}

/// Why a command on a user failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum UserError {
    #[error("`{0}` cannot be the name of a user")]
    Reference(String, #[source] InvalidUserReference),
    #[error("there is no user `{0}`: `asteroid user list --search` finds users")]
    Unknown(String),
    #[error("`{0}` cannot be searched: write 1 to {max} characters, without control characters", max = UserSearch::MAX_CHARS)]
    Search(String),
    #[error("`{0}` is neither an e-mail address nor a phone number")]
    Contact(String),
    #[error("the password of user {0} would be gone for good: --yes removes it without a question")]
    NeedsYes(String),
    #[error("user {0} would be gone for good: --yes deletes the user without a question")]
    DeletionNeedsYes(UserId),
    #[error("nothing was changed")]
    Kept,
    #[error("user {0} has no session {1}: `asteroid user sessions` lists them")]
    NoSession(UserId, SessionId),
    #[error("the export cannot be written to {}", .0.display())]
    Export(PathBuf, #[source] io::Error),
    #[error("no password was given: type it at the prompt, or write it to standard input")]
    NoPassword,
    #[error("the two passwords differ")]
    PasswordsDiffer,
    #[error("the password is refused: {0}")]
    WeakPassword(String),
}

impl ErrorCode for UserError {
    fn code(&self) -> &'static str {
        match self {
            Self::Reference(..) => "invalid_user",
            Self::Unknown(_) => "unknown_user",
            Self::Search(_) => "invalid_search",
            Self::Contact(_) => "invalid_contact",
            Self::NeedsYes(_) | Self::DeletionNeedsYes(_) | Self::Kept => "not_confirmed",
            Self::NoSession(..) => "unknown_session",
            Self::Export(..) => "export_not_written",
            Self::NoPassword => "no_password",
            Self::PasswordsDiffer => "passwords_differ",
            Self::WeakPassword(_) => WEAK_PASSWORD,
        }
    }
}

impl ErrorCode for CreateUserError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoContact => "no_contact",
            Self::KeyReused => "key_reused",
            Self::ContactTaken(_) => "contact_taken",
            Self::WeakPassword(_) => WEAK_PASSWORD,
            Self::Hashing(_) => HASHING_FAILED,
            Self::Storage(error) => error.code(),
        }
    }
}

impl ErrorCode for EditUserError {
    fn code(&self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Storage(error) => error.code(),
        }
    }
}

impl ErrorCode for SetPasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::WeakPassword(_) => WEAK_PASSWORD,
            Self::Hashing(_) => HASHING_FAILED,
            Self::Storage(error) => error.code(),
        }
    }
}

const WEAK_PASSWORD: &str = "weak_password";
const HASHING_FAILED: &str = "hashing_failed";

impl UserError {
    fn weak(flaws: &[PasswordFlaw]) -> Self {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        Self::WeakPassword(flaws.join("; "))
    }
}

/// The use cases on this storage.
pub(super) fn administrators<S: ServerStorage>(
    context: &Context,
    settings: &Settings,
    storage: Arc<S>,
) -> Result<Administrators<S, Argon2Hasher>, StartError> {
    let (clock, randomness) = (Arc::clone(&context.clock), Arc::clone(&context.randomness));
    // A command hashes one password at most.
    let hashing = Argon2Settings { threads: 1, ..hashing(settings) };
    let hasher = Arc::new(Argon2Hasher::start(hashing, Arc::clone(&randomness))?);
    Ok(Administrators::new(storage, hasher, clock, randomness, settings.account_rules()))
}

pub(super) fn user_reference(text: &str, settings: &Settings) -> Result<UserReference, UserError> {
    let parsed = UserReference::parse(text, settings.product.default_region);
    parsed.map_err(|error| UserError::Reference(text.to_owned(), error))
}

pub(super) fn unknown_user(text: &str) -> UserError {
    UserError::Unknown(text.to_owned())
}

/// Calls a use case on a user, who has to exist.
macro_rules! on_user {
    ($context:expr, $user:expr, |$administrators:ident, $reference:ident| $call:expr) => {{
        let (context, user): (&Context, &str) = ($context, $user);
        let settings = context.configuration()?.settings;
        let $reference = user_reference(user, &settings)?;
        let done = context.in_store(async |store| {
            Ok(with_storage!(store, |storage| {
                let $administrators = administrators(context, &settings, storage)?;
                $call.await
            }))
        })?;
        done.map(|done| done.ok_or_else(|| unknown_user(user)))
    }};
}

pub(super) fn run(context: &Context, command: &UserCommand) -> Result<(), CommandError> {
    match command {
        UserCommand::List(arguments) => list(context, arguments),
        UserCommand::Show(Named { user, format }) => {
            let details = on_user!(context, user, |users, reference| users.show_user(reference.clone()))??;
            let shown = UserDetailsObject::from(&details);
            answer(*format, &shown, || show::details(&shown))
        }
        UserCommand::Sessions(Named { user, format }) => {
            let details = on_user!(context, user, |users, reference| users.show_user(reference.clone()))??;
            let sessions: Vec<_> = details.sessions.iter().map(SessionObject::from).collect();
            answer(*format, &sessions, || show::sessions_table(&sessions))
        }
        UserCommand::Export(arguments) => export(context, arguments),
        UserCommand::Delete(arguments) => delete::run(context, arguments),
        UserCommand::Create(arguments) => create(context, arguments),
        UserCommand::Edit(Edit { user, first_name, last_name, format }) => {
            let name = NameEdit::parse(first_name.as_deref(), last_name.as_deref())?;
            let edit = on_user!(context, user, |users, reference| {
                users.rename_user(reference.clone(), name.clone(), None, operator())
            });
            let id = edit??;
            answer(*format, &json!({ "id": id.0 }), || format!("User {id} has another name.\n"))
        }
        UserCommand::Enable(named) => set_status(context, named, UserStatus::Enabled),
        UserCommand::Disable(named) => set_status(context, named, UserStatus::Disabled),
        UserCommand::Unlock(Named { user, format }) => {
            let unlock = on_user!(context, user, |users, reference| {
                users.unlock_user(reference.clone(), operator())
            });
            let UnlockedUser { user, forgotten } = unlock??;
            let attempts: usize = forgotten.iter().map(|attempts| attempts.count).sum();
            answer(*format, &json!({ "id": user.0, "forgotten_attempts": attempts }), || {
                format!(
                    "User {user} is unlocked: {} forgotten.\n",
                    counted(attempts as u64, "failed attempt")
                )
            })
        }
        UserCommand::RequireReset(RequireReset { user, yes, format }) => {
            if !yes {
                let question = format!("The password of user {user} will be gone for good. Remove it?");
                match confirm(&question)? {
                    Confirmed::Yes => {}
                    Confirmed::No => return Err(UserError::Kept.into()),
                    Confirmed::NotAsked => return Err(UserError::NeedsYes(user.clone()).into()),
                }
            }
            let reset = on_user!(context, user, |users, reference| {
                users.require_reset(reference.clone(), operator())
            });
            answer_ended(*format, reset??, "has to reset the password")
        }
        UserCommand::SetPassword(Named { user, format }) => {
            let password = read_password()?;
            let set = on_user!(context, user, |users, reference| {
                users.set_password(reference.clone(), password.clone(), operator())
            });
            match set {
                Ok(ended) => answer_ended(*format, ended?, "has another password"),
                Err(SetPasswordError::WeakPassword(flaws)) => Err(UserError::weak(&flaws).into()),
                Err(error) => Err(error.into()),
            }
        }
        UserCommand::Revoke(Revoke { user, session, format, .. }) => {
            let ended = on_user!(context, user, |users, reference| {
                users.end_sessions(reference.clone(), *session, operator())
            })??;
            match session {
                Some(session) if ended.count == 0 => Err(UserError::NoSession(ended.user, *session).into()),
                _ => answer_ended(*format, ended, "is signed out"),
            }
        }
        UserCommand::GrantAdmin(named) => set_administrator(context, named, true),
        UserCommand::RevokeAdmin(named) => set_administrator(context, named, false),
    }
}

fn list(context: &Context, arguments: &List) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let search = match &arguments.search {
        None => None,
        Some(text) => {
            let search = UserSearch::parse(text, settings.product.default_region);
            Some(search.ok_or_else(|| UserError::Search(text.clone()))?)
        }
    };
    let filter = UserFilter { search, practice: arguments.practice, status: arguments.status };
    let at_most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let Page { items, next } = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| {
            let administrators = administrators(context, &settings, storage)?;
            administrators.list_users(filter, arguments.after.clone(), at_most).await?
        }))
    })?;
    let users: Vec<UserObject> = items.iter().map(UserObject::from).collect();
    let next = next.map(|next| next.to_string());
    answer(arguments.format, &json!({ "users": users, "next": next }), || {
        let mut text = table(&users);
        if let Some(next) = &next {
            text.extend(["More: --after '", next, "'\n"]);
        }
        text
    })
}

fn export(context: &Context, Export { user, output, format }: &Export) -> Result<(), CommandError> {
    let export =
        on_user!(context, user, |users, reference| { users.export_user(reference.clone(), operator()) })??;
    let exported = UserExportObject::from(&export);
    let json = serde_json::to_string_pretty(&exported)?;
    let Some(path) = output else { return Ok(say(&json)?) };
    export::write_new(path, &json).map_err(|error| UserError::Export(path.clone(), error))?;
    let id = export.details.profile.user.id;
    answer(*format, &json!({ "id": id.0, "file": path }), || {
        format!("Everything about user {id} is in {}.\n", path.display())
    })
}

fn create(context: &Context, arguments: &Create) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let contact = |text: &String| {
        let contact = Contact::parse(text, settings.product.default_region);
        contact.map_err(|_| UserError::Contact(text.clone()))
    };
    let contacts: Result<Vec<Contact>, UserError> = arguments.contacts.iter().map(contact).collect();
    let account = NewAccount {
        name: PersonName::partial(&arguments.first_name, &arguments.last_name)?,
        contacts: contacts?,
        contact_type: arguments.contact_type,
        password: arguments.password.then(read_password).transpose()?,
    };
    let created = context.in_store(async |store| {
        Ok(with_storage!(store, |storage| {
            administrators(context, &settings, storage)?.create_user(account, None, operator()).await
        }))
    })?;
    match created {
        Ok(id) => answer(arguments.format, &json!({ "id": id.0 }), || format!("User {id} was created.\n")),
        Err(CreateUserError::WeakPassword(flaws)) => Err(UserError::weak(&flaws).into()),
        Err(error) => Err(error.into()),
    }
}

fn set_status(
    context: &Context,
    Named { user, format }: &Named,
    status: UserStatus,
) -> Result<(), CommandError> {
    let change = on_user!(context, user, |users, reference| {
        users.set_status(reference.clone(), status, operator())
    });
    let StatusChange { user, changed, ended_sessions } = change??;
    let name = status.as_str();
    let done = json!({
        "id": user.0, "status": name, "changed": changed, "ended_sessions": ended_sessions,
    });
    answer(*format, &done, || {
        let is = if changed { "is now" } else { "was already" };
        let ended = match status {
            UserStatus::Enabled => String::new(),
            UserStatus::Disabled => format!(" {} ended.", counted(ended_sessions, "session")),
        };
        format!("User {user} {is} {name}.{ended}\n")
    })
}

fn set_administrator(
    context: &Context,
    Named { user, format }: &Named,
    administrator: bool,
) -> Result<(), CommandError> {
    let set = on_user!(context, user, |users, reference| {
        users.set_administrator(reference.clone(), administrator, operator())
    });
    let id = set??;
    answer(*format, &json!({ "id": id.0, "administrator": administrator }), || {
        let is = if administrator { "is an administrator" } else { "is no administrator" };
        format!("User {id} {is}.\n")
    })
}

fn answer_ended(format: Format, ended: EndedSessions, what: &str) -> Result<(), CommandError> {
    let EndedSessions { user, count } = ended;
    answer(format, &json!({ "id": user.0, "ended_sessions": count }), || {
        format!("User {user} {what}. {} ended.\n", counted(count, "session"))
    })
}

/// A number of things: `1 session`, `2 sessions`.
fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// Reads a password: from a prompt that does not show it, twice, or else the first line of standard input.
fn read_password() -> Result<Password, CommandError> {
    let password = if io::stdin().is_terminal() {
        let password = rpassword::prompt_password("New password: ")?;
        if password != rpassword::prompt_password("Again: ")? {
            return Err(UserError::PasswordsDiffer.into());
        }
        password
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if password.is_empty() { Err(UserError::NoPassword.into()) } else { Ok(Password::new(&password)) }
}
