use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::DATABASE;

/// A phone number, as E.164 (`+15556654345`).
///
/// Accepted is what is *possible*: a number whose length its country has, assigned or not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    e164: String,
    calling_code: u16,
}

/// Why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// It holds something else than digits, spaces, hyphens and `+ . ( ) /`, or has no form that could be dialled.
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
    /// More characters than any way of writing a number needs.
    const MAX_CHARS: usize = 40;

    /// Reads a number as people write it; one without `+` and calling code is of the default region. The hyphens and
    /// the spaces that do not break, which word processors and address books put between the digits, count as plain ones.
    ///
    /// # Errors
    ///
    /// If it is no number, or of a length that its country does not have.
    pub fn parse(text: &str, default_region: Region) -> Result<Self, InvalidPhone> {
        let text = text.trim();
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(InvalidPhone::Malformed);
        }
        let text = text.chars().map(plain).collect::<Option<String>>().ok_or(InvalidPhone::Malformed)?;
        let number = phonenumber::parse(Some(default_region.0), &text).map_err(|error| match error {
            phonenumber::ParseError::InvalidCountryCode => InvalidPhone::UnknownCountry,
            _ => InvalidPhone::Malformed,
        })?;
        let national = number.national().to_string();
        let calling_code = number.code().value();
        let countries = DATABASE.by_code(&calling_code).ok_or(InvalidPhone::UnknownCountry)?;
        let possible = countries.iter().any(|country| has_length(country, national.len()));
        if !possible {
            return Err(InvalidPhone::ImpossibleLength);
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

    /// How it is shown: a number with the default region's calling code as its national digits
    /// (`5556654345`), any other as E.164. Either reads back as the same number.
    #[must_use]
    pub fn shown(&self, default_region: Region) -> String {
        if self.calling_code == default_region.calling_code() {
            self.national_digits().to_owned()
        } else {
            self.e164.clone()
        }
    }

    pub(super) fn masked(&self) -> String {
        format!("…{}", &self.e164[self.e164.len().saturating_sub(4)..])
    }
}

/// A character of a number, as a keyboard has it; none if it has no place in a number.
fn plain(c: char) -> Option<char> {
    match c {
        '0'..='9' | ' ' | '+' | '-' | '.' | '(' | ')' | '/' => Some(c),
        // No-break, figure, thin and narrow no-break.
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => Some(' '),
        // Hyphen, non-breaking hyphen, figure dash, en dash, minus.
        '\u{2010}'..='\u{2013}' | '\u{2212}' => Some('-'),
        _ => None,
    }
}

/// Whether a country has numbers of this many national digits, of any type that belongs to a subscriber.
fn has_length(country: &phonenumber::Metadata, digits: usize) -> bool {
    let types = country.descriptors();
    [
        types.fixed_line(),
        types.mobile(),
        types.voip(),
        types.personal_number(),
        types.pager(),
        types.uan(),
        types.toll_free(),
        types.shared_cost(),
        types.premium_rate(),
    ]
    .into_iter()
    .flatten()
    .flat_map(phonenumber::metadata::Descriptor::possible_length)
    .any(|length| usize::from(*length) == digits)
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

/// The country whose numbers may be written without a calling code, by its ISO 3166-1 code (`US`, `DE`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(phonenumber::country::Id);

/// No country with phone numbers has this ISO 3166-1 code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no region: an ISO 3166-1 code of two capital letters such as US or DE is expected")]
pub struct UnknownRegion(String);

impl Region {
    /// The United States of America.
    pub const US: Self = Self(phonenumber::country::US);

    fn calling_code(self) -> u16 {
        DATABASE.by_id(self.0.as_ref()).map_or(0, phonenumber::Metadata::country_code)
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
    fn one_number_has_many_spellings() {
        for text in ["555-665-4345", "(555) 665 4345", "+1 555.665.4345", "5556654345", " 1 555 665 4345 "] {
            assert_eq!(e164(text), "+15556654345", "{text}");
        }
    }

    #[test]
    fn hyphens_and_spaces_of_typesetters_are_plain_ones() {
        for hyphen in ["\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2212}"] {
            assert_eq!(e164(&format!("555{hyphen}665{hyphen}4345")), "+15556654345", "{hyphen:?}");
        }
        for space in ["\u{a0}", "\u{2007}", "\u{2009}", "\u{202f}"] {
            assert_eq!(
                e164(&format!("{space}+1{space}555{space}665{space}4345")),
                "+15556654345",
                "{space:?}"
            );
        }
        // Not every dash parts digits.
        assert_eq!(
            PhoneNumber::parse("555\u{2014}665\u{2014}4345", Region::US),
            Err(InvalidPhone::Malformed)
        );
    }

    #[test]
    fn a_number_of_the_default_region_is_shown_as_its_national_digits() {
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
    fn what_is_no_possible_number_is_refused() {
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
            "٥٥٥٦٦٥٤٣٤٥",
            "5556654345;ext=1",
            "000000000000",
            "-",
        ] {
            assert!(PhoneNumber::parse(text, Region::US).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_number_is_masked_when_printed() {
        let number = PhoneNumber::parse("555-665-4345", Region::US).expect("possible");
        assert_eq!(format!("{number:?}"), "PhoneNumber(…4345)");
    }

    #[test]
    fn a_region_is_an_iso_code() {
        assert_eq!("DE".parse::<Region>().expect("a region").to_string(), "DE");
        for text in ["", "XX", "us", "USA", "1"] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9 +().;/a-z-]{0,45}|\\PC{0,60}") {
            let _ = PhoneNumber::parse(&text, Region::US);
        }

        #[test]
        fn what_is_shown_and_what_is_kept_read_back_as_the_same_number(text in "\\+?[1-9][0-9 ()-]{6,18}") {
            if let Ok(number) = PhoneNumber::parse(&text, Region::US) {
                prop_assert_eq!(PhoneNumber::parse(number.e164(), Region::US), Ok(number.clone()));
                prop_assert_eq!(PhoneNumber::parse(&number.shown(Region::US), Region::US), Ok(number));
            }
        }
    }
}
