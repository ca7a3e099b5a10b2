//! The details of a registration in the message with its code.

use asteroid_kernel::Timestamp;
use minijinja::Value;
use unicode_normalization::char::is_combining_mark;

use crate::templates::Values;

/// The details of a registration, by which the owner of a contact recognises the registration that a code completes.
///
/// Any client may have made the registration, so no text of it is repeated except a first name, and that only in e-mails
/// and only if it can contain neither a link nor a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationDetails {
    /// The first name; empty if it is not known.
    pub first_name: String,
    /// When the registration was made.
    pub requested_at: Timestamp,
    /// The `User-Agent` of the client.
    pub user_agent: Option<String>,
}

/// The maximum length of a first name in characters. A longer one is omitted.
const FIRST_NAME_MAX_CHARS: usize = 32;

impl RegistrationDetails {
    /// The longest details that templates may have to render.
    pub(crate) fn sample() -> Self {
        Self {
            first_name: "M".repeat(FIRST_NAME_MAX_CHARS),
            requested_at: Timestamp::from_micros(1_767_225_600_000_000),
            user_agent: Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64)".to_owned()),
        }
    }

    /// The details for [`Sample`](crate::Sample).
    pub(crate) fn preview() -> Self {
        Self { first_name: "George".to_owned(), ..Self::sample() }
    }

    /// The values of the template variables. They are empty or false for unknown details.
    pub(crate) fn values(details: Option<&Self>) -> Values {
        let agent = details.and_then(|details| details.user_agent.as_deref()).unwrap_or_default();
        let requested_at = details.map(|details| details.requested_at.to_string()).unwrap_or_default();
        // RFC 3339 in UTC, without seconds.
        let (date, time) = requested_at.split_once('T').unwrap_or_default();
        let time = time.get(..5).map(|minute| format!("{minute} UTC")).unwrap_or_default();
        Values::from([
            ("first_name", Value::from(details.map(Self::first_name_in_email).unwrap_or_default())),
            ("requested_at", Value::from(format!("{date} {time}").trim())),
            ("requested_time", Value::from(time)),
            ("browser", Value::from(agent.starts_with("Mozilla/"))),
            ("platform", Value::from(platform(agent))),
        ])
    }

    /// The first name if it has only letters, marks, spaces, `-` and `'` and is not too long; otherwise empty.
    fn first_name_in_email(&self) -> &str {
        let is_name_character =
            |c: char| c.is_alphabetic() || is_combining_mark(c) || matches!(c, ' ' | '-' | '\'');
        let fits = self.first_name.chars().nth(FIRST_NAME_MAX_CHARS).is_none();
        if fits && self.first_name.chars().all(is_name_character) { &self.first_name } else { "" }
    }
}

/// The name of the platform in a `User-Agent`, one of a fixed list; empty if none of them occurs.
fn platform(user_agent: &str) -> &'static str {
    // In this order: Android browsers also name Linux, and iPhone browsers also name Mac OS X.
    const PLATFORMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Macintosh", "macOS"),
        ("Linux", "Linux"),
    ];
    PLATFORMS.iter().find(|(token, _)| user_agent.contains(token)).map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(first_name: &str, user_agent: &str) -> RegistrationDetails {
        RegistrationDetails {
            first_name: first_name.to_owned(),
            requested_at: Timestamp::parse("2026-02-03T04:05:59.999Z").expect("a time"),
            user_agent: Some(user_agent.to_owned()),
        }
    }

    #[test]
    fn a_first_name_of_letters_marks_spaces_hyphens_and_apostrophes_is_named() {
        for name in ["George", "Zoë", "Mary-Ann", "D'Arcy", "José María", "प्रिया", "สมชาย", "علي", "明"]
        {
            assert_eq!(details(name, "").first_name_in_email(), name);
        }
        let longest = "a".repeat(32);
        assert_eq!(details(&longest, "").first_name_in_email(), longest);
    }

    #[test]
    fn a_first_name_that_could_contain_a_message_is_omitted() {
        let too_long = "a".repeat(33);
        for name in [
            "visit evil.example",
            "http://evil",
            "evil@example.com",
            "call 0900",
            "<b>George</b>",
            "George, your account is locked",
            "Ge\u{202e}orge",
            "George\n",
            "!",
            &too_long,
        ] {
            assert_eq!(details(name, "").first_name_in_email(), "", "{name:?}");
        }
    }

    #[test]
    fn a_client_is_described_by_its_platform_from_a_fixed_list() {
        for (agent, name) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0", "Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari", "macOS"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15", "iPhone"),
            ("Mozilla/5.0 (iPad; CPU OS 26_0 like Mac OS X)", "iPad"),
            ("Mozilla/5.0 (Linux; Android 16; Pixel 10) Chrome/156.0 Mobile", "Android"),
            ("Dalvik/2.1.0 (Linux; U; Android 16)", "Android"),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "ChromeOS"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Linux"),
            ("curl/8.5.0", ""),
            ("okhttp/5.1.0", ""),
            ("", ""),
        ] {
            assert_eq!(platform(agent), name, "{agent}");
        }
    }

    #[test]
    fn the_time_of_a_registration_is_shown_in_utc_to_the_minute() {
        let values = RegistrationDetails::values(Some(&details("George", "curl/8.5.0")));
        assert_eq!(values["requested_at"], Value::from("2026-02-03 04:05 UTC"));
        assert_eq!(values["requested_time"], Value::from("04:05 UTC"));
        assert_eq!(values["browser"], Value::from(false));
    }

    #[test]
    fn unknown_details_are_empty() {
        for (name, value) in RegistrationDetails::values(None) {
            assert!(!value.is_true(), "{name}: {value}");
        }
    }
}
