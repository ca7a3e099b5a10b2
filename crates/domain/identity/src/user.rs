use std::fmt;

use asteroid_kernel::{Contact, ContactId, Timestamp, UserId};
use unicode_normalization::UnicodeNormalization;

use crate::PasswordHash;

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Given by the store.
    pub id: UserId,
    /// What the person is called.
    pub name: PersonName,
    /// Whether the person may sign in.
    pub status: UserStatus,
    /// What the person's password is checked against; none for somebody who signs in by code alone.
    pub password_hash: Option<PasswordHash>,
    /// When the person last signed in, by any means.
    pub last_login: Option<Timestamp>,
    /// When the user was made.
    pub created_at: Timestamp,
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// May sign in.
    Enabled,
    /// May not: every way in answers as if there were no such user.
    Disabled,
}

/// A first and a last name: trimmed, in NFC, without control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    first: String,
    last: String,
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing but white space and what nobody sees.
    #[error("a name is not blank")]
    Blank,
    /// Too many characters.
    #[error("a name has at most {} characters", PersonName::MAX_CHARS)]
    TooLong,
    /// A control character.
    #[error("a name holds no control characters")]
    ControlCharacter,
}

impl PersonName {
    /// The most characters of either part.
    pub const MAX_CHARS: usize = 100;

    /// Reads one part, a first or a last name: trimmed, in NFC.
    ///
    /// # Errors
    ///
    /// If it is blank, too long, or holds a control character.
    pub fn parse_part(text: &str) -> Result<String, InvalidName> {
        if text.len() > Self::MAX_CHARS * 16 {
            return Err(InvalidName::TooLong);
        }
        let part: String = text.trim().nfc().collect();
        if part.chars().all(is_unseen) {
            Err(InvalidName::Blank)
        } else if part.chars().count() > Self::MAX_CHARS {
            Err(InvalidName::TooLong)
        } else if part.chars().any(char::is_control) {
            Err(InvalidName::ControlCharacter)
        } else {
            Ok(part)
        }
    }

    /// A name of two parts.
    ///
    /// # Errors
    ///
    /// If a part is blank, too long, or holds a control character.
    pub fn new(first: &str, last: &str) -> Result<Self, InvalidName> {
        Ok(Self { first: Self::parse_part(first)?, last: Self::parse_part(last)? })
    }

    /// The only name of a person: it is kept as the first one, and the last one is empty.
    ///
    /// # Errors
    ///
    /// If it is blank, too long, or holds a control character.
    pub fn single(name: &str) -> Result<Self, InvalidName> {
        Ok(Self { first: Self::parse_part(name)?, last: String::new() })
    }

    /// A name of which a part may be unknown, and is empty then.
    ///
    /// # Errors
    ///
    /// If a part is too long, or holds a control character.
    pub fn partial(first: &str, last: &str) -> Result<Self, InvalidName> {
        let part = |text| match Self::parse_part(text) {
            Err(InvalidName::Blank) => Ok(String::new()),
            parsed => parsed,
        };
        Ok(Self { first: part(first)?, last: part(last)? })
    }

    /// The name of a person who never gave one: both parts are empty.
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

    /// Both, with a space between them if both are known.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

/// Whether nothing is to be seen of a character: it is white space, one of Unicode's default ignorable code points
/// (`DerivedCoreProperties.txt`), or the blank pattern of braille. Names may hold them, as joiners between letters.
fn is_unseen(c: char) -> bool {
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

/// In which part of life a contact reaches its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactType {
    /// At work.
    Work,
    /// Elsewhere.
    Personal,
}

impl ContactType {
    /// Its name in the APIs and the stores: `work`, `personal`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Personal => "personal",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "work" => Some(Self::Work),
            "personal" => Some(Self::Personal),
            _ => None,
        }
    }
}

/// Who vouches for a contact. An import replaces the contacts that it made, and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactSource {
    /// The user, who proved it by a code.
    Verified,
    /// The system that an import's records come from.
    Imported(ImportScope),
}

/// Whose records made a contact: those of the practice of this number, or those without a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportScope(pub Option<i64>);

/// What was known of a contact that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedContact {
    /// When the user's password was last set by a code that was sent to the contact.
    pub password_reset_at: Option<Timestamp>,
}

/// A verified contact: it belongs to one user, and no other user has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserContact {
    /// Given by the store.
    pub id: ContactId,
    /// The address or number.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// Whether it is the first to be used, among the user's contacts of its kind.
    pub primary: bool,
    /// Who vouches for it.
    pub source: ContactSource,
    /// When its owner proved it.
    pub verified_at: Timestamp,
}

/// A user that is about to be made, with the contact that was just verified: it becomes the primary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// What the person is called.
    pub name: PersonName,
    /// What the password is checked against.
    pub password_hash: Option<PasswordHash>,
    /// The verified address or number.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// Who vouches for the contact.
    pub source: ContactSource,
    /// When the contact was proved and the user made.
    pub created_at: Timestamp,
}

/// A user with all contacts, the primary ones first, then in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The user.
    pub user: User,
    /// The verified contacts.
    pub contacts: Vec<UserContact>,
}

/// The contact belongs to a user already.
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
    fn what_is_no_name_is_refused() {
        assert_eq!(PersonName::parse_part(" \t"), Err(InvalidName::Blank));
        assert_eq!(PersonName::parse_part("a\0b"), Err(InvalidName::ControlCharacter));
        assert_eq!(PersonName::parse_part(&"a".repeat(101)), Err(InvalidName::TooLong));
        assert_eq!(PersonName::parse_part(&"ä".repeat(100)).map(|n| n.chars().count()), Ok(100));
    }

    #[test]
    fn a_name_that_nobody_sees_is_blank() {
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
        // A joiner between letters belongs to the name, and a letter that is seen is enough.
        for text in ["علی\u{200c}رضا", "\u{200b}x", "👩\u{200d}🚀"] {
            assert_eq!(PersonName::parse_part(text).as_deref(), Ok(text), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_not_printed() {
        let name = PersonName::new("George", "Washington").expect("a name");
        assert_eq!(format!("{name:?}"), "PersonName(..)");
    }
}
