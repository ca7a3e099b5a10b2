use crate::transports::{ALL_FORMS, EMAIL_FORMS, SMS_FORMS};

/// Why a text is not a delivery URL. It shows nothing of the text: what looks like a scheme may be a user name or a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryUrlError {
    /// It does not begin with a scheme and a colon.
    #[error("this is not a delivery URL: use {ALL_FORMS}")]
    NoScheme,
    /// No transport has this scheme.
    #[error("its scheme is unknown: use {ALL_FORMS}")]
    UnknownScheme,
    /// Something follows a scheme that is the whole URL.
    #[error("nothing may follow `{0}`")]
    WithRest(&'static str),
    /// Nothing follows `file:`.
    #[error("`file:` needs a path: `file:PATH`")]
    NoPath,
    /// `file://` is followed by a host.
    #[error("`file:` takes no host: use `file:PATH`, without slashes before a relative path")]
    FileWithHost,
    /// The URL of a provider cannot be used.
    #[error("{problem}: write it like `{example}`")]
    Provider {
        /// What is wrong with it.
        problem: ProviderUrlProblem,
        /// A URL of this provider that can be used.
        example: &'static str,
    },
}

/// What is wrong with the URL of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderUrlProblem {
    /// Its host or port is not valid.
    #[error(
        "its host or port is not valid; in names, passwords and values, write `:/?#[]@&%` as \
         `%3A%2F%3F%23%5B%5D%40%26%25`"
    )]
    Syntax,
    /// It has no host.
    #[error("it has no host")]
    NoHost,
    /// It has a fragment, which is not sent to a server.
    #[error("it contains a `#`, which is written as `%23`")]
    Fragment,
    /// It has a path, and this provider's URLs have none.
    #[error("it has a path, which is not supported")]
    Path,
    /// A part is not UTF-8, or contains control characters.
    #[error("{0} is not text on one line")]
    NotText(&'static str),
    /// It has a user name or a password without the other.
    #[error("a user name and a password go together")]
    HalfCredentials,
    /// Something in it is not valid for this provider.
    #[error("{0}")]
    Invalid(&'static str),
    /// A parameter is missing.
    #[error("`{0}=` is missing")]
    Missing(&'static str),
    /// A parameter occurs more than once.
    #[error("`{0}=` occurs more than once")]
    Repeated(&'static str),
    /// Two parameters exclude each other.
    #[error("`{0}=` and `{1}=` exclude each other")]
    Conflicting(&'static str, &'static str),
    /// The value of a parameter is not valid.
    #[error("`{0}=` must be {1}")]
    Value(&'static str, &'static str),
    /// It has an unknown parameter. The error does not name it: it may be half of a password.
    #[error("it has an unknown parameter; the known ones are {0}")]
    UnknownParameter(&'static str),
    /// Plain HTTP to another machine.
    #[error("plain HTTP is only for this machine (localhost, 127.0.0.1 or [::1])")]
    PlainHttp,
}

/// A transport does not deliver messages of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongChannel {
    /// SMS, by a transport of this name that delivers e-mail only.
    #[error("{0} delivers e-mail only: for SMS use {SMS_FORMS}")]
    EmailOnly(&'static str),
    /// E-mail, by a transport of this name that delivers SMS only.
    #[error("{0} delivers SMS only: for e-mail use {EMAIL_FORMS}")]
    SmsOnly(&'static str),
}
