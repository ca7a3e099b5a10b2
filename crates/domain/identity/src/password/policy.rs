use std::collections::HashSet;
use std::sync::LazyLock;

use asteroid_kernel::Contact;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::{Password, PersonName};

/// The blocklist of common passwords, case-folded, one per line. `COMMON_PASSWORDS.md` names its sources.
static COMMON_PASSWORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A password that may be hashed: it passed the policy, or is already in use.
#[derive(Clone, Debug)]
pub struct NewPassword(Password);

impl NewPassword {
    /// Wraps a password that was just verified, to hash it again. It is not a new choice, so the current policy does not
    /// apply.
    #[must_use]
    pub fn in_use(password: Password) -> Self {
        Self(password)
    }

    /// The password in plain text, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A rule of the policy that a new password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFlaw {
    /// The password has fewer characters than the policy requires.
    #[error("it has fewer than {min} characters")]
    TooShort {
        /// The minimum length in characters.
        min: usize,
    },
    /// The password has more characters or bytes than the policy allows.
    #[error("it has more than {max} characters")]
    TooLong {
        /// The maximum length in characters.
        max: usize,
    },
    /// The password is on the blocklist of common passwords.
    #[error("it is one of the most common passwords")]
    TooCommon,
    /// The password contains a contact of its user.
    #[error("it holds the owner's e-mail address or phone number")]
    HoldsContact,
    /// The password contains the name of its user, or one of the service.
    #[error("it holds the owner's name, or that of the service")]
    HoldsName,
    /// The password is the same as the current one.
    #[error("it is the same as before")]
    SameAsCurrent,
}

/// The rules for new passwords: length and a blocklist, no composition rules (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0,
/// 6.2). Characters are Unicode scalar values after NFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The minimum length in characters.
    pub min_chars: usize,
    /// The maximum length in characters.
    pub max_chars: usize,
    /// The maximum length in bytes of UTF-8.
    pub max_bytes: usize,
    /// The names of the service, which count as names of every user.
    pub service_names: ServiceNames,
}

/// The names of the service that no new password may contain (context-specific words, NIST SP 800-63B-4, 3.1.1.2). By
/// default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceNames(Vec<String>);

impl ServiceNames {
    /// The minimum length in characters of a name: shorter ones, like `app`, `www` and `co`, occur in too many good
    /// passwords.
    const SHORTEST: usize = 4;

    /// The names of a product with this name and domain: the name, each of its words, the domain, and each of its labels
    /// but the last. That one names no service: it is a top-level domain, or `localhost`.
    #[must_use]
    pub fn new(product: &str, domain: &str) -> Self {
        let (product, domain) = (fold(product.trim()), fold(domain));
        let words: Vec<&str> = product.split_whitespace().collect();
        let joined = words.concat();
        let labels = domain.rsplit_once('.').map(|(labels, _)| labels.split('.').chain([domain.as_str()]));
        let mut names: Vec<String> = [product.as_str(), &joined]
            .into_iter()
            .chain(words)
            .chain(labels.into_iter().flatten())
            .filter(|name| name.chars().count() >= Self::SHORTEST)
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }
}

impl Default for PasswordPolicy {
    /// 8 to 64 characters, at most 256 bytes, and no name of the service.
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 64, max_bytes: 256, service_names: ServiceNames::default() }
    }
}

impl PasswordPolicy {
    /// The length in bytes beyond which a text is too long for any policy, and is not normalised.
    pub(super) const UNREAD_BYTES: usize = 4096;

    /// The minimum length in characters of a name or contact to search for: shorter ones occur in too many good
    /// passwords.
    const SHORTEST_PART: usize = 3;

