use std::fmt;

use asteroid_kernel::{Contact, ContactId, Timestamp, UserId};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::PasswordHash;

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id, assigned by the storage.
    pub id: UserId,
    /// The name of the person.
    pub name: PersonName,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// The hash of the password; [`None`] if the user has no password and signs in by code only.
    pub password_hash: Option<PasswordHash>,
    /// When the user last signed in, with a password or a code; [`None`] if never.
    pub last_login: Option<Timestamp>,
    /// When the user was created.
    pub created_at: Timestamp,
    /// Whether the user may sign in to the administration.
    pub administrator: bool,
}

asteroid_kernel::named_enum! {
    /// Whether a user may sign in.
    pub enum UserStatus {
        /// The user may sign in.
        Enabled,
        /// The user may not sign in: every sign-in responds as if the user did not exist.
        Disabled,
    }
}

/// A person's first and last name: trimmed, in NFC, without control characters. A part that is not known is empty.
/// [`Debug`](fmt::Debug) does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    first: String,
    last: String,
}

/// The reason why a text is not a valid name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The text has no visible character.
    #[error("a name is not blank")]
    Blank,
    /// The text has more than [`PersonName::MAX_CHARS`] characters.
    #[error("a name has at most {} characters", PersonName::MAX_CHARS)]
    TooLong,
    /// The text contains a control character.
    #[error("a name holds no control characters")]
    ControlCharacter,
}

impl PersonName {
    /// The maximum length of each part, in Unicode scalar values after NFC.
    pub const MAX_CHARS: usize = 100;

    /// Parses one part, a first or a last name. Returns it trimmed and in NFC.
    ///
    /// # Errors
    ///
    /// If it is blank, too long, or contains a control character.
    pub fn parse_part(text: &str) -> Result<String, InvalidName> {
        if text.len() > Self::MAX_CHARS * 16 {
            return Err(InvalidName::TooLong);
        }
        let part: String = text.trim().nfc().collect();
        if part.chars().all(is_invisible) {
            Err(InvalidName::Blank)
        } else if part.chars().count() > Self::MAX_CHARS {
            Err(InvalidName::TooLong)
        } else if part.chars().any(char::is_control) {
            Err(InvalidName::ControlCharacter)
        } else {
            Ok(part)
        }
    }

    /// Parses a name of two parts.
    ///
    /// # Errors
    ///
    /// If a part is blank, too long, or contains a control character.
    pub fn new(first: &str, last: &str) -> Result<Self, InvalidName> {
        Ok(Self { first: Self::parse_part(first)?, last: Self::parse_part(last)? })
    }

    /// Parses the name of a person who has a single name: it becomes the first name, and the last name is empty.
    ///
    /// # Errors
    ///
    /// If it is blank, too long, or contains a control character.
    pub fn single(name: &str) -> Result<Self, InvalidName> {
        Ok(Self { first: Self::parse_part(name)?, last: String::new() })
    }

    /// Parses a name of two parts, either of which may be blank. A blank part becomes empty.
    ///
    /// # Errors
    ///
    /// If a part is too long, or contains a control character.
    pub fn partial(first: &str, last: &str) -> Result<Self, InvalidName> {
        let part = |text| match Self::parse_part(text) {
            Err(InvalidName::Blank) => Ok(String::new()),
            parsed => parsed,
        };
        Ok(Self { first: part(first)?, last: part(last)? })
    }

    /// The name of a person whose name is not known: both parts are empty.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { first: String::new(), last: String::new() }
    }

    /// The first name; empty if it is unknown.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The last name; empty if it is unknown.
    #[must_use]
    pub fn last(&self) -> &str {
        &self.last
    }

    /// The first and the last name, separated by a space if both are known.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

/// Whether a character is not visible: white space, a default ignorable code point (Unicode,
/// `DerivedCoreProperties.txt`), or the blank braille pattern. Names may contain such characters between visible ones, as
/// joiners.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(..)")
    }
}

asteroid_kernel::named_enum! {
    /// Whether a contact is a work or a personal one.
    pub enum ContactType {
        /// A contact at work.
        Work,
        /// A personal contact.
        Personal,
    }
}

/// The source of a contact. An import replaces only contacts of its own [`ImportScope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactSource {
    /// The user proved control of the contact by a code.
    Verified,
    /// An import of this scope brought the contact.
    Imported(ImportScope),
}

/// The scope of an import: the practice of this id, or [`None`] for records without a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportScope(pub Option<i64>);

/// The data of a contact that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedContact {
    /// When the user's password was last reset by a code to this contact; [`None`] if never.
    pub password_reset_at: Option<Timestamp>,
}

/// A verified contact of a user. No two users have the same contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserContact {
    /// The contact's id, assigned by the storage.
    pub id: ContactId,
    /// The e-mail address or phone number.
    pub contact: Contact,
    /// The type of the contact.
    pub contact_type: ContactType,
    /// Whether it is the user's primary contact of its kind.
    pub primary: bool,
    /// The source of the contact.
    pub source: ContactSource,
    /// When the contact was verified.
    pub verified_at: Timestamp,
}

