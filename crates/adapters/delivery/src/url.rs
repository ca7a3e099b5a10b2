use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// By which transport the messages of a channel leave; what the settings `email.url` and `sms.url` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryUrl {
    /// `console:`: to standard output.
    Console,
    /// `file:PATH`: to a file; the path is taken as it stands, relative to the working directory.
    File(PathBuf),
}

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
}

/// The forms that are understood.
const FORMS: &str = "`console:` or `file:PATH`";

impl DeliveryUrl {
    /// Whether messages that leave so show their codes to whoever reads a console or a file: production refuses
    /// it.
    #[must_use]
    pub const fn is_development_only(&self) -> bool {
        match self {
            Self::Console | Self::File(_) => true,
        }
    }
}

impl FromStr for DeliveryUrl {
    type Err = InvalidDeliveryUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDeliveryUrl> {
        let (scheme, rest) = text.split_once(':').ok_or(InvalidDeliveryUrl::NoScheme)?;
        // RFC 3986, 3.1.
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return Err(InvalidDeliveryUrl::NoScheme);
        }
        match (scheme.to_ascii_lowercase().as_str(), rest) {
            ("console", "") => Ok(Self::Console),
            ("console", _) => Err(InvalidDeliveryUrl::ConsoleWithRest),
            ("file", "") => Err(InvalidDeliveryUrl::NoPath),
            ("file", path) => match path.strip_prefix("//") {
                Some(absolute) if !absolute.starts_with('/') => Err(InvalidDeliveryUrl::FileWithHost),
                Some(absolute) => Ok(Self::File(absolute.into())),
                None => Ok(Self::File(path.into())),
            },
            (unknown, _) => Err(InvalidDeliveryUrl::UnknownScheme(unknown.to_owned())),
        }
    }
}

impl fmt::Display for DeliveryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console => f.write_str("console:"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DeliveryUrl, InvalidDeliveryUrl> {
        text.parse()
    }

    #[test]
    fn every_form_is_read_and_shown() {
        for (text, url, shown) in [
            ("console:", DeliveryUrl::Console, "console:"),
            ("Console:", DeliveryUrl::Console, "console:"),
            ("file:messages.ndjson", DeliveryUrl::File("messages.ndjson".into()), "file:messages.ndjson"),
            ("file:/tmp/a b%20:c", DeliveryUrl::File("/tmp/a b%20:c".into()), "file:/tmp/a b%20:c"),
            ("file:///tmp/messages", DeliveryUrl::File("/tmp/messages".into()), "file:/tmp/messages"),
        ] {
            assert_eq!(parse(text), Ok(url.clone()), "{text}");
            assert_eq!(url.to_string(), shown);
            assert_eq!(parse(shown), Ok(url));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_forms_that_are_right() {
        for (text, error) in [
            ("", "this is no delivery URL: use `console:` or `file:PATH`"),
            ("console", "this is no delivery URL: use `console:` or `file:PATH`"),
            ("/tmp/a:b", "this is no delivery URL: use `console:` or `file:PATH`"),
            ("console:now", "nothing may follow `console:`"),
            ("file:", "`file:` needs a path: `file:PATH`"),
            (
                "file://messages",
                "`file:` takes no host: use `file:PATH`, without slashes before a relative path",
            ),
            (
                "SMTP://george:secret@example.com",
                "messages cannot be delivered by `smtp:`: use `console:` or `file:PATH`",
            ),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), error);
        }
    }

    #[test]
    fn an_error_shows_nothing_that_could_be_a_secret() {
        for text in
            ["smtp://george:secret@example.com", "secret@host:25", "secret", ":secret", "console:secret"]
        {
            let error = parse(text).expect_err(text);
            assert!(!format!("{error} {error:?}").contains("secret"), "{text}");
        }
    }

    #[test]
    fn what_shows_codes_is_for_development_only() {
        assert!(DeliveryUrl::Console.is_development_only());
        assert!(DeliveryUrl::File("messages".into()).is_development_only());
    }
}
