use std::collections::HashSet;
use std::sync::LazyLock;

use asteroid_kernel::Contact;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::{Password, PersonName};

/// The passwords that most people choose, case-folded, a line each: see `COMMON_PASSWORDS.md` beside it.
static COMMON_PASSWORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A password that passed the policy, and may be hashed.
#[derive(Clone, Debug)]
pub struct NewPassword(Password);

impl NewPassword {
    /// Takes a password that its owner just proved to be in use, to hash it anew: it is not chosen now, so the
    /// policy of now does not apply.
    #[must_use]
    pub fn in_use(password: Password) -> Self {
        Self(password)
    }

    /// The password itself, to hash it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFlaw {
    /// Fewer characters than the policy asks for.
    #[error("it has fewer than {min} characters")]
    TooShort {
        /// The fewest characters.
        min: usize,
    },
    /// More characters or bytes than the policy allows.
    #[error("it has more than {max} characters")]
    TooLong {
        /// The most characters.
        max: usize,
    },
    /// One of the passwords that most people choose, and that are tried first.
    #[error("it is one of the most common passwords")]
    TooCommon,
    /// It is or holds a contact of its owner.
    #[error("it holds the owner's e-mail address or phone number")]
    HoldsContact,
    /// It is or holds the name of its owner.
    #[error("it holds the owner's name")]
    HoldsName,
    /// It is the password that it is to replace.
    #[error("it is the same as before")]
    SameAsCurrent,
}

/// What a new password has to be like (NIST SP 800-63B-4, 3.1.1.2: length and a blocklist; no rules on
/// composition). Characters are Unicode scalar values after NFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub min_chars: usize,
    /// The most characters.
    pub max_chars: usize,
    /// The most bytes as UTF-8.
    pub max_bytes: usize,
}

impl Default for PasswordPolicy {
    /// 8 to 64 characters, at most 256 bytes.
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 64, max_bytes: 256 }
    }
}

impl PasswordPolicy {
    /// A text of more bytes is no password under any policy, and is not even normalised.
    pub(super) const UNREAD_BYTES: usize = 4096;

    /// A name or contact shorter than this is found in too many good passwords to be looked for in them.
    const SHORTEST_PART: usize = 3;

    /// Checks a new password, also against what is known of its owner. Costs no hashing.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, never an empty list.
    pub fn check(
        &self,
        password: &Password,
        contacts: &[Contact],
        names: &[PersonName],
    ) -> Result<NewPassword, Vec<PasswordFlaw>> {
        let text = password.expose();
        let chars = text.chars().count();
        if chars > self.max_chars || text.len() > self.max_bytes {
            return Err(vec![PasswordFlaw::TooLong { max: self.max_chars }]);
        }
        let mut flaws = Vec::new();
        if chars < self.min_chars {
            flaws.push(PasswordFlaw::TooShort { min: self.min_chars });
        }
        let folded = fold(text);
        if COMMON_PASSWORDS.contains(folded.as_str()) {
            flaws.push(PasswordFlaw::TooCommon);
        }
        if contacts.iter().flat_map(contact_parts).any(|part| holds(&folded, &part)) {
            flaws.push(PasswordFlaw::HoldsContact);
        }
        if names.iter().flat_map(name_parts).any(|part| holds(&folded, &part)) {
            flaws.push(PasswordFlaw::HoldsName);
        }
        if flaws.is_empty() { Ok(NewPassword(password.clone())) } else { Err(flaws) }
    }

    /// Whether a password that somebody signs in with is too long to be anyone's, and need not be hashed.
    #[must_use]
    pub fn is_oversized(&self, password: &Password) -> bool {
        password.expose().len() > self.max_bytes
    }
}

fn fold(text: &str) -> String {
    UniCase::new(text).to_folded_case().nfc().collect()
}

fn holds(folded_password: &str, part: &str) -> bool {
    part.chars().count() >= PasswordPolicy::SHORTEST_PART && folded_password.contains(part)
}

fn contact_parts(contact: &Contact) -> Vec<String> {
    match contact {
        // As its owner writes it and as its key has it: the domain may be one in ASCII or in another script.
        Contact::Email(email) => {
            vec![fold(email.as_given()), fold(contact.key().as_str()), fold(email.local_part())]
        }
        Contact::Phone(phone) => vec![phone.national_digits().to_owned()],
    }
}

