use asteroid_kernel::{Region, Timestamp};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::{ClientStatus, PracticeId, phones};

/// A search text for clients: the beginning of a name, an e-mail address or a phone number. Names and addresses are
/// compared without case. A phone number is found whatever the form of the text and of the stored number, as E.164 or as
/// national digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPrefix {
    folded: String,
    phones: Vec<String>,
}

impl SearchPrefix {
    /// The maximum length of a search text in characters.
    pub const MAX_CHARS: usize = 100;

    /// The maximum number of prefixes of phone numbers.
    pub const MAX_PHONES: usize = 8;

    /// Parses a search text. [`None`] if it is blank or too long, or contains control characters: no name, address or
    /// number begins with one, and not every store accepts U+0000 in a query. Phone numbers without a calling code are of
    /// the default region.
    #[must_use]
    pub fn parse(text: &str, default_region: Region) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS || text.contains(char::is_control) {
            return None;
        }
        let phones = phones::prefixes(text, default_region).into_iter().take(Self::MAX_PHONES).collect();
        Some(Self { folded: Self::fold(text), phones })
    }

    /// The form in which stores keep and compare names and addresses: trimmed, case-folded, in NFC.
    #[must_use]
    pub fn fold(text: &str) -> String {
        UniCase::new(text.trim()).to_folded_case().nfc().collect()
    }

    /// The digits of a phone number as written. Stores keep this form, and compare it without leading zeros.
    #[must_use]
    pub fn digits_of(phone: &str) -> String {
        phone.chars().filter(char::is_ascii_digit).collect()
    }

    /// The prefix to compare with a [folded](Self::fold) name or address.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The prefixes to compare with the [digits](Self::digits_of) of a phone number without leading zeros, at most
    /// [`MAX_PHONES`](Self::MAX_PHONES). Empty if the text cannot be the beginning of a phone number.
    #[must_use]
    pub fn phones(&self) -> &[String] {
        &self.phones
    }

    /// Whether a phone number begins with one of the [prefixes](Self::phones).
    #[must_use]
    pub fn begins_phone(&self, phone: &str) -> bool {
        let digits = Self::digits_of(phone);
        let digits = digits.trim_start_matches('0');
        self.phones.iter().any(|prefix| digits.starts_with(prefix))
    }
}

/// The conditions on the clients of a practice in a listing. Without conditions: all clients that are not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFilter {
    /// The practice of the clients.
    pub practice: PracticeId,
    /// The status of the clients. [`None`]: every status except deleted, or every status if `updated_since` is set.
    pub status: Option<ClientStatus>,
    /// Only clients whose record was stored with changed content at this time or later
    /// ([`stored_at`](crate::ClientRecord::stored_at)).
    pub updated_since: Option<Timestamp>,
    /// Only clients whose name, e-mail address or phone number begins with this prefix.
    pub prefix: Option<SearchPrefix>,
}

impl ClientFilter {
    /// Whether the filter accepts a client of this status.
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
    fn a_prefix_of_digits_is_compared_with_phone_numbers_too() {
        assert_eq!(prefix(" (909) 64", "US").folded(), "(909) 64");
        assert!(prefix("(909) 64", "US").begins_phone("+1 909 648 0002"));
        let name = prefix("MIcKel", "US");
        assert_eq!((name.folded(), name.phones()), ("mickel", [].as_slice()));
        for nothing in ["  ", "a\u{0}b", "\u{7f}"] {
            assert_eq!(SearchPrefix::parse(nothing, Region::US), None);
        }
    }

    #[test]
    fn a_search_text_has_at_most_100_characters() {
        let text = |chars| "\u{e4}".repeat(chars);
        assert_eq!(prefix(&text(100), "US").folded(), text(100));
        assert_eq!(SearchPrefix::parse(&text(101), Region::US), None);
    }

    #[test]
    fn a_name_with_digits_is_not_compared_with_phone_numbers() {
        for name in ["Studio 54", "24/7 Vets", "801x"] {
            assert_eq!(prefix(name, "US").phones(), [] as [&str; 0], "{name}");
        }
    }

    #[test]
    fn a_prefix_that_another_one_covers_is_left_out() {
        for (text, region) in [("030 12", "DE"), ("801 222", "US"), ("+44 20 79", "GB"), ("01149 30", "US")] {
            let prefix = prefix(text, region);
            let phones = prefix.phones();
            assert!(!phones.is_empty(), "{text}");
            for (index, phone) in phones.iter().enumerate() {
                let others = phones.iter().enumerate().filter(|(other, _)| *other != index);
                assert!(others.into_iter().all(|(_, other)| !phone.starts_with(other)), "{text}: {phones:?}");
            }
        }
    }

    /// One phone number per region in several forms. The first one is E.164.
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
    fn a_phone_number_is_found_in_every_form_and_by_its_beginning() {
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
    fn a_foreign_phone_number_is_found_by_its_calling_code() {
        for sought in ["+49 30 12", "+49 (0)30 12", "004930", "01149 30", "4930"] {
            for written in ["+4930123456", "+49 (0)30 123456", "0049 30 123456", "011 49 30 123456"] {
                assert!(prefix(sought, "US").begins_phone(written), "{sought:?} in {written:?}");
            }
        }
        assert!(!prefix("+49 30", "US").begins_phone("303 555 0100"));
        // Without a national prefix, the zero is part of the number.
        assert!(prefix("+39 06 69", "US").begins_phone("+39 06 6982 1234"));
        assert!(!prefix("+39 06 69", "US").begins_phone("+39 669 821 234"));
    }

    #[test]
    fn digits_from_the_middle_and_zeros_alone_find_no_phone_number() {
        assert!(!prefix("222", "US").begins_phone("+1 801 222 3333"));
        assert!(!prefix("+801", "US").begins_phone("1 801 222 3333"));
        for text in ["0", "+", "()", "00"] {
            assert!(!prefix(text, "US").begins_phone("801 222 3333"), "{text:?}");
        }
    }

    #[test]
    fn a_listing_of_changes_includes_deleted_clients() {
        let all = ClientFilter { practice: PracticeId(1), status: None, updated_since: None, prefix: None };
        assert!(all.wants(ClientStatus::Inactive) && !all.wants(ClientStatus::Deleted));
        let changes = ClientFilter { updated_since: Some(Timestamp::from_micros(0)), ..all.clone() };
        assert!(changes.wants(ClientStatus::Deleted));
        let active = ClientFilter { status: Some(ClientStatus::Active), ..changes };
        assert!(active.wants(ClientStatus::Active) && !active.wants(ClientStatus::Deleted));
    }
}
