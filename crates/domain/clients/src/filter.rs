use asteroid_kernel::Timestamp;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::{ClientStatus, PracticeId};

/// The beginning of a name, an e-mail address or a phone number, by which clients are looked for: without regard to
/// case, a phone number by its digits alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPrefix {
    folded: String,
    digits: Option<String>,
}

impl SearchPrefix {
    /// The most characters that are looked for.
    pub const MAX_CHARS: usize = 100;

    /// Reads what somebody typed; none if it is blank or too long, or holds control characters, which nothing that is
    /// looked for begins with, and U+0000 not every store could even be asked for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS || text.contains(char::is_control) {
            return None;
        }
        let dialled = text.chars().all(|c| c.is_ascii_digit() || "+-.()/ ".contains(c));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let digits = Some(digits).filter(|digits| dialled && !digits.is_empty());
        Some(Self { folded: Self::fold(text), digits })
    }

    /// What names and addresses are compared by: a store keeps them so.
    #[must_use]
    pub fn fold(text: &str) -> String {
        UniCase::new(text.trim()).to_folded_case().nfc().collect()
    }

    /// What phone numbers are compared by: a store keeps them so.
    #[must_use]
    pub fn digits_of(phone: &str) -> String {
        phone.chars().filter(char::is_ascii_digit).collect()
    }

    /// What a folded name or address begins with.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What a phone's digits begin with, if the prefix can be of one.
    #[must_use]
    pub fn digits(&self) -> Option<&str> {
        self.digits.as_deref()
    }
}

/// Which clients of a practice are wanted. Without conditions: all but the deleted ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFilter {
    /// Of this practice, and of no other.
    pub practice: PracticeId,
    /// With this status; none: any but deleted, or any at all where `updated_since` asks for changes.
    pub status: Option<ClientStatus>,
    /// Whose record was put here with another content at this time or later ([`stored_at`](crate::ClientRecord)).
    pub updated_since: Option<Timestamp>,
    /// Whose name, address or number begins so.
    pub prefix: Option<SearchPrefix>,
}

impl ClientFilter {
    /// Whether a client of this status is wanted.
    #[must_use]
    pub fn wants(&self, status: ClientStatus) -> bool {
        match self.status {
            Some(wanted) => wanted == status,
            None => status != ClientStatus::Deleted || self.updated_since.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_of_digits_is_looked_for_among_phones_too() {
        let prefix = SearchPrefix::parse(" (909) 64").expect("a prefix");
        assert_eq!((prefix.folded(), prefix.digits()), ("(909) 64", Some("90964")));
        let name = SearchPrefix::parse("MIcKel").expect("a prefix");
        assert_eq!((name.folded(), name.digits()), ("mickel", None));
        for nothing in ["  ", "a\u{0}b", "\u{7f}"] {
            assert_eq!(SearchPrefix::parse(nothing), None);
        }
    }

    #[test]
    fn deletions_are_told_to_whoever_asks_for_changes() {
        let all = ClientFilter { practice: PracticeId(1), status: None, updated_since: None, prefix: None };
        assert!(all.wants(ClientStatus::Inactive) && !all.wants(ClientStatus::Deleted));
        let changes = ClientFilter { updated_since: Some(Timestamp::from_micros(0)), ..all.clone() };
        assert!(changes.wants(ClientStatus::Deleted));
        let active = ClientFilter { status: Some(ClientStatus::Active), ..changes };
        assert!(active.wants(ClientStatus::Active) && !active.wants(ClientStatus::Deleted));
    }
}
