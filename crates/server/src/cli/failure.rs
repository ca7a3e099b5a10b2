//! How a failed command says why: text for people, or one JSON object on standard error with `--json`.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};

use asteroid_application::PublishTermsError;
use asteroid_application::administration::{CreateUserError, EditUserError, SetPasswordError};
use asteroid_diesel::copy::CopyError;
use asteroid_kernel::StorageError;
use asteroid_keyring::KeysError;
use asteroid_terms::InvalidTerms;
use serde::Serialize;
use serde_json::json;

use super::admin_key::UnknownAdminKey;
use super::audit::InvalidTime;
use super::import::MissingTombstoneKeys;
use super::keys::RetireError;
use super::messages::{SendTestError, WritePreviewError};
use super::terms::PublishError;
use super::user::UserError;
use crate::config::{ConfigErrors, NoKeysFile};
use crate::messages::TemplateErrors;
use crate::storage::StoreError;

/// An error of a command with a code that programs can rely on: it never changes.
pub(crate) trait ErrorCode {
    /// The code, in lower case with underscores.
    fn code(&self) -> &'static str;
}

/// The code of errors that have none of their own.
const FAILED: &str = "failed";

/// The code of an error of one of these types.
macro_rules! code_of {
    ($error:expr; $($type:ty),* $(,)?) => { {
        let codes = [$($error.downcast_ref::<$type>().map(ErrorCode::code)),*];
        codes.into_iter().flatten().next().unwrap_or(FAILED)
    } };
}

fn code_of(error: &(dyn Error + 'static)) -> &'static str {
    code_of!(error;
        ConfigErrors, CopyError, CreateUserError, EditUserError, InvalidTerms, InvalidTime, KeysError,
        MissingTombstoneKeys, NoKeysFile, PublishError, PublishTermsError, RetireError, SendTestError, SetPasswordError, StorageError, StoreError, TemplateErrors,
        UnknownAdminKey, UserError, WritePreviewError, io::Error,
    )
}

impl ErrorCode for ConfigErrors {
    fn code(&self) -> &'static str {
        "invalid_configuration"
    }
}

impl ErrorCode for TemplateErrors {
    fn code(&self) -> &'static str {
        "invalid_templates"
    }
}

impl ErrorCode for NoKeysFile {
    fn code(&self) -> &'static str {
        "invalid_configuration"
    }
}

impl ErrorCode for InvalidTerms {
    fn code(&self) -> &'static str {
        "invalid_terms"
    }
}

impl ErrorCode for PublishTermsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.code(),
            Self::Taken(_) => "version_taken",
            Self::Storage(error) => error.code(),
        }
    }
}

impl ErrorCode for StorageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Busy => "database_busy",
            Self::Unavailable(_) => "database_unavailable",
            Self::Failed(_) => "database_failed",
        }
    }
}

impl ErrorCode for CopyError {
    fn code(&self) -> &'static str {
        match self {
            Self::SourceMissing { .. } => "database_missing",
            Self::PendingMigrations { .. } => "pending_migrations",
            _ => "copy_failed",
        }
    }
}

impl ErrorCode for KeysError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "keys_file_missing",
            Self::Unreadable(..) => "keys_file_unreadable",
            Self::Unwritable(..) => "keys_file_unwritable",
            Self::Malformed { .. } | Self::NotBase64(_) | Self::InvalidCodes(_) => "keys_file_invalid",
            Self::NoKey(_) => "no_key",
            Self::Staged { .. } => "key_staged",
            Self::Current { .. } => "key_current",
            Self::Ambiguous(_) => "key_ambiguous",
        }
    }
}

impl ErrorCode for io::Error {
    fn code(&self) -> &'static str {
        "io_error"
    }
}

/// Whether these arguments of the process ask for JSON. It is looked for by hand, because arguments that cannot be parsed ask
/// for it, too.
pub(super) fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().skip(1).take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

/// Why a command failed, for programs.
#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
    /// The sources of the error, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<String>,
}

/// Prints a failure to standard error, as one line of JSON.
pub(super) fn print_json(code: &str, message: &str) {
    print(&Failure { code, message, because: Vec::new() });
}

/// Prints an error and its sources to standard error, as one line of JSON.
pub(super) fn print_error_as_json(error: &(dyn Error + 'static)) {
    let because =
        std::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string).collect();
    print(&Failure { code: code_of(error), message: &error.to_string(), because });
}

/// Prints a usage error to standard error, as one line of JSON.
pub(super) fn print_usage_as_json(error: &clap::Error) {
    let text = error.render().to_string();
    // The first paragraph says what is wrong; help follows. Without a subcommand there is help alone.
    let message = match text.strip_prefix("error: ") {
        Some(text) => text.split("\n\n").next().unwrap_or_default().trim(),
        None => "a command is missing: --help lists the commands",
    };
    print_json("usage", message);
}

fn print(failure: &Failure<'_>) {
    // A closed standard error is not an error.
    let _ = writeln!(io::stderr().lock(), "{}", json!({ "error": failure }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_before_the_end_of_the_options() {
        let asks = |text: &str| wants_json(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(asks("asteroid keys list --json"));
        assert!(asks("asteroid --json nonsense"));
        assert!(!asks("asteroid keys list"));
        assert!(!asks("asteroid import -- --json"));
        assert!(!asks("--json"));
    }

    #[test]
    fn error_of_an_unknown_type_has_a_code_too() {
        assert_eq!(code_of(&std::fmt::Error), "failed");
        assert_eq!(code_of(&StorageError::Busy), "database_busy");
    }
}
