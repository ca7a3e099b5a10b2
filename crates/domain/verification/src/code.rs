use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use asteroid_kernel::characters::{ascii_digit, ascii_letter, is_dash, is_invisible};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;
use strum::{EnumDiscriminants, EnumString, IntoStaticStr};
use subtle::ConstantTimeEq;

use crate::Challenge;

/// Douglas Crockford's base 32: digits and upper-case letters without I, L, O and U.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS: &[u8; 10] = b"0123456789";

/// The format of a code: its alphabet and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumDiscriminants)]
#[strum_discriminants(name(Alphabet), vis(), derive(EnumString, IntoStaticStr))]
#[strum_discriminants(strum(serialize_all = "snake_case"))]
pub enum CodeFormat {
    /// Crockford's base 32, 5 bits per character. Guesses are case-insensitive; `O` is read as 0, `I` and `L` as 1. As in
    /// every format, digits of any script are read by their value, and dashes, white space and invisible characters are
    /// ignored.
    Crockford {
        /// The number of characters, at most [`MAX_LENGTH`](Self::MAX_LENGTH).
        length: u8,
    },
    /// Decimal digits, 3.3 bits each. Leading zeros are significant.
    Digits {
        /// The number of digits, at most [`MAX_LENGTH`](Self::MAX_LENGTH).
        length: u8,
    },
}

impl CodeFormat {
    /// The longest code that is derived, in characters: 12 characters of 5 bits are far below the 128 bits of the
    /// derivation, so the bias is negligible.
    pub const MAX_LENGTH: u8 = 12;

    /// The number of characters of a code.
    #[must_use]
    pub const fn length(self) -> u8 {
        match self {
            Self::Crockford { length } | Self::Digits { length } => length,
        }
    }

    /// The name of the alphabet in settings and stores: `crockford`, `digits`.
    #[must_use]
    pub fn alphabet_name(self) -> &'static str {
        Alphabet::from(self).into()
    }

    /// The format with the alphabet of this name; [`None`] if there is no such alphabet.
    #[must_use]
    pub fn parse(alphabet: &str, length: u8) -> Option<Self> {
        Some(match alphabet.parse().ok()? {
            Alphabet::Crockford => Self::Crockford { length },
            Alphabet::Digits => Self::Digits { length },
        })
    }

    fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Crockford { .. } => CROCKFORD,
            Self::Digits { .. } => DIGITS,
        }
    }
}

/// A code to send to a user. [`Debug`](fmt::Debug) does not print it.
#[derive(Clone)]
pub struct Code(SecretString);

impl Code {
    /// The code in plain text, for sending.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// A code as a user typed it. [`Debug`](fmt::Debug) does not print it.
#[derive(Clone)]
pub struct CodeGuess(SecretString);

impl CodeGuess {
    /// Wraps the text as typed. It is normalised for the format of each challenge that it is compared with.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether the guess has the length and the alphabet of this format.
    #[must_use]
    pub fn is_well_formed(&self, format: CodeFormat) -> bool {
        let text = self.normalised(format);
        text.len() == usize::from(format.length())
            && text.bytes().all(|byte| format.alphabet().contains(&byte))
    }

    /// Whether the guess is this code. Compares in constant time for equal lengths.
    fn is(&self, code: &Code, format: CodeFormat) -> bool {
        self.normalised(format).as_bytes().ct_eq(code.expose().as_bytes()).into()
    }

    /// The guess in the format's alphabet: digits of any script and full-width or mathematical forms of ASCII letters as
    /// ASCII, without dashes, white space and invisible characters.
    fn normalised(&self, format: CodeFormat) -> String {
        let typed = self.0.expose_secret().chars();
        let typed = typed.filter(|c| !(c.is_whitespace() || is_dash(*c) || is_invisible(*c)));
        let typed = typed.map(|c| ascii_digit(c).or_else(|| ascii_letter(c)).unwrap_or(c));
        match format {
            CodeFormat::Digits { .. } => typed.collect(),
            CodeFormat::Crockford { .. } => typed
                .map(|c| match c.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    upper => upper,
                })
                .collect(),
        }
    }
}

impl fmt::Debug for CodeGuess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeGuess(..)")
    }
}

/// A key that codes are derived with. [`Debug`](fmt::Debug) prints its id only.
pub struct CodeKey {
    /// The id of the key, which challenges store.
    pub id: String,
    /// At least [`CodeKeys::MIN_KEY_BYTES`] random bytes.
    pub secret: SecretSlice<u8>,
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKey({})", self.id)
    }
}

/// The keys that codes are derived with. New challenges use the first one; challenges that were opened before a rotation
/// use the key they name. The keys can be [replaced](Self::replace) while they are in use.
pub struct CodeKeys {
    ring: RwLock<Arc<[CodeKey]>>,
}

