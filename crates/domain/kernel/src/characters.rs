//! Properties of characters that people type and paste: the values of digits in every script, dashes, spaces and
//! invisible characters.
//!
//! The data is the Unicode Character Database, from `icu_properties`.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use icu_properties::props::{BidiControl, Dash, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;

/// The decimal digits (`Nd`) of every script, as runs of code points.
static DECIMAL_DIGITS: LazyLock<Vec<RangeInclusive<u32>>> = LazyLock::new(|| {
    let categories = CodePointMapData::<GeneralCategory>::new();
    categories.iter_ranges_for_value(GeneralCategory::DecimalNumber).collect()
});

/// The value of a decimal digit of any script (general category `Nd`); [`None`] for any other character.
#[must_use]
pub fn decimal_value(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|value| value.try_into().ok());
    }
    let code = u32::from(c);
    let run = DECIMAL_DIGITS.iter().find(|run| run.contains(&code))?;
    // Unicode encodes decimal digits in runs of ten, zero first (stability policy since 6.3).
    u8::try_from((code - run.start()) % 10).ok()
}

/// A decimal digit of any script as its ASCII digit.
#[must_use]
pub fn ascii_digit(c: char) -> Option<char> {
    decimal_value(c).map(|value| char::from(b'0' + value))
}

/// A letter that is a form of an ASCII letter (full-width, mathematical, circled …; NFKC) as that letter, in its case.
#[must_use]
pub fn ascii_letter(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c).filter(char::is_ascii_alphabetic);
    }
    let mut forms = std::iter::once(c).nfkc();
    forms.next().filter(|form| form.is_ascii_alphabetic() && forms.next().is_none())
}

/// Whether a character is a dash: Unicode's `Dash`, and the prolonged sound marks that Japanese keyboards produce
/// instead.
#[must_use]
pub fn is_dash(c: char) -> bool {
    c == '-' || matches!(c, '\u{30FC}' | '\u{FF70}') || CodePointSetData::new::<Dash>().contains(c)
}

/// Whether a character is invisible: `Default_Ignorable_Code_Point` (zero-width characters, BOM,
/// soft hyphen, variation selectors …) and the controls of bidirectional text.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    !c.is_ascii()
        && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
            || CodePointSetData::new::<BidiControl>().contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_category(category: GeneralCategory) -> Vec<char> {
        let categories = CodePointMapData::<GeneralCategory>::new();
        ('\0'..=char::MAX).filter(|c| categories.get(*c) == category).collect()
    }

    #[test]
    fn decimal_digits_of_every_script_have_their_value() {
        let digits = of_category(GeneralCategory::DecimalNumber);
        assert!(digits.len() >= 680 && digits.len().is_multiple_of(10), "{}", digits.len());
        for ten in digits.chunks(10) {
            let values: Vec<u8> = ten.iter().filter_map(|c| decimal_value(*c)).collect();
            assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "{ten:?}");
        }
        // Independent of the runs: NFKC knows the compatibility digits, and ASCII is one of the scripts.
        for c in digits {
            let nfkc: String = std::iter::once(c).nfkc().collect();
            if nfkc.is_ascii() {
                assert_eq!(ascii_digit(c).map(String::from), Some(nfkc), "{c:?}");
            }
        }
    }

    #[test]
    fn other_characters_have_no_decimal_value() {
        for c in ['a', ' ', '²', '½', '①', 'Ⅷ', '五', '\u{1F101}'] {
            assert_eq!(decimal_value(c), None, "{c:?}");
        }
    }

    #[test]
    fn full_width_and_compatibility_letters_are_ascii_letters() {
        for (form, letter) in
            [('Ａ', 'A'), ('ｚ', 'z'), ('𝐊', 'K'), ('Ⓠ', 'Q'), ('a', 'a'), ('\u{212A}', 'K')]
        {
            assert_eq!(ascii_letter(form), Some(letter), "{form:?}");
        }
        for c in ['1', '-', 'а', 'ü', 'ﬁ', 'Ω', '１'] {
            assert_eq!(ascii_letter(c), None, "{c:?}");
        }
    }

    #[test]
    fn dashes_and_invisible_characters_are_recognised() {
        for c in ['-', '‐', '\u{2011}', '–', '—', '−', '﹣', '－', '〜', '\u{30FC}'] {
            assert!(is_dash(c) && !is_invisible(c), "{c:?}");
        }
        for c in [
            '\u{AD}',
            '\u{61C}',
            '\u{200B}',
            '\u{200D}',
            '\u{202E}',
            '\u{2066}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{E0100}',
        ] {
            assert!(is_invisible(c) && !is_dash(c), "{c:?}");
        }
        for c in ['a', '0', '_', '.', ' ', '\u{301}', '\u{94D}'] {
            assert!(!is_dash(c) && !is_invisible(c), "{c:?}");
        }
    }
}