    /// Checks a new password, including against the names of the service, and the contacts and names of its user. Does not
    /// hash it.
    ///
    /// # Errors
    ///
    /// Every rule that the password breaks, never an empty list. A password that is too long is not checked further.
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
        let holds_service_name = self.service_names.0.iter().any(|name| folded.contains(name));
        if holds_service_name || names.iter().flat_map(name_parts).any(|part| holds(&folded, &part)) {
            flaws.push(PasswordFlaw::HoldsName);
        }
        if flaws.is_empty() { Ok(NewPassword(password.clone())) } else { Err(flaws) }
    }

    /// Whether a password at sign-in is too long to be the password of any user, so that it need not be hashed.
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
        // As given and as its key: the domain may be written in ASCII or in another script.
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
    fn a_password_needs_no_digits_capitals_or_symbols() {
        for text in
            ["IWasTheFirstPrez1776", "5VphcVNdGhJi", "newpassword", "ein Satz mit Lücken", "🦀🦀🦀🦀🦀🦀🦀🦀"]
        {
            assert_eq!(check(text), [], "{text}");
        }
    }

    #[test]
    fn length_counts_characters_after_composition() {
        assert_eq!(check("1234567"), [PasswordFlaw::TooShort { min: 8 }]);
        // Seven characters after composition, fourteen as typed.
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
    fn a_password_contains_neither_name_nor_contact() {
        assert_eq!(check("GEORGE was here"), [PasswordFlaw::HoldsName]);
        assert_eq!(check("xxWashingtonxx"), [PasswordFlaw::HoldsName]);
        assert_eq!(check("my5556654345"), [PasswordFlaw::HoldsContact]);
        assert!(check("George.Washington@Example.com").contains(&PasswordFlaw::HoldsContact));
        assert!(check("george.washington").contains(&PasswordFlaw::HoldsContact));
    }

    #[test]
    fn a_password_contains_no_contact_in_any_of_its_spellings() {
        let contacts = [Contact::parse("hi@dömäin.example", Region::US).expect("a contact")];
        let policy = PasswordPolicy::default();
        for text in ["Hi@DÖMÄIN.example", "my hi@dömäin.example", "hi@xn--dmin-moa0i.example"] {
            let flaws = policy.check(&Password::new(text), &contacts, &[]).err();
            assert_eq!(flaws, Some(vec![PasswordFlaw::HoldsContact]), "{text}");
        }
    }

    #[test]
    fn a_name_of_two_letters_may_occur_in_a_password() {
        let names = [PersonName::new("Bo", "Li").expect("a name")];
        let policy = PasswordPolicy::default();
        assert!(policy.check(&Password::new("lighthouse keeper"), &[], &names).is_ok());
        assert!(policy.check(&Password::new("i am bo li indeed"), &[], &names).is_err());
    }

    #[test]
    fn a_password_contains_no_name_of_the_service() {
        let refused = |product: &str, domain: &str, text: &str| {
            let service_names = ServiceNames::new(product, domain);
            let policy = PasswordPolicy { service_names, ..PasswordPolicy::default() };
            let flaws = policy.check(&Password::new(text), &[], &[]).err().unwrap_or_default();
            assert!(flaws.is_empty() || flaws == [PasswordFlaw::HoldsName], "{text}: {flaws:?}");
            !flaws.is_empty()
        };
        for text in ["asteroid-2026!", "MyASTEROIDpassword"] {
            assert!(refused("Asteroid", "localhost", text), "{text}");
        }
        for text in ["happy pets for me", "HappyPets2026", "pets2026", "vetcloud-login", "my EXAMPLE word"] {
            assert!(refused(" Happy  Pets", "app.vetcloud.example.com", text), "{text}");
        }
        // Neither the top-level domain nor a short word or label.
        for text in ["localhost rocks", "info and company", "my cosy apple www", "a by-pass of it"] {
            assert!(!refused("By A", "localhost", text), "{text}");
            assert!(!refused("A", "www.app.co.info", text), "{text}");
        }
        assert!(refused("A", "x.io", "mail me at x.io"));
        assert!(refused("Grün", "example.com", "alles GRU\u{308}N hier"));
        assert!(!refused("", "", "no name refuses nothing"));
    }

    #[test]
    fn a_password_at_sign_in_is_oversized_beyond_the_maximum_of_bytes() {
        let policy = PasswordPolicy { max_bytes: 12, ..PasswordPolicy::default() };
        let is_oversized = |text| policy.is_oversized(&Password::new(text));
        assert!(!is_oversized("twelve bytes") && !is_oversized("\u{1F980}\u{1F980}\u{1F980}"));
        assert!(is_oversized("thirteen byte") && is_oversized("\u{1F980}\u{1F980}\u{1F980}\u{1F980}"));
        assert!(!is_oversized("short"), "a minimum that was raised later locks no user out");
    }

    #[test]
    fn a_password_in_use_is_hashed_again_whatever_the_policy_is_now() {
        assert_eq!(NewPassword::in_use(Password::new("short")).expose(), "short");
    }

    #[test]
    fn no_password_is_printed() {
        let password = Password::new("IWasTheFirstPrez1776");
        let new = PasswordPolicy::default().check(&password, &[], &[]).expect("a good password");
        assert_eq!(format!("{password:?} {new:?}"), "Password(..) NewPassword(Password(..))");
    }

    #[test]
    fn the_blocklist_is_case_folded_and_has_no_password_that_its_length_excludes() {
        for line in COMMON_PASSWORDS.iter() {
            assert_eq!(fold(line), **line);
            assert!(line.chars().count() >= 8, "{line} is refused by its length");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_password_has_8_to_64_characters_and_at_most_256_bytes(text in "\\PC{0,80}") {
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
