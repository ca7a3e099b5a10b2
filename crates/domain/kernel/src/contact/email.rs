use std::fmt;
use std::hash::{Hash, Hasher};

use email_address::Options;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

/// An e-mail address (RFC 5321, RFC 6531), in Unicode's NFC, as its owner writes it.
///
/// Compared without regard to case, the whole address; neither tags (`+news`) nor dots are folded away.
#[derive(Clone)]
pub struct EmailAddress {
    given: String,
}

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// More characters than an address may have (RFC 5321, 4.5.3.1.3 less the angle brackets).
    #[error("an e-mail address has at most {} characters", EmailAddress::MAX_CHARS)]
    TooLong,
    /// Not of the form `local@domain`.
    #[error("not of the form name@example.com")]
    Malformed,
}

impl EmailAddress {
    /// The most characters of an address.
    pub const MAX_CHARS: usize = 254;

    /// Reads an address; white space around it is dropped.
    ///
    /// # Errors
    ///
    /// If it is too long or malformed. A domain needs at least two labels; an address literal in brackets, a
    /// display name and a quoted local part are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        // A text this long cannot normalise to an address: refused before any work is put into it.
        if text.len() > Self::MAX_CHARS * 12 {
            return Err(InvalidEmail::TooLong);
        }
        let given: String = text.trim().nfc().collect();
        if given.chars().count() > Self::MAX_CHARS {
            return Err(InvalidEmail::TooLong);
        }
        if given.chars().any(|c| c.is_control() || c.is_whitespace() || c == '"') {
            return Err(InvalidEmail::Malformed);
        }
        let options =
            Options::default().with_minimum_sub_domains(2).without_display_text().without_domain_literal();
        email_address::EmailAddress::parse_with_options(&given, options)
            .map_err(|_| InvalidEmail::Malformed)?;
        Ok(Self { given })
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.given.rsplit_once('@').map_or(self.given.as_str(), |(local, _)| local)
    }

    pub(super) fn key(&self) -> String {
        // Folding may leave a sequence that composes further, hence the second NFC.
        UniCase::new(self.given.as_str()).to_folded_case().nfc().collect()
    }

    pub(super) fn masked(&self) -> String {
        let (local, domain) = self.given.rsplit_once('@').unwrap_or((self.given.as_str(), ""));
        let mut chars = local.chars();
        match (chars.next(), chars.next_back()) {
            (Some(first), Some(last)) => format!("{first}…{last}@{domain}"),
            _ => format!("…@{domain}"),
        }
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> String {
        EmailAddress::parse(text).expect("a valid address").key()
    }

    #[test]
    fn an_address_is_compared_without_regard_to_case() {
        assert_eq!(key("George.Washington@Example.COM"), key("george.washington@example.com"));
        assert_eq!(key("ΟΔΥΣΣΕΥΣ@παράδειγμα.ελ"), key("οδυσσευς@ΠΑΡΆΔΕΙΓΜΑ.ελ"));
        assert_eq!(key("Zoe\u{308}@example.com"), key("zoë@example.com"));
    }

    #[test]
    fn neither_tags_nor_dots_are_folded() {
        assert_ne!(key("george+news@example.com"), key("george@example.com"));
        assert_ne!(key("geo.rge@example.com"), key("george@example.com"));
    }

    #[test]
    fn an_address_is_shown_as_it_was_given_but_for_white_space_around_it() {
        let email = EmailAddress::parse("  George@Example.com\n").expect("a valid address");
        assert_eq!(email.as_given(), "George@Example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.com",
            "a@b",
            "a b@c.com",
            "a@b..com",
            "a@b.com, c@d.com",
            "George <g@example.com>",
            "a@[127.0.0.1]",
            "a@b.com\r\nBcc: c@d.com",
            "\"a b\"@c.com",
            "a\0@b.com",
        ] {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmail::Malformed), "{text:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let labels = vec!["b".repeat(60); 3].join(".");
        let at_limit = format!("{}@{labels}.com", "a".repeat(254 - 1 - labels.len() - 4 - 10));
        assert!(EmailAddress::parse(&at_limit).is_ok(), "{}", at_limit.len());
        let over = format!("{}@{labels}.com", "a".repeat(255));
        assert_eq!(EmailAddress::parse(&over), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn an_address_is_masked_when_printed() {
        let email = EmailAddress::parse("george@example.com").expect("a valid address");
        assert_eq!(format!("{email:?}"), "EmailAddress(g…e@example.com)");
        let short = EmailAddress::parse("g@example.com").expect("a valid address");
        assert_eq!(format!("{short:?}"), "EmailAddress(…@example.com)");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,300}") {
            let _ = EmailAddress::parse(&text);
        }

        #[test]
        fn reading_what_was_read_changes_nothing(text in "[a-zA-ZäÖßéΣ.+]{1,20}@[a-zA-Zäß]{1,10}\\.[a-z]{2,5}") {
            if let Ok(email) = EmailAddress::parse(&text) {
                let again = EmailAddress::parse(email.as_given()).expect("still an address");
                prop_assert_eq!(email.as_given(), again.as_given());
                prop_assert_eq!(&email, &again);
                let upper = EmailAddress::parse(&email.key()).map(|e| e.key());
                prop_assert_eq!(upper, Ok(email.key()));
            }
        }
    }
}
