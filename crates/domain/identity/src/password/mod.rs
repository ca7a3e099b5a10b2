//! Passwords: as a user types them, the policy for new ones, and their hashes.

mod hasher;
mod policy;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

pub use hasher::{HashingError, PasswordHasher, UnusableHash, Verdict};
pub use policy::{NewPassword, PasswordFlaw, PasswordPolicy, ServiceNames};

/// A password as a user typed it, normalised to NFC (NIST SP 800-63B-4, 3.1.1.2). [`Debug`](fmt::Debug) does not print it.
#[derive(Clone)]
pub struct Password {
    nfc: SecretString,
    /// The text as sent, if it is not in NFC.
    sent: Option<SecretString>,
}

impl Password {
    /// Wraps the text as typed. It is not trimmed: every character is significant.
    ///
    /// A text that is too long for any policy is not normalised.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.len() > PasswordPolicy::UNREAD_BYTES {
            return Self { nfc: text.into(), sent: None };
        }
        let nfc: String = text.nfc().collect();
        let sent = (nfc != text).then(|| text.into());
        Self { nfc: nfc.into(), sent }
    }

    /// The password in NFC and in plain text, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.nfc.expose_secret()
    }

    /// The distinct texts that an imported hash may have been made of: NFC, as sent, NFD, in this order. A system that
    /// does not normalise hashes the form that the user's device sent.
    ///
    /// Only the first one for a text that is too long for any policy.
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

/// A password hash: in the PHC string format, or in the format of the system that it was imported from.
/// [`Debug`](fmt::Debug) does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash that a hasher made or a store returned.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as text, for storage and verification.
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
            // Partly composed, as some input methods send it.
            ("\u{e4}o\u{308}", &["\u{e4}\u{f6}", "\u{e4}o\u{308}", "a\u{308}o\u{308}"]),
            ("\u{1e69}", &["\u{1e69}", "s\u{323}\u{307}"]),
            ("s\u{307}\u{323}", &["\u{1e69}", "s\u{307}\u{323}", "s\u{323}\u{307}"]),
            // Both forms turn the Kelvin sign into a K.
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
    fn a_text_that_is_too_long_for_any_policy_has_one_spelling() {
        let text = "a\u{308}".repeat(PasswordPolicy::UNREAD_BYTES);
        let spellings = Password::new(&text).spellings();
        assert_eq!(spellings.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), [text.as_str()]);
    }

    #[test]
    fn a_hash_is_stored_as_it_is_and_not_printed() {
        let hash = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
        assert_eq!(hash.expose(), "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
        assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
    }
}
