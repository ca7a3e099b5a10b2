//! What the message of a registration says of the registration.

use asteroid_kernel::Timestamp;
use minijinja::Value;
use unicode_normalization::char::is_combining_mark;

use crate::templates::Values;

/// What tells the owner of a contact which registration a code completes.
///
/// Anyone may have made it, so nothing of it is repeated as it was sent but a first name that can hold neither a link nor a
/// message, and that in e-mails alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationDetails {
    /// The first name that was given; empty if it is unknown.
    pub first_name: String,
    /// When the registration was made.
    pub requested_at: Timestamp,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

/// A longer first name is left out.
const FIRST_NAME_MAX_CHARS: usize = 32;

impl RegistrationDetails {
    /// As long as they get in templates.
    pub(crate) fn sample() -> Self {
        Self {
            first_name: "M".repeat(FIRST_NAME_MAX_CHARS),
            requested_at: Timestamp::from_micros(1_767_225_600_000_000),
            user_agent: Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64)".to_owned()),
        }
    }

    /// Those of a message that is shown as a sample.
    pub(crate) fn preview() -> Self {
        Self { first_name: "George".to_owned(), ..Self::sample() }
    }

    /// The values of the template variables; empty ones for unknown details.
    pub(crate) fn values(details: Option<&Self>) -> Values {
        let agent = details.and_then(|details| details.user_agent.as_deref()).unwrap_or_default();
        let requested_at = details.map(|details| details.requested_at.to_string()).unwrap_or_default();
        // RFC 3339, in UTC: what is before the seconds.
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

    /// The first name if it can be nothing but one: letters, marks, spaces, `-` and `'`.
    fn first_name_in_email(&self) -> &str {
        let is_of_a_name =
            |c: char| c.is_alphabetic() || is_combining_mark(c) || matches!(c, ' ' | '-' | '\'');
        let fits = self.first_name.chars().nth(FIRST_NAME_MAX_CHARS).is_none();
        if fits && self.first_name.chars().all(is_of_a_name) { &self.first_name } else { "" }
    }
}

/// The system that a client says it runs on, in words of ours; empty if it names none that is known.
fn platform(user_agent: &str) -> &'static str {
    // A browser on Android names Linux, and one on an iPhone names Mac OS X, so these come first.
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
    fn a_first_name_that_could_hold_a_message_is_left_out() {
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
    fn a_client_is_named_by_its_platform_in_fixed_words() {
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
    fn the_time_of_a_registration_is_named_in_utc_to_the_minute() {
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
