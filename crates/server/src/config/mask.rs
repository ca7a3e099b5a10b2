use std::fmt;

/// Displays a URL without its secrets, and any other text unchanged.
///
/// Masked are the password before an `@` (or, without a user name, everything before the `@`), the value of each parameter,
/// and the path of a webhook, in which some providers put a token.
#[derive(Clone, Copy)]
pub(crate) struct Masked<'a>(pub(crate) &'a str);

const MASK: &str = "***";

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str(self.0) };
        write!(f, "{scheme}://")?;
        // The last `@`: an unescaped password may contain any of `@/?`.
        let rest = match rest.rsplit_once('@') {
            Some((user, host)) => {
                match user.split_once(':') {
                    Some((name, _)) => write!(f, "{name}:{MASK}@")?,
                    None => write!(f, "{MASK}@")?,
                }
                host
            }
            None => rest,
        };
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        match rest.split_once('/') {
            Some((host, path)) if scheme.starts_with("webhook") && !path.is_empty() => {
                write!(f, "{host}/{MASK}")?;
            }
            _ => f.write_str(rest)?,
        }
        for (index, parameter) in query.iter().flat_map(|query| query.split('&')).enumerate() {
            f.write_str(if index == 0 { "?" } else { "&" })?;
            match parameter.split_once('=') {
                Some((name, _)) => write!(f, "{name}={MASK}")?,
                None => f.write_str(MASK)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_displayed_without_secrets() {
        for (url, shown) in [
            ("no URL: at all@?a=b", "no URL: at all@?a=b"),
            ("console:", "console:"),
            ("file:data/messages.ndjson", "file:data/messages.ndjson"),
            ("sqlite://data/asteroid.db", "sqlite://data/asteroid.db"),
            ("smtp://mail.example.com:587", "smtp://mail.example.com:587"),
            ("smtps://robot:hunter2@mail.example.com", "smtps://robot:***@mail.example.com"),
            ("smtps://robot:p@ss/w:rd@mail.example.com", "smtps://robot:***@mail.example.com"),
            ("smtps://robot:p?s@mail.example.com", "smtps://robot:***@mail.example.com"),
            ("twilio://AC01:token@api?from=%2B15556654345", "twilio://AC01:***@api?from=***"),
            ("webhook+https://token@sms.example.com/v1/send", "webhook+https://***@sms.example.com/***"),
            (
                "webhook+https://sms.example.com/T1/x?key=k&quiet",
                "webhook+https://sms.example.com/***?key=***&***",
            ),
        ] {
            assert_eq!(Masked(url).to_string(), shown);
        }
    }
}