fn name_parts(name: &PersonName) -> Vec<String> {
    let (first, last) = (fold(name.first()), fold(name.last()));
    vec![format!("{first}{last}"), format!("{first} {last}"), first, last]
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::Region;
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) -> Vec<PasswordFlaw> {
        let contacts = ["george.washington@example.com", "555-665-4345"]
            .map(|text| Contact::parse(text, Region::US).expect("a contact"));
        let names = [PersonName::new("George", "Washington").expect("a name")];
        PasswordPolicy::default().check(&Password::new(text), &contacts, &names).err().unwrap_or_default()
    }

    #[test]
    fn good_passwords_pass() {
        for text in
            ["IWasTheFirstPrez1776", "5VphcVNdGhJi", "newpassword", "ein Satz mit Lücken", "🦀🦀🦀🦀🦀🦀🦀🦀"]
        {
            assert_eq!(check(text), [], "{text}");
        }
    }

    #[test]
    fn length_counts_characters_after_composition() {
        assert_eq!(check("1234567"), [PasswordFlaw::TooShort { min: 8 }]);
        // Seven characters once composed, though fourteen were typed.
        assert_eq!(check(&"a\u{308}".repeat(7)), [PasswordFlaw::TooShort { min: 8 }]);
        assert_eq!(check(&"\u{1F980}".repeat(64)), []);
        assert_eq!(check(&"a".repeat(65)), [PasswordFlaw::TooLong { max: 64 }]);
        let policy = PasswordPolicy { max_bytes: 100, ..PasswordPolicy::default() };
        let crabs = Password::new(&"\u{1F980}".repeat(26));
        assert_eq!(policy.check(&crabs, &[], &[]).err(), Some(vec![PasswordFlaw::TooLong { max: 64 }]));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        assert_eq!(check("password123"), [PasswordFlaw::TooCommon]);
        assert_eq!(check("PassWord123"), [PasswordFlaw::TooCommon]);
        assert_eq!(check("password1234!"), []);
    }

    #[test]
    fn a_password_holds_neither_name_nor_contact() {
        assert_eq!(check("GEORGE was here"), [PasswordFlaw::HoldsName]);
        assert_eq!(check("xxWashingtonxx"), [PasswordFlaw::HoldsName]);
        assert_eq!(check("my5556654345"), [PasswordFlaw::HoldsContact]);
        assert!(check("George.Washington@Example.com").contains(&PasswordFlaw::HoldsContact));
        assert!(check("george.washington").contains(&PasswordFlaw::HoldsContact));
    }

    #[test]
    fn a_password_holds_no_contact_in_any_of_its_spellings() {
        let contacts = [Contact::parse("hi@dömäin.example", Region::US).expect("a contact")];
        let policy = PasswordPolicy::default();
        for text in ["Hi@DÖMÄIN.example", "my hi@dömäin.example", "hi@xn--dmin-moa0i.example"] {
            let flaws = policy.check(&Password::new(text), &contacts, &[]).err();
            assert_eq!(flaws, Some(vec![PasswordFlaw::HoldsContact]), "{text}");
        }
    }

    #[test]
    fn a_short_name_may_occur_in_a_password() {
        let names = [PersonName::new("Bo", "Li").expect("a name")];
        let policy = PasswordPolicy::default();
        assert!(policy.check(&Password::new("lighthouse keeper"), &[], &names).is_ok());
        assert!(policy.check(&Password::new("i am bo li indeed"), &[], &names).is_err());
    }

    #[test]
    fn no_password_is_printed() {
        let password = Password::new("IWasTheFirstPrez1776");
        let new = PasswordPolicy::default().check(&password, &[], &[]).expect("a good password");
        assert_eq!(format!("{password:?} {new:?}"), "Password(..) NewPassword(Password(..))");
    }

    #[test]
    fn the_list_of_common_passwords_is_folded_and_long_enough_to_matter() {
        for line in COMMON_PASSWORDS.iter() {
            assert_eq!(fold(line), **line);
            assert!(line.chars().count() >= 8, "{line} is refused by its length");
        }
    }

    proptest! {
        #[test]
        fn the_rules_hold_for_any_text(text in "\\PC{0,80}") {
            let password = Password::new(&text);
            let policy = PasswordPolicy::default();
            match policy.check(&password, &[], &[]) {
                Ok(new) => {
                    let chars = new.expose().chars().count();
                    prop_assert!((8..=64).contains(&chars) && new.expose().len() <= 256);
                }
                Err(flaws) => prop_assert!(!flaws.is_empty()),
            }
        }
    }
}
