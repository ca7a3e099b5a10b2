use std::fmt;
use std::str::FromStr;

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;

use super::phone_rules as rules;
use crate::characters::{ascii_digit, is_dash, is_invisible};

/// A phone number in E.164 (`+15556654345`).
///
/// Every *possible* number is accepted: its length must exist in its country, whether it is assigned or not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    e164: String,
    calling_code: u16,
}

/// Why a text is not a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// It contains other characters than digits, spaces, dashes and `+ . ( ) [ ] / ~`, or cannot be dialled.
    #[error("not a phone number")]
    Malformed,
    /// No country has this calling code.
    #[error("no country has this calling code")]
    UnknownCountry,
    /// No number of its country has this many digits.
    #[error("no number of its country has this many digits")]
    ImpossibleLength,
}

impl PhoneNumber {
    /// The most visible characters of a written number.
    const MAX_CHARS: usize = 40;

    /// Parses a number as people write and paste it: digits of any script, any dashes and spaces; invisible characters
    /// are dropped.
    ///
    /// The default region applies only to numbers without a calling code. A number that begins with `+`, or with the
    /// international prefix of the default region, follows the rules of its own country: its digits stay, except for
    /// a national prefix of that country (`+44 (0)20 …`).
    ///
    /// # Errors
    ///
    /// If it is not a number, or its country has no numbers of its length.
    pub fn parse(text: &str, default_region: Region) -> Result<Self, InvalidPhone> {
        let Written { plus, digits } = Written::read(text).ok_or(InvalidPhone::Malformed)?;
        let home = default_region.metadata();
        let abroad = match rules::after_international_prefix(home, &digits) {
            // `+00 49 …`: no calling code begins with 0.
            Some(rest) if !plus || digits.starts_with('0') => Some(rest),
            _ => plus.then_some(digits.as_str()),
        };
        match abroad {
            Some(digits) => {
                let (code, given) = rules::part_calling_code(digits).ok_or(InvalidPhone::UnknownCountry)?;
                Self::possible(code, &rules::national_of_international(code, given))
            }
            None => Self::possible(home.country_code(), &rules::national_of_domestic(home, &digits)),
        }
    }

    /// A number in E.164 that was stored, its digits unchanged.
    pub(super) fn from_stored(e164: &str) -> Option<Self> {
        let digits =
            e164.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        let (calling_code, _) = rules::part_calling_code(digits)?;
        Some(Self { e164: e164.to_owned(), calling_code })
    }

    fn possible(calling_code: u16, national: &str) -> Result<Self, InvalidPhone> {
        if !rules::countries(calling_code).iter().any(|country| rules::has_length(country, national.len())) {
            return Err(InvalidPhone::ImpossibleLength);
        }
        // Two national prefixes, as in `+49 0030 …`: its E.164 would be parsed as another number.
        if rules::national_of_international(calling_code, national) != national {
            return Err(InvalidPhone::Malformed);
        }
        Ok(Self { e164: format!("+{calling_code}{national}"), calling_code })
    }

    /// The number as E.164: `+`, the country's calling code, the national digits.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The digits within its country, without the calling code.
    #[must_use]
    pub fn national_digits(&self) -> &str {
        &self.e164[1 + self.calling_code.to_string().len()..]
    }

    /// The region of the number: among those with its calling code the one whose numbering plan contains it, otherwise
    /// the main one. [`None`] for calling codes of no country (`+800`, satellite networks).
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        let countries = rules::countries(self.calling_code);
        let its_own = countries.iter().find(|country| rules::claims(country, self.national_digits()));
        its_own.or(countries.first())?.id().parse().ok()
    }

    /// The displayed text: national digits (`5556654345`) for a number of the default region, if they are parsed as the
    /// same number there; otherwise E.164.
    #[must_use]
    pub fn shown(&self, default_region: Region) -> String {
        let national = self.national_digits();
        let is_home = self.calling_code == default_region.metadata().country_code();
        if is_home && Self::parse(national, default_region).as_ref() == Ok(self) {
            national.to_owned()
        } else {
            self.e164.clone()
        }
    }

    pub(super) fn masked(&self) -> String {
        format!("…{}", &self.e164[self.e164.len().saturating_sub(4)..])
    }
}

/// The digits of a written number, without separators.
struct Written {
    /// Whether a `+` precedes the digits.
    plus: bool,
    /// In ASCII.
    digits: String,
}

impl Written {
    /// [`None`] if a character is not allowed in a number.
    fn read(text: &str) -> Option<Self> {
        let mut written = Self { plus: false, digits: String::new() };
        let visible = text.trim().chars().filter(|c| !is_invisible(*c));
        for (index, c) in visible.enumerate() {
            if index >= PhoneNumber::MAX_CHARS {
                return None;
            }
            if let Some(digit) = ascii_digit(c) {
                written.digits.push(digit);
            } else if matches!(c, '+' | '\u{FF0B}' | '\u{FE62}') && written.digits.is_empty() {
                written.plus = true;
            } else if !is_separator(c) {
                return None;
            }
        }
        (!written.digits.is_empty()).then_some(written)
    }
}

