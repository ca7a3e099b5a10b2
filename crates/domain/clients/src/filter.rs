use asteroid_kernel::{Region, Timestamp};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::{ClientStatus, PracticeId, phones};

/// The beginning of a name, an e-mail address or a phone number, by which clients are looked for: without regard to
/// case, a phone number as E.164 and as national digits, however it is written here and there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPrefix {
    folded: String,
    phones: Vec<String>,
}

impl SearchPrefix {
    /// The most characters that are looked for.
    pub const MAX_CHARS: usize = 100;

    /// The most prefixes of a phone number's digits.
    pub const MAX_PHONES: usize = 8;

    /// Reads what somebody typed. [`None`] if it is blank or too long, or holds control characters, which nothing that
    /// is looked for begins with, and U+0000 not every store could even be asked for. Phone numbers without a calling
    /// code are of the default region.
    #[must_use]
    pub fn parse(text: &str, default_region: Region) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS || text.contains(char::is_control) {
            return None;
        }
        let phones = phones::prefixes(text, default_region).into_iter().take(Self::MAX_PHONES).collect();
        Some(Self { folded: Self::fold(text), phones })
    }

    /// What names and addresses are compared by: a store keeps them so.
    #[must_use]
    pub fn fold(text: &str) -> String {
        UniCase::new(text.trim()).to_folded_case().nfc().collect()
    }

    /// The digits of a phone number as it is written: a store keeps them so, and compares them without the zeros that
    /// they begin with.
    #[must_use]
    pub fn digits_of(phone: &str) -> String {
        phone.chars().filter(char::is_ascii_digit).collect()
    }

    /// What a folded name or address begins with.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What the digits of a phone number begin with, behind leading zeros: any of these. None if this cannot be the
    /// beginning of a phone number; at most [`MAX_PHONES`](Self::MAX_PHONES).
    #[must_use]
    pub fn phones(&self) -> &[String] {
        &self.phones
    }

    /// Whether a phone number begins so.
    #[must_use]
    pub fn begins_phone(&self, phone: &str) -> bool {
        let digits = Self::digits_of(phone);
        let digits = digits.trim_start_matches('0');
        self.phones.iter().any(|prefix| digits.starts_with(prefix))
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

    fn prefix(text: &str, region: &str) -> SearchPrefix {
        SearchPrefix::parse(text, region.parse().expect("a region")).expect("a prefix")
    }

    #[test]
    fn a_prefix_of_digits_is_looked_for_among_phones_too() {
        assert_eq!(prefix(" (909) 64", "US").folded(), "(909) 64");
        assert!(prefix("(909) 64", "US").begins_phone("+1 909 648 0002"));
        let name = prefix("MIcKel", "US");
        assert_eq!((name.folded(), name.phones()), ("mickel", [].as_slice()));
        for nothing in ["  ", "a\u{0}b", "\u{7f}"] {
            assert_eq!(SearchPrefix::parse(nothing, Region::US), None);
        }
    }

    /// One phone number, as it is written; the first form is E.164.
    const NUMBERS: [(&str, &[&str]); 6] = [
        (
            "US",
            &[
                "+18012223333",
                "8012223333",
                "(801) 222-3333",
                "801.222.3333",
                "+1 801 222 3333",
                "1-801-222-3333",
                "001 801 222 3333",
                "011 1 801 222 3333",
                "18012223333",
                "801\u{2011}222\u{a0}3333",
            ],
        ),
        (
            "DE",
            &["+4930123456", "030 123456", "+49 (0)30 123456", "0049 30 123456", "30123456", "030/12 34 56"],
        ),
        ("GB", &["+442079460018", "020 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018"]),
        ("IT", &["+390669821234", "06 6982 1234", "+39 06 6982 1234", "0039 06 6982 1234"]),
        ("RU", &["+79161234567", "8 (916) 123-45-67", "916 123 45 67", "+7 916 1234567"]),
        ("FR", &["+33612345678", "06 12 34 56 78", "+33 (0)6 12 34 56 78", "0033 6 12 34 56 78"]),
    ];

    #[test]
    fn a_phone_is_found_however_it_is_written_on_either_side_and_by_its_beginning() {
        for (region, forms) in NUMBERS {
            for sought in forms {
                let shorter = &sought[..sought.len() - 2];
                for text in [*sought, shorter] {
                    let prefix = prefix(text, region);
                    assert!(prefix.phones().len() <= SearchPrefix::MAX_PHONES);
                    for written in forms {
                        assert!(prefix.begins_phone(written), "{region}: {text:?} in {written:?}");
                    }
                }
                for (other_region, others) in NUMBERS {
                    if other_region != region {
                        for written in others {
                            assert!(
                                !prefix(sought, region).begins_phone(written),
                                "{sought:?} in {written:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_foreign_phone_is_found_by_its_calling_code() {
        for sought in ["+49 30 12", "+49 (0)30 12", "004930", "01149 30", "4930"] {
            for written in ["+4930123456", "+49 (0)30 123456", "0049 30 123456", "011 49 30 123456"] {
                assert!(prefix(sought, "US").begins_phone(written), "{sought:?} in {written:?}");
            }
        }
        assert!(!prefix("+49 30", "US").begins_phone("303 555 0100"));
    }

    #[test]
    fn digits_from_the_middle_and_zeros_alone_find_no_phone() {
        assert!(!prefix("222", "US").begins_phone("+1 801 222 3333"));
        assert!(!prefix("+801", "US").begins_phone("1 801 222 3333"));
        for text in ["0", "+", "()", "00"] {
            assert!(!prefix(text, "US").begins_phone("801 222 3333"), "{text:?}");
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
