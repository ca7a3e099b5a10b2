use std::fmt;

/// The characters that GSM-7 encodes in one septet: the default alphabet of 3GPP TS 23.038, 6.2.1, in its order, without
/// the escape to the extension table between `Ξ` and `Æ`.
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The characters that GSM-7 encodes in two septets, the first of which is the escape: 3GPP TS 23.038, 6.2.1.1.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The size of a text as an SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmsSize {
    /// The text is encoded in GSM-7: 160 septets per segment.
    Gsm7 {
        /// The number of septets: two for `^{}\[~]|€` and the form feed, one for every other character.
        septets: usize,
    },
    /// The text has a character that is not in GSM-7, so that it is encoded in UCS-2: 70 units per segment.
    Ucs2 {
        /// The number of UTF-16 code units.
        units: usize,
        /// The first character that is not in GSM-7.
        because_of: char,
    },
}

impl SmsSize {
    /// The size of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut septets = 0;
        for char in text.chars() {
            match Self::septets(char) {
                Some(count) => septets += count,
                None => return Self::Ucs2 { units: text.encode_utf16().count(), because_of: char },
            }
        }
        Self::Gsm7 { septets }
    }

    fn septets(char: char) -> Option<usize> {
        if ALPHABET.contains(char) { Some(1) } else { EXTENSION.contains(char).then_some(2) }
    }

    /// The size in septets or UTF-16 code units.
    #[must_use]
    pub const fn taken(self) -> usize {
        match self {
            Self::Gsm7 { septets } => septets,
            Self::Ucs2 { units, .. } => units,
        }
    }

    /// The capacity of one segment in the same unit: 140 bytes (3GPP TS 23.040, 9.2.3.16).
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Gsm7 { .. } => 160,
            Self::Ucs2 { .. } => 70,
        }
    }

    /// Whether the text fits into one segment.
    #[must_use]
    pub const fn fits(self) -> bool {
        self.taken() <= self.limit()
    }
}

impl fmt::Display for SmsSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (taken, limit) = (self.taken(), self.limit());
        match self {
            Self::Gsm7 { .. } => write!(f, "{taken} of {limit} septets (GSM-7)"),
            Self::Ucs2 { because_of, .. } => {
                write!(f, "{taken} of {limit} units (UCS-2, for {because_of:?} is not in GSM-7)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn chars(table: &str) -> Vec<char> {
        table.chars().collect()
    }

    #[test]
    fn the_tables_are_complete_and_have_no_duplicates() {
        let all: BTreeSet<char> = ALPHABET.chars().chain(EXTENSION.chars()).collect();
        // 128 codes less the escape, and the ten of the extension table.
        assert_eq!((ALPHABET.chars().count(), EXTENSION.chars().count(), all.len()), (127, 10, 137));
        assert!((' '..='~').filter(|char| *char != '`').all(|char| all.contains(&char)));
    }

    #[test]
    fn a_text_is_measured_in_septets_or_in_utf_16_code_units() {
        let gsm7 = |septets| SmsSize::Gsm7 { septets };
        let ucs2 = |units, because_of| SmsSize::Ucs2 { units, because_of };
        for (text, size) in [
            ("", gsm7(0)),
            ("042137 is your code.\n", gsm7(21)),
            ("Größe: 5 € für {Übungen}", gsm7(27)),
            ("Ça va", gsm7(5)),
            ("ça va", ucs2(5, 'ç')),
            ("don’t", ucs2(5, '’')),
            ("a\tb", ucs2(3, '\t')),
            ("`", ucs2(1, '`')),
            ("🔑 042137", ucs2(9, '🔑')),
        ] {
            assert_eq!(SmsSize::of(text), size, "{text:?}");
        }
        assert!(SmsSize::of(&"ß".repeat(160)).fits() && !SmsSize::of(&"ß".repeat(161)).fits());
        assert!(SmsSize::of(&"€".repeat(80)).fits() && !SmsSize::of(&"€".repeat(81)).fits());
        assert!(SmsSize::of(&"ć".repeat(70)).fits() && !SmsSize::of(&"ć".repeat(71)).fits());
    }

    proptest! {
        #[test]
        fn a_character_of_gsm_7_takes_one_or_two_septets(
            basic in proptest::collection::vec(select(chars(ALPHABET)), 0..200),
            extended in proptest::collection::vec(select(chars(EXTENSION)), 0..200),
        ) {
            let text: String = basic.iter().chain(&extended).collect();
            prop_assert_eq!(SmsSize::of(&text), SmsSize::Gsm7 { septets: basic.len() + 2 * extended.len() });
        }

        #[test]
        fn one_character_outside_gsm_7_makes_the_text_ucs_2(before in "[ -_a-~]*", after in ".*", outside in "[Ā-ɏ`🔑]") {
            let text = format!("{before}{outside}{after}");
            let units = text.encode_utf16().count();
            let because_of = outside.chars().next().expect("a character");
            prop_assert_eq!(SmsSize::of(&text), SmsSize::Ucs2 { units, because_of });
        }

        #[test]
        fn a_longer_text_always_takes_more_of_a_segment(text in ".*", more in ".") {
            let room = |text: &str| {
                let size = SmsSize::of(text);
                size.taken() * (1120 / size.limit())
            };
            let longer = room(&format!("{text}{more}"));
            prop_assert!(longer > room(&text));
        }
    }
}