/// The separators of digits: spaces, dashes, dots, brackets, slashes and (`8~10`) tildes, full-width ones included.
fn is_separator(c: char) -> bool {
    let brackets = "()[]\u{FF08}\u{FF09}\u{FF3B}\u{FF3D}";
    let others = "./~\u{FF0E}\u{FF0F}\u{FF5E}\u{223C}";
    c.is_whitespace() || is_dash(c) || brackets.contains(c) || others.contains(c)
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

/// A country with phone numbers, by its ISO 3166-1 code (`US`, `DE`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(phonenumber::country::Id);

/// No country with phone numbers has this ISO 3166-1 code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a region: use an ISO 3166-1 code of two capital letters, such as US or DE")]
pub struct UnknownRegion(String);

impl Region {
    /// The United States of America.
    pub const US: Self = Self(phonenumber::country::US);

    fn metadata(self) -> &'static Metadata {
        DATABASE.by_id(self.0.as_ref()).expect("every region has metadata")
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let id = text.parse().map_err(|_| UnknownRegion(text.to_owned()))?;
        DATABASE.by_id(text).ok_or_else(|| UnknownRegion(text.to_owned()))?;
        Ok(Self(id))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn e164(text: &str) -> String {
        PhoneNumber::parse(text, Region::US).expect("a possible number").e164().to_owned()
    }

    #[test]
    fn all_spellings_of_a_number_are_equal() {
        for text in ["555-665-4345", "(555) 665 4345", "+1 555.665.4345", "5556654345", " 1 555 665 4345 "] {
            assert_eq!(e164(text), "+15556654345", "{text}");
        }
    }

    #[test]
    fn digits_of_any_script_dashes_spaces_and_invisible_characters_are_accepted() {
        for text in [
            "٥٥٥٦٦٥٤٣٤٥",
            "+१ ५५५ ६६५ ४३४५",
            "＋１（５５５）６６５－４３４５",
            "５５５ー６６５ー４３４５",
            "𝟝𝟝𝟝 𝟞𝟞𝟝 𝟜𝟛𝟜𝟝",
            "555\u{2011}665\u{2014}4345",
            "\u{202F}+1\u{a0}555\u{2007}665\u{2009}4345\u{3000}",
            "\u{202A}+1 (555) 665-4345\u{202C}",
            "\u{FEFF}\u{2068}555\u{200B}665\u{AD}4345\u{2069}",
            "(+1) 555/665~4345",
        ] {
            assert_eq!(e164(text), "+15556654345", "{text:?}");
        }
    }

    #[test]
    fn dashes_spaces_and_invisible_characters_are_dropped() {
        let separators = ('\0'..=char::MAX).filter(|c| is_dash(*c) || is_invisible(*c) || c.is_whitespace());
        let mut count = 0;
        for c in separators {
            assert_eq!(e164(&format!("{c}+1{c}555{c}6654345{c}")), "+15556654345", "{c:?}");
            count += 1;
        }
        assert!(count > 4_200, "{count}");
    }

    #[test]
    fn a_number_of_the_default_region_is_displayed_as_national_digits() {
        let number = PhoneNumber::parse("+1 (555) 665-4345", Region::US).expect("possible");
        assert_eq!(number.shown(Region::US), "5556654345");
        let de: Region = "DE".parse().expect("a region");
        assert_eq!(number.shown(de), "+15556654345");
        let german = PhoneNumber::parse("030 123456", de).expect("possible");
        assert_eq!((german.e164(), german.shown(Region::US)), ("+4930123456", "+4930123456".into()));
    }

    #[test]
    fn italian_numbers_keep_their_zero() {
        assert_eq!(e164("+39 06 6982 1234"), "+390669821234");
    }

    #[test]
    fn an_impossible_number_is_rejected() {
        for text in [
            "",
            "+",
            "hello",
            "555-FLOWERS",
            "12",
            "555665434",
            "55566543456",
            "+1 555 665 4345 ext 7",
            "+999 123456789",
            "555 665 4345x7",
            "5556654345;ext=1",
            "tel:+15556654345",
            "1+555 665 4345",
            "555,665,4345",
            "555_665_4345",
            "⑤⑤⑤⑥⑥⑤④③④⑤",
            "+49 00 30 123456",
            "000000000000",
            "-",
        ] {
            assert!(PhoneNumber::parse(text, Region::US).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_stored_number_keeps_its_digits() {
        for stored in ["+15556654345", "+490301234567", "+1555665"] {
            assert_eq!(PhoneNumber::from_stored(stored).as_ref().map(PhoneNumber::e164), Some(stored));
        }
        for text in ["", "+", "5556654345", "+999123", "+1 555", "+१"] {
            assert_eq!(PhoneNumber::from_stored(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_with_ambiguous_national_digits_is_displayed_as_e164() {
        // The digits begin with the calling code, or with the prefix for calls abroad.
        for (region, e164) in [("DE", "+49499997197"), ("RU", "+78107946436")] {
            let region: Region = region.parse().expect("a region");
            let number = PhoneNumber::parse(e164, region).expect("possible");
            assert_ne!(PhoneNumber::parse(number.national_digits(), region), Ok(number.clone()));
            assert_eq!((number.e164(), number.shown(region)), (e164, e164.to_owned()));
        }
    }

    #[test]
    fn debug_masks_a_number() {
        let number = PhoneNumber::parse("555-665-4345", Region::US).expect("possible");
        assert_eq!(format!("{number:?}"), "PhoneNumber(…4345)");
    }

    #[test]
    fn a_region_is_an_iso_3166_code() {
        assert_eq!("DE".parse::<Region>().expect("a region").to_string(), "DE");
        for text in ["", "XX", "us", "USA", "1"] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9 +().;/a-z-]{0,45}|[+0-9]{0,20}|\\PC{0,60}") {
            let _ = PhoneNumber::parse(&text, Region::US);
        }

        #[test]
        fn displayed_and_stored_text_parse_back_as_the_same_number(text in "\\+?[1-9][0-9 ()-]{6,18}") {
            if let Ok(number) = PhoneNumber::parse(&text, Region::US) {
                prop_assert_eq!(PhoneNumber::parse(number.e164(), Region::US), Ok(number.clone()));
                prop_assert_eq!(PhoneNumber::parse(&number.shown(Region::US), Region::US), Ok(number));
            }
        }
    }
}
