/// Why a text is no delivery URL. It never shows more of the text than its scheme: what follows may hold a
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDeliveryUrl {
    /// It does not begin with the name of a scheme and a colon.
    #[error("this is no delivery URL: use {FORMS}")]
    NoScheme,
    /// There is no such transport.
    #[error("messages cannot be delivered by `{0}:`: use {FORMS}")]
    UnknownScheme(String),
    /// Something follows `console:`.
    #[error("nothing may follow `console:`")]
    ConsoleWithRest,
    /// Nothing follows `file:`.
    #[error("`file:` needs a path: `file:PATH`")]
    NoPath,
    /// `file://` is followed by a host.
    #[error("`file:` takes no host: use `file:PATH`, without slashes before a relative path")]
    FileWithHost,
    /// The URL of a provider has a flaw.
    #[error("{flaw}: write it like `{}`", provider.example())]
    Provider {
        /// Whose URL it is.
        provider: Provider,
        /// What is wrong with it.
        flaw: Flaw,
    },
}

/// The forms that are understood.
const FORMS: &str = "`console:`, `file:PATH`, `smtp://…`, `smtps://…`, `twilio://…` or `webhook+https://…`";

/// Who takes messages on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// A mail server, over TLS by STARTTLS.
    Smtp,
    /// A mail server, over TLS from the first byte.
    Smtps,
    /// Twilio's API for SMS.
    Twilio,
    /// Whoever answers at an URL.
    Webhook,
}

impl Provider {
    /// How its URL is written.
    const fn example(self) -> &'static str {
        match self {
            Self::Smtp => "smtp://USER:PASSWORD@mail.example.com:587?from=Asteroid%20<no-reply@example.com>",
            Self::Smtps => {
                "smtps://USER:PASSWORD@mail.example.com:465?from=Asteroid%20<no-reply@example.com>"
            }
            Self::Twilio => "twilio://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15005550006",
            Self::Webhook => "webhook+https://hooks.example.com/asteroid?secret=whsec_BASE64",
        }
    }
}

/// What is wrong with the URL of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It cannot be taken apart.
    #[error(
        "its host or port cannot be read; in names, passwords and values, `:/?#[]@&%` are written as \
         `%3A%2F%3F%23%5B%5D%40%26%25`"
    )]
    Unreadable,
    /// It names no host.
    #[error("it names no host")]
    NoHost,
    /// It has a `#`, which ends what a server is asked.
    #[error("it holds a `#`, which is written as `%23`")]
    Fragment,
    /// It has a path that means nothing.
    #[error("it has a path, which means nothing here")]
    Path,
    /// A part is no UTF-8, or holds control characters.
    #[error("{0} is no text on one line")]
    NoText(&'static str),
    /// It has a user name or a password without the other.
    #[error("a user name and a password go together")]
    HalfALogin,
    /// It lacks what proves who sends.
    #[error("the account and its token are missing")]
    NoLogin,
    /// It has a user name that means nothing.
    #[error("it has a user name, which means nothing here: requests are signed with the secret")]
    Login,
    /// The account is none.
    #[error("the account is no SID, which is made of letters and digits")]
    Account,
    /// A parameter is missing.
    #[error("`{0}=` is missing")]
    Missing(&'static str),
    /// A parameter occurs more than once.
    #[error("`{0}=` occurs more than once")]
    Repeated(&'static str),
    /// Two parameters exclude each other.
    #[error("`from=` and `messaging_service_sid=` exclude each other")]
    TwoSenders,
    /// The value of a parameter is not what it must be.
    #[error("`{0}=` must be {1}")]
    Value(&'static str, &'static str),
    /// There is a parameter that means nothing. It is not named: it may be half of a password.
    #[error("it has a parameter that means nothing; there are {0}")]
    Unknown(&'static str),
    /// Plain HTTP to another machine.
    #[error("plain HTTP goes to this machine alone (localhost, 127.0.0.1 or [::1])")]
    PlainHttp,
}

/// Messages of a channel cannot leave by a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongChannel {
    /// SMS, by a mail server.
    #[error(
        "a mail server sends e-mail alone: for SMS use `twilio://…`, `webhook+https://…`, `file:PATH` or `console:`"
    )]
    MailServer,
    /// E-mail, by a provider of SMS.
    #[error(
        "Twilio sends SMS alone: for e-mail use `smtp://…`, `smtps://…`, `webhook+https://…`, `file:PATH` or \
         `console:`"
    )]
    SmsProvider,
}