impl fmt::Debug for CodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeKeys").field("ring", &self.ring()).finish()
    }
}

/// The reason why a key ring is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCodeKeys {
    /// The ring has no key.
    #[error("there is no key")]
    None,
    /// The key of this id has fewer than [`CodeKeys::MIN_KEY_BYTES`].
    #[error("the key `{0}` has fewer than {min} bytes", min = CodeKeys::MIN_KEY_BYTES)]
    TooShort(String),
    /// Two keys have this id.
    #[error("two keys have the id `{0}`")]
    SameId(String),
}

impl CodeKeys {
    /// The minimum length of a key in bytes: the length of the hash (RFC 2104, section 3).
    pub const MIN_KEY_BYTES: usize = 32;

    /// Creates a ring of these keys. The first one is for new challenges.
    ///
    /// # Errors
    ///
    /// If there is no key, a key is too short, or two keys have the same id.
    pub fn new(ring: Vec<CodeKey>) -> Result<Self, InvalidCodeKeys> {
        if ring.is_empty() {
            return Err(InvalidCodeKeys::None);
        }
        for (index, key) in ring.iter().enumerate() {
            if key.secret.expose_secret().len() < Self::MIN_KEY_BYTES {
                return Err(InvalidCodeKeys::TooShort(key.id.clone()));
            }
            if ring[..index].iter().any(|other| other.id == key.id) {
                return Err(InvalidCodeKeys::SameId(key.id.clone()));
            }
        }
        Ok(Self { ring: RwLock::new(ring.into()) })
    }