/// A user to insert, with a verified contact, which becomes the primary one of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The name of the person.
    pub name: PersonName,
    /// The hash of the password; [`None`] if the user has no password.
    pub password_hash: Option<PasswordHash>,
    /// The verified e-mail address or phone number.
    pub contact: Contact,
    /// The type of the contact.
    pub contact_type: ContactType,
    /// The source of the contact.
    pub source: ContactSource,
    /// When the user is created and the contact was verified.
    pub created_at: Timestamp,
}

/// A user with all contacts: primary contacts first, then by ascending id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The user.
    pub user: User,
    /// The user's contacts.
    pub contacts: Vec<UserContact>,
}

/// The version of a user as operators edit it: another one after each change of the name, the status, the administrator flag, the
/// password or the contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserVersion([u8; 32]);

impl Profile {
    /// The version.
    #[must_use]
    pub fn version(&self) -> UserVersion {
        let User { id, name, status, password_hash, administrator, last_login: _, created_at: _ } =
            &self.user;
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            // With its length, so that no two lists of parts are the same text.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        };
        add(&id.to_string());
        add(name.first());
        add(name.last());
        add(status.as_str());
        add(if *administrator { "administrator" } else { "" });
        add(password_hash.as_ref().map_or("", PasswordHash::expose));
        for own in &self.contacts {
            add(own.contact.as_str());
            add(own.contact_type.as_str());
            add(if own.primary { "primary" } else { "" });
            add(&own.verified_at.to_string());
        }
        UserVersion(digest.finalize().into())
    }
}

impl UserVersion {
    /// Parses a version as it is printed. [`None`] if the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut version = [0; 32];
        if text.len() != 2 * version.len() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, at) in version.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        Some(Self(version))
    }
}

impl fmt::Display for UserVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The error of a contact that already belongs to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contact belongs to a user already")]
pub struct ContactTaken;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_composed() {
        let name = PersonName::new("  Zoe\u{308} ", "O’Neil").expect("a name");
        assert_eq!((name.first(), name.last(), name.full().as_str()), ("Zoë", "O’Neil", "Zoë O’Neil"));
    }

    #[test]
    fn a_partial_name_has_empty_parts_where_they_are_blank() {
        let parts = |first, last| {
            let name = PersonName::partial(first, last).expect("a name");
            (name.first().to_owned(), name.last().to_owned(), name.full())
        };
        assert_eq!(parts("Zoë", " \u{200b}"), ("Zoë".into(), String::new(), "Zoë".into()));
        assert_eq!(parts("", "O’Neil"), (String::new(), "O’Neil".into(), "O’Neil".into()));
        assert_eq!(PersonName::partial("", ""), Ok(PersonName::unknown()));
        assert_eq!(PersonName::unknown().full(), "");
        assert_eq!(PersonName::partial("Zoë", "a\0b"), Err(InvalidName::ControlCharacter));
    }

    #[test]
    fn a_single_name_has_no_last_name() {
        let name = PersonName::single(" Teller ").expect("a name");
        assert_eq!((name.first(), name.last(), name.full().as_str()), ("Teller", "", "Teller"));
        assert_eq!(PersonName::single(" "), Err(InvalidName::Blank));
    }

    #[test]
    fn a_name_is_not_blank_not_too_long_and_has_no_control_characters() {
        assert_eq!(PersonName::parse_part(" \t"), Err(InvalidName::Blank));
        assert_eq!(PersonName::parse_part("a\0b"), Err(InvalidName::ControlCharacter));
        assert_eq!(PersonName::parse_part(&"a".repeat(101)), Err(InvalidName::TooLong));
        assert_eq!(PersonName::parse_part(&"ä".repeat(100)).map(|n| n.chars().count()), Ok(100));
    }

    #[test]
    fn a_name_without_a_visible_character_is_blank() {
        for text in [
            "\u{200b}",
            " \u{200b}\u{feff} \u{2060}",
            "\u{ad}",
            "\u{3164}",
            "\u{2800}\u{a0}",
            "\u{fe0f}",
            "\u{e0020}",
        ] {
            assert_eq!(PersonName::parse_part(text), Err(InvalidName::Blank), "{text:?}");
        }
        // A joiner between letters is part of the name, and one visible letter is enough.
        for text in ["علی\u{200c}رضا", "\u{200b}x", "👩\u{200d}🚀"] {
            assert_eq!(PersonName::parse_part(text).as_deref(), Ok(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_of_more_than_1600_bytes_is_not_normalised() {
        let padded = |bytes: usize| format!("{}a", " ".repeat(bytes - 1));
        assert_eq!(PersonName::parse_part(&padded(1600)).as_deref(), Ok("a"));
        assert_eq!(PersonName::parse_part(&padded(1601)), Err(InvalidName::TooLong));
    }

    #[test]
    fn a_stored_contact_type_is_read_back_by_its_name() {
        for (contact_type, name) in [(ContactType::Work, "work"), (ContactType::Personal, "personal")] {
            assert_eq!(contact_type.as_str(), name);
            assert_eq!(ContactType::parse(name), Some(contact_type));
        }
        assert_eq!(ContactType::parse("Work"), None);
    }

    #[test]
    fn a_name_is_not_printed() {
        let name = PersonName::new("George", "Washington").expect("a name");
        assert_eq!(format!("{name:?}"), "PersonName(..)");
    }
}
