//! Listing users: conditions, search keys and the places of pages.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use asteroid_kernel::{Contact, ContactKey, Region, UserId};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::{PersonName, Profile, UserStatus};

/// The conditions on users in a listing. A user has to meet all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only users whom this search finds.
    pub search: Option<UserSearch>,
    /// Only members of the practice with this id.
    pub practice: Option<i64>,
    /// Only users of this status.
    pub status: Option<UserStatus>,
}

/// What users are searched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSearch {
    /// The id.
    Id(UserId),
    /// The beginning of a [search key](search_keys): of a name or a contact.
    Prefix(String),
}

impl UserSearch {
    /// The maximum length of a search text in characters.
    pub const MAX_CHARS: usize = 100;

    /// Parses a search text: a contact, an id, or the beginning of an e-mail address, of a phone number from its `+` on, or
    /// of a name. [`None`] if it is blank or too long, or contains control characters.
    ///
    /// Phone numbers without a calling code are of the default region. Digits that are a phone number there are no id.
    #[must_use]
    pub fn parse(text: &str, default_region: Region) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS || text.contains(char::is_control) {
            return None;
        }
        if let Ok(contact) = Contact::parse(text, default_region) {
            return Some(Self::Prefix(contact.key().as_str().to_owned()));
        }
        if text.bytes().all(|b| b.is_ascii_digit())
            && let Ok(id) = text.parse()
        {
            return Some(Self::Id(UserId(id)));
        }
        if text.starts_with('+') {
            return Some(Self::Prefix(text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()));
        }
        Some(Self::Prefix(fold(text)))
    }

    /// The first of the search keys of this user that the search finds; [`None`] if it does not find the user. The key of
    /// an id is empty.
    #[must_use]
    pub fn found_key(&self, profile: &Profile) -> Option<String> {
        match self {
            Self::Id(id) => (profile.user.id == *id).then(String::new),
            Self::Prefix(prefix) => {
                let contacts = profile.contacts.iter().map(|own| own.contact.key());
                let keys = search_keys(&profile.user.name, contacts);
                keys.into_iter().find(|key| key.starts_with(prefix))
            }
        }
    }
}

/// The keys that a user is found by: the name from its first and from its last part on, without case and in NFC, and the
/// keys of the contacts. Stores keep them, and compare them by their bytes.
#[must_use]
pub fn search_keys(name: &PersonName, contacts: impl IntoIterator<Item = ContactKey>) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = contacts.into_iter().map(|key| key.as_str().to_owned()).collect();
    keys.insert(fold(&name.full()));
    keys.insert(fold(&format!("{} {}", name.last(), name.first())));
    keys.remove("");
    keys
}

fn fold(text: &str) -> String {
    UniCase::new(text.trim()).to_folded_case().nfc().collect()
}

/// The place of a user in a listing, where the next page continues. It belongs to the conditions of its listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCursor {
    /// The user.
    pub user: UserId,
    /// The search key that the user was found by; [`None`] in a listing without a [prefix](UserSearch::Prefix).
    pub key: Option<String>,
}

/// A text is not a [`UserCursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is the `next` of an earlier page")]
pub struct InvalidUserCursor;

impl fmt::Display for UserCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}:{key}", self.user),
            None => self.user.fmt(f),
        }
    }
}

impl FromStr for UserCursor {
    type Err = InvalidUserCursor;

    fn from_str(text: &str) -> Result<Self, InvalidUserCursor> {
        let (user, key) = match text.split_once(':') {
            Some((user, key)) => (user, Some(key.to_owned())),
            None => (text, None),
        };
        if key.as_ref().is_some_and(|key| key.contains(char::is_control)) {
            return Err(InvalidUserCursor);
        }
        Ok(Self { user: UserId(user.parse().map_err(|_| InvalidUserCursor)?), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> Option<UserSearch> {
        UserSearch::parse(text, Region::US)
    }

    fn prefix(text: &str) -> UserSearch {
        UserSearch::Prefix(text.to_owned())
    }

    #[test]
    fn a_search_text_is_a_contact_an_id_or_the_beginning_of_a_key() {
        assert_eq!(search(" George@EXAMPLE.com "), Some(prefix("george@example.com")));
        assert_eq!(search("(555) 665-4345"), Some(prefix("+15556654345")));
        assert_eq!(search("+1 (555) 6"), Some(prefix("+15556")));
        assert_eq!(search("25"), Some(UserSearch::Id(UserId(25))));
        assert_eq!(search("GEORGE Wash"), Some(prefix("george wash")));
        assert_eq!(search("99999999999999999999"), Some(prefix("99999999999999999999")));
    }

    #[test]
    fn a_blank_or_long_search_text_is_refused() {
        for text in ["", "  ", "a\u{0}b", &"x".repeat(101)] {
            assert_eq!(search(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_user_has_a_search_key_for_each_order_of_the_name_and_each_contact() {
        let contact = Contact::parse("George@Example.com", Region::US).expect("a contact");
        let keys = |name: &PersonName| Vec::from_iter(search_keys(name, [contact.key()]));
        let name = PersonName::new("George", "WASHINGTON").expect("a name");
        assert_eq!(keys(&name), ["george washington", "george@example.com", "washington george"]);
        assert_eq!(keys(&PersonName::single("Teller").expect("a name")), ["george@example.com", "teller"]);
        assert_eq!(keys(&PersonName::unknown()), ["george@example.com"]);
    }

    #[test]
    fn a_cursor_is_read_back_from_its_text() {
        for key in [None, Some("a:b c".to_owned())] {
            let cursor = UserCursor { user: UserId(25), key };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "x", ":a", "1:\u{0}"] {
            assert_eq!(text.parse::<UserCursor>(), Err(InvalidUserCursor), "{text:?}");
        }
    }
}
