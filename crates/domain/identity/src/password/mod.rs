//! Passwords: what a person types, what a new one has to be like, and what is stored of it.

mod hasher;
mod policy;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

pub use hasher::{HashingError, PasswordHasher, UnusableHash, Verdict};
pub use policy::{NewPassword, PasswordFlaw, PasswordPolicy};

/// A password as a person typed it, in NFC (NIST SP 800-63B-4, 3.1.1.2). It cannot be printed.
#[derive(Clone)]
pub struct Password {
    nfc: SecretString,
    /// As it was sent, if that is not NFC.
    sent: Option<SecretString>,
}

impl Password {
    /// Takes what was typed. Nothing is trimmed: every character counts.
    ///
    /// A text beyond what could be a password is not even normalised.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.len() > PasswordPolicy::UNREAD_BYTES {
            return Self { nfc: text.into(), sent: None };
        }
        let nfc: String = text.nfc().collect();
        let sent = (nfc != text).then(|| text.into());
        Self { nfc: nfc.into(), sent }
    }

    /// The password itself in NFC, to hash it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.nfc.expose_secret()
    }

    /// The texts that a hash made elsewhere may be of, each once: NFC, as it was sent, NFD. Systems that do not
    /// normalise hash what the person's device happened to send.
    ///
    /// Only the first for a text beyond what could be a password.
    #[must_use]
    pub fn spellings(&self) -> Vec<SecretString> {
        let mut spellings = vec![self.nfc.clone()];
        spellings.extend(self.sent.clone());
        if self.expose().len() <= PasswordPolicy::UNREAD_BYTES {
            let nfd: SecretString = self.expose().nfd().collect::<String>().into();
            if spellings.iter().all(|known| known.expose_secret() != nfd.expose_secret()) {
                spellings.push(nfd);
            }
        }
        spellings
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What is stored of a password: a hash in the PHC string format, or as the system that it was imported from wrote it.
/// It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash as a hasher made it or a store kept it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_password_are_nfc_as_sent_and_nfd() {
        for (sent, spellings) in [
            ("", &[""][..]),
            ("plain", &["plain"]),
            ("\u{e4}", &["\u{e4}", "a\u{308}"]),
            ("a\u{308}", &["\u{e4}", "a\u{308}"]),
            // Composed in part, as some input methods send it.
            ("\u{e4}o\u{308}", &["\u{e4}\u{f6}", "\u{e4}o\u{308}", "a\u{308}o\u{308}"]),
            ("\u{1e69}", &["\u{1e69}", "s\u{323}\u{307}"]),
            ("s\u{307}\u{323}", &["\u{1e69}", "s\u{307}\u{323}", "s\u{323}\u{307}"]),
            // The Kelvin sign is a K to both forms.
            ("\u{212a}", &["K", "\u{212a}"]),
            ("\u{ac00}", &["\u{ac00}", "\u{1100}\u{1161}"]),
        ] {
            let password = Password::new(sent);
            assert_eq!(password.expose(), spellings[0], "{sent:?}");
            let given = password.spellings();
            let given: Vec<&str> = given.iter().map(ExposeSecret::expose_secret).collect();
            assert_eq!(given, spellings, "{sent:?}");
        }
    }

    #[test]
    fn a_text_beyond_any_password_has_one_spelling() {
        let text = "a\u{308}".repeat(PasswordPolicy::UNREAD_BYTES);
        let spellings = Password::new(&text).spellings();
        assert_eq!(spellings.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), [text.as_str()]);
    }
}
