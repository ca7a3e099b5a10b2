use std::fmt;

use strum::{EnumCount, EnumString, IntoStaticStr, VariantArray};

/// A language that messages are written in.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumCount,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[strum(parse_err_fn = unknown_language, parse_err_ty = UnknownLanguage)]
pub enum Language {
    /// English.
    #[default]
    #[strum(serialize = "en")]
    English,
    /// German.
    #[strum(serialize = "de")]
    German,
}

/// The error of a language that messages are not written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("messages are written in \"en\" (English) or \"de\" (German)")]
pub struct UnknownLanguage;

impl Language {
    /// Every language.
    pub const ALL: [Self; Self::COUNT] = *Self::VARIANTS.first_chunk().expect("as many variants as counted");

    /// The code of the language (ISO 639-1): `en`, `de`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

fn unknown_language(_: &str) -> UnknownLanguage {
    UnknownLanguage
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_by_its_iso_639_1_code() {
        for (language, code) in [(Language::English, "en"), (Language::German, "de")] {
            assert_eq!((language.as_str(), language.to_string().as_str()), (code, code));
            assert_eq!(code.parse(), Ok(language));
        }
        for unknown in ["fr", "EN", "English", ""] {
            assert_eq!(unknown.parse::<Language>(), Err(UnknownLanguage), "{unknown:?}");
        }
    }
}