    /// Uses these keys from now on.
    pub fn replace(&self, keys: Self) {
        let new = keys.ring.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    fn ring(&self) -> Arc<[CodeKey]> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The id of the key for new challenges.
    #[must_use]
    pub fn current_id(&self) -> String {
        self.ring()[0].id.clone()
    }

    /// The challenge's code: HMAC-SHA-256 over nonce, purpose and contact key, converted to the format's alphabet.
    /// [`None`] if the challenge's key is not in the ring.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes a key of any length")]
    pub fn code(&self, challenge: &Challenge) -> Option<Code> {
        let ring = self.ring();
        let key = ring.iter().find(|key| key.id == challenge.key_id)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.expose_secret())
            .expect("HMAC takes a key of any length");
        mac.update(&challenge.nonce.0);
        mac.update(challenge.purpose.kind().as_str().as_bytes());
        mac.update(&[0]);
        mac.update(challenge.contact.key().as_str().as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut first_half = [0; 16];
        first_half.copy_from_slice(&digest[..16]);
        let mut number = u128::from_be_bytes(first_half);
        // 128 bits modulo at most 32^12 codes: the bias is below 2^-68.
        let alphabet = challenge.format.alphabet();
        let code: String = (0..challenge.format.length().min(CodeFormat::MAX_LENGTH))
            .map(|_| {
                let symbol = alphabet[(number % alphabet.len() as u128) as usize];
                number /= alphabet.len() as u128;
                char::from(symbol)
            })
            .collect();
        Some(Code(code.into()))
    }

    /// Whether the guess is the challenge's code. Compares in constant time for equal lengths. `false` if the challenge's
    /// key is not in the ring.
    #[must_use]
    pub fn is_code_of(&self, guess: &CodeGuess, challenge: &Challenge) -> bool {
        self.code(challenge).is_some_and(|code| guess.is(&code, challenge.format))
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{ChallengeId, Contact, Randomness, Region, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::{ChallengeState, Nonce, Purpose};

    fn key(id: &str) -> CodeKey {
        CodeKey { id: id.into(), secret: vec![7; 32].into() }
    }

    fn keys() -> CodeKeys {
        CodeKeys::new(vec![key("a")]).expect("good keys")
    }

    fn challenge(format: CodeFormat, nonce: [u8; 16]) -> Challenge {
        let start = Timestamp::from_micros(0);
        Challenge {
            id: ChallengeId::new(start, &CountingRandomness::default()),
            contact: Contact::parse("george@example.com", Region::US).expect("a contact"),
            purpose: Purpose::SignIn,
            format,
            nonce: Nonce(nonce),
            key_id: "a".into(),
            asked_from: None,
            created_at: start,
            expires_at: start,
            guesses: 0,
            stranger_guesses: 0,
            state: ChallengeState::Open,
        }
    }

    const V1: CodeFormat = CodeFormat::Crockford { length: 5 };
    const V2: CodeFormat = CodeFormat::Digits { length: 6 };

    /// Codes that were sent before an update must work after it. The values are those of an independent HMAC-SHA-256.
    #[test]
    fn the_derivation_of_codes_never_changes() {
        let nonce = std::array::from_fn(|index| u8::try_from(index).expect("below 16"));
        for (format, code) in
            [(V1, "GP2EQ"), (CodeFormat::Crockford { length: 12 }, "GP2EQHSH7GE5"), (V2, "888767")]
        {
            assert_eq!(keys().code(&challenge(format, nonce)).expect("a key").expose(), code);
        }
    }

    #[test]
    fn no_code_is_longer_than_twelve_characters() {
        let code = keys().code(&challenge(CodeFormat::Crockford { length: 13 }, [0; 16])).expect("a key");
        assert_eq!(code.expose().len(), 12);
    }

    #[test]
    fn a_stored_format_is_read_back_by_its_alphabet_and_length() {
        for (format, alphabet, length) in [(V1, "crockford", 5), (V2, "digits", 6)] {
            assert_eq!((format.alphabet_name(), format.length()), (alphabet, length));
            assert_eq!(CodeFormat::parse(alphabet, length), Some(format));
        }
        assert_eq!(CodeFormat::parse("hexadecimal", 6), None);
    }

    #[test]
    fn the_first_key_is_for_new_challenges() {
        let keys = CodeKeys::new(vec![key("b"), key("a")]).expect("good keys");
        assert_eq!(keys.current_id(), "b");
    }

    #[test]
    fn replaced_keys_are_used_from_then_on() {
        let (keys, challenge) = (keys(), challenge(V1, [0; 16]));
        let code = keys.code(&challenge).expect("a key");
        keys.replace(CodeKeys::new(vec![key("b"), key("a")]).expect("good keys"));
        assert_eq!(keys.current_id(), "b");
        assert!(keys.is_code_of(&CodeGuess::new(code.expose()), &challenge), "the older key still verifies");
        keys.replace(CodeKeys::new(vec![key("b")]).expect("good keys"));
        assert!(keys.code(&challenge).is_none());
    }

    #[test]
    fn a_code_depends_on_nonce_purpose_contact_and_key() {
        let keys = CodeKeys::new(vec![key("a"), CodeKey { id: "b".into(), secret: vec![8; 32].into() }])
            .expect("good keys");
        let base = challenge(CodeFormat::Crockford { length: 12 }, [0; 16]);
        let code = |challenge: &Challenge| keys.code(challenge).expect("a key").expose().to_owned();
        assert_eq!(code(&base), code(&base));
        let others = [
            Challenge { nonce: Nonce([1; 16]), ..base.clone() },
            Challenge { purpose: Purpose::Reset, ..base.clone() },
            Challenge {
                contact: Contact::parse("martha@example.com", Region::US).expect("a contact"),
                ..base.clone()
            },
            Challenge { key_id: "b".into(), ..base.clone() },
        ];
        for other in &others {
            assert_ne!(code(other), code(&base));
        }
    }

    #[test]
    fn a_code_does_not_depend_on_the_spelling_of_its_contact() {
        let base = challenge(V1, [3; 16]);
        let upper = Contact::parse("GEORGE@example.com", Region::US).expect("a contact");
        let other = Challenge { contact: upper, ..base.clone() };
        assert_eq!(keys().code(&base).expect("a key").expose(), keys().code(&other).expect("a key").expose());
    }

    #[test]
    fn a_guess_may_differ_in_case_spacing_and_similar_letters() {
        assert!(CodeGuess::new("12345").is_well_formed(V1), "the API's own example");
        assert!(CodeGuess::new(" o-iL5 z").is_well_formed(V1));
        assert!(CodeGuess::new("012 345").is_well_formed(V2));
        for text in ["", "1234", "123456", "1234U", "ü2345", "12 34!"] {
            assert!(!CodeGuess::new(text).is_well_formed(V1), "{text}");
        }
        assert!(!CodeGuess::new("O12345").is_well_formed(V2), "letters are not digits");
    }

    fn reads(text: &str, format: CodeFormat) -> String {
        CodeGuess::new(text).normalised(format)
    }

    #[test]
    fn decimal_digits_of_every_script_are_read_by_their_value() {
        let mut digits = 0;
        for c in '\0'..=char::MAX {
            let Some(digit) = ascii_digit(c) else { continue };
            let typed: String = [c; 6].into_iter().collect();
            assert_eq!(reads(&typed, V2), digit.to_string().repeat(6), "{c:?}");
            assert_eq!(reads(&typed, V1), digit.to_string().repeat(6), "{c:?}");
            digits += 1;
        }
        assert!(digits >= 680, "{digits}");
    }

    #[test]
    fn dashes_white_space_and_invisible_characters_are_ignored() {
        for c in ('\0'..=char::MAX).filter(|c| is_dash(*c) || is_invisible(*c) || c.is_whitespace()) {
            let typed = format!("{c}0a{c}{c}3-4 b{c}");
            assert_eq!(reads(&typed, V1), "0A34B", "{c:?}");
            assert!(CodeGuess::new(&typed).is_well_formed(V1), "{c:?}");
        }
    }

    #[test]
    fn full_width_letters_are_read_as_ascii() {
        assert_eq!(reads("ｏｉｌ５ｚ", V1), "0115Z");
        assert_eq!(reads("ＯＩＬー５Ｚ", V1), "0115Z");
        assert_eq!(reads("𝐎𝑰𝓛\u{200F}٥z", V1), "0115Z");
        // Cyrillic and Greek letters that look like Latin ones are different letters.
        assert!(!CodeGuess::new("АВСЕН").is_well_formed(V1) && !CodeGuess::new("ΑΒΕΖΗ").is_well_formed(V1));
        assert!(!CodeGuess::new("①②③④⑤").is_well_formed(V1) && !CodeGuess::new("¹²³⁴⁵").is_well_formed(V1));
    }

    #[test]
    fn a_key_ring_has_a_key_and_each_key_has_32_bytes_and_an_id_of_its_own() {
        assert_eq!(CodeKeys::new(vec![]).err(), Some(InvalidCodeKeys::None));
        let short = CodeKey { id: "s".into(), secret: vec![7; 31].into() };
        assert_eq!(CodeKeys::new(vec![short]).err(), Some(InvalidCodeKeys::TooShort("s".into())));
        assert_eq!(CodeKeys::new(vec![key("a"), key("a")]).err(), Some(InvalidCodeKeys::SameId("a".into())));
        assert!(keys().code(&Challenge { key_id: "gone".into(), ..challenge(V1, [0; 16]) }).is_none());
    }

    #[test]
    fn neither_codes_nor_guesses_nor_keys_are_printed() {
        let code = keys().code(&challenge(V1, [0; 16])).expect("a key");
        let guess = CodeGuess::new(code.expose());
        assert_eq!(
            format!("{code:?} {guess:?} {:?}", keys()),
            "Code(..) CodeGuess(..) CodeKeys { ring: [CodeKey(a)] }"
        );
    }

    /// Pearson's chi-square of the counts against a uniform distribution.
    fn chi_square(counts: &[u32]) -> f64 {
        let total: f64 = counts.iter().copied().map(f64::from).sum();
        let expected = total / f64::from(u32::try_from(counts.len()).expect("a few cells"));
        counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn codes_are_uniform_over_a_million_nonces() {
        let (keys, randomness) = (keys(), CountingRandomness::default());
        let mut pairs = vec![0u32; 32 * 32];
        let mut thousands = vec![0u32; 1000];
        for index in 0..1_000_000 {
            let mut nonce = [0; 16];
            randomness.fill(&mut nonce);
            if index % 2 == 0 {
                let code = keys.code(&challenge(V1, nonce)).expect("a key");
                let symbol = |at: usize| {
                    CROCKFORD
                        .iter()
                        .position(|c| *c == code.expose().as_bytes()[at])
                        .expect("in the alphabet")
                };
                pairs[symbol(0) * 32 + symbol(4)] += 1;
            } else {
                let code = keys.code(&challenge(V2, nonce)).expect("a key");
                thousands[code.expose()[..3].parse::<usize>().expect("digits")] += 1;
            }
        }
        // The 99.9 % quantiles for 1023 and 999 degrees of freedom. The nonces are the same in every run.
        assert!(chi_square(&pairs) < 1168.5, "{}", chi_square(&pairs));
        assert!(chi_square(&thousands) < 1142.8, "{}", chi_square(&thousands));
    }

    proptest! {
        #[test]
        fn every_code_is_well_formed_and_accepted_as_a_guess(nonce in any::<[u8; 16]>(), length in 4u8..=12) {
            for format in [CodeFormat::Crockford { length }, CodeFormat::Digits { length }] {
                let challenge = challenge(format, nonce);
                let code = keys().code(&challenge).expect("a key");
                let spaced = format!(" {}-{} ", &code.expose()[..2], code.expose()[2..].to_lowercase());
                prop_assert!(CodeGuess::new(&spaced).is_well_formed(format));
                prop_assert!(keys().is_code_of(&CodeGuess::new(&spaced), &challenge));
                prop_assert!(!keys().is_code_of(&CodeGuess::new(&code.expose()[1..]), &challenge));
            }
        }

        #[test]
        fn no_guess_causes_a_panic(text in "\\PC{0,80}") {
            let guess = CodeGuess::new(&text);
            prop_assert_eq!(guess.is_well_formed(V1) && guess.is_well_formed(V2), false);
            let _ = keys().is_code_of(&guess, &challenge(V1, [0; 16]));
        }
    }
}
