use std::fmt;
use std::hash::{Hash, Hasher};

use icu_casemap::CaseMapper;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use crate::characters::is_invisible;

/// An e-mail address (RFC 5321, RFC 6531) in NFC, as its owner writes it, without invisible characters.
///
/// Two addresses are equal if their domains have the same ASCII form (UTS 46, non-transitional) and their local parts
/// are equal by Unicode's simple case folding. Tags (`+news`) and dots count.
#[derive(Clone)]
pub struct EmailAddress {
    given: String,
    /// The folded local part, `@`, the domain in ASCII and lower case.
    key: String,
}

/// Why a text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// More characters than an address may have (RFC 5321, 4.5.3.1.3 less the angle brackets).
    #[error("an e-mail address has at most {} characters", EmailAddress::MAX_CHARS)]
    TooLong,
    /// Not of the form `local@domain`.
    #[error("not of the form name@example.com")]
    Malformed,
}

impl EmailAddress {
    /// The most characters of an address.
    pub const MAX_CHARS: usize = 254;
    /// The most octets of a local part (RFC 5321, 4.5.3.1.1).
    const MAX_LOCAL_BYTES: usize = 64;

    /// Parses an address as people type and paste it. White space around it and invisible characters are dropped, and a
    /// full-width `＠` is an `@`. ZERO WIDTH JOINER and NON-JOINER inside a domain stay: they make another domain.
    ///
    /// # Errors
    ///
    /// If it is too long or malformed. The local part is a dot-atom of letters, marks, numbers and symbols of any
    /// script and ASCII's `atext`; quoted local parts, display names and address literals are rejected. The domain is a
    /// host name of at least two labels with a letter in the last one.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        // A text this long cannot normalise to an address.
        if text.len() > Self::MAX_CHARS * 12 {
            return Err(InvalidEmail::TooLong);
        }
        let given = plain(text);
        if given.chars().count() > Self::MAX_CHARS {
            return Err(InvalidEmail::TooLong);
        }
        // Joiners at the end do not belong to the address, unless the domain's last label needs them.
        let unjoined = given.trim_end_matches(|c: char| is_joiner(c) || c.is_whitespace());
        Self::read(&given).or_else(|| Self::read(unjoined)).ok_or(InvalidEmail::Malformed)
    }

    /// The address that an earlier version stored, even if this version would reject it: the record of its owner must
    /// stay readable.
    pub(super) fn from_stored(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self { given: text.to_owned(), key: folded(text) })
    }

    fn read(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        if !is_dot_atom(local) || local.len() > Self::MAX_LOCAL_BYTES {
            return None;
        }
        let ascii = ascii_domain(domain)?;
        Some(Self { given: text.to_owned(), key: format!("{}@{ascii}", folded(local)) })
    }

    /// The address as it was given, without invisible characters.
    #[must_use]
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.given.rsplit_once('@').map_or(self.given.as_str(), |(local, _)| local)
    }

    /// The domain in ASCII and lower case (`xn--dmin-moa0i.example`), as the DNS and mail servers know it.
    #[must_use]
    pub fn ascii_domain(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn masked(&self) -> String {
        let (local, domain) = self.given.rsplit_once('@').unwrap_or((self.given.as_str(), ""));
        let mut chars = local.chars();
        match (chars.next(), chars.next_back()) {
            (Some(first), Some(last)) => format!("{first}…{last}@{domain}"),
            _ => format!("…@{domain}"),
        }
    }
}

/// Whether a text contains an `@` of any keyboard.
pub(super) fn has_at_sign(text: &str) -> bool {
    text.contains(is_at_sign)
}

/// `@`, and its forms on Chinese and Japanese keyboards.
fn is_at_sign(c: char) -> bool {
    matches!(c, '@' | '\u{FF20}' | '\u{FE6B}')
}

/// A domain's full stop in other scripts (UTS 46, section 2.3).
fn is_full_stop(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// The text in NFC, without white space around it and invisible characters, with `@` and the domain's dots in ASCII.
fn plain(text: &str) -> String {
    let mut in_domain = false;
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_at_sign(c) => {
                in_domain = true;
                visible.push('@');
            }
            c if in_domain && is_full_stop(c) => visible.push('.'),
            c if is_invisible(c) && !(in_domain && is_joiner(c)) => {}
            c => visible.push(c),
        }
    }
    visible.trim().nfc().collect()
}

/// A local part without quotes (RFC 5322, 3.2.3; beyond ASCII RFC 6532, 3.2).
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char))
}

fn is_atom_char(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        c if c.is_ascii() => "!#$%&'*+-/=?^_`{|}~".contains(c),
        // The full-width form of an ASCII character follows the rule of that character.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFF01 + 0x21).is_some_and(is_atom_char),
        // Letters, marks, numbers, symbols and punctuation within words: no brackets, quotes, spaces, controls or
        // unassigned characters.
        c => {
            use GeneralCategory as Category;
            !matches!(
                CodePointMapData::<Category>::new().get(c),
                Category::Unassigned
                    | Category::Control
                    | Category::Format
                    | Category::PrivateUse
                    | Category::Surrogate
                    | Category::SpaceSeparator
                    | Category::LineSeparator
                    | Category::ParagraphSeparator
                    | Category::OpenPunctuation
                    | Category::ClosePunctuation
                    | Category::InitialPunctuation
                    | Category::FinalPunctuation
            )
        }
    }
}

/// The ASCII form of a host name with at least two labels and a letter in the last one (RFC 1123, 2.1; UTS 46).
fn ascii_domain(domain: &str) -> Option<String> {
    let uts46 = Uts46::new();
    let ascii = uts46
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    let (_, last) = ascii.rsplit_once('.')?;
    // `1.2.3.0x4` is an IPv4 address, too (WHATWG URL, "ends in a number").
    let is_number = |label: &str| {
        label.strip_prefix("0x").is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let (readable, _) = uts46.to_unicode(last.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    (readable.contains(char::is_alphabetic) && !is_number(last)).then(|| ascii.into_owned())
}

/// Unicode's simple case folding, in NFC.
fn folded(text: &str) -> String {
    let folding = CaseMapper::new();
    // Folding may leave a sequence that composes further, hence the second NFC.
    text.chars().map(|c| folding.simple_fold(c)).nfc().collect()
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        EmailAddress::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).key().to_owned()
    }

    #[test]
    fn addresses_are_compared_case_insensitively() {
        assert_eq!(key("George.Washington@Example.COM"), key("george.washington@example.com"));
        assert_eq!(key("ΟΔΥΣΣΕΥΣ@παράδειγμα.ελ"), key("οδυσσευς@ΠΑΡΆΔΕΙΓΜΑ.ελ"));
        assert_eq!(key("Zoe\u{308}@example.com"), key("zoë@example.com"));
    }

    #[test]
    fn local_parts_are_compared_by_simple_case_folding() {
        assert_ne!(key("weiß@example.com"), key("weiss@example.com"));
        assert_eq!(key("WEIẞ@example.com"), key("weiß@example.com"));
        assert_ne!(key("oﬃce@example.com"), key("office@example.com"));
        // Turkish: the dotted capital has no simple folding, the dotless small letter is its own.
        assert_ne!(key("İnfo@example.com"), key("info@example.com"));
        assert_ne!(key("ınfo@example.com"), key("INFO@example.com"));
    }

    #[test]
    fn domains_are_compared_by_their_ascii_form() {
        assert_eq!(key("info@dömäin.example"), "info@xn--dmin-moa0i.example");
        assert_eq!(key("info@XN--DMIN-MOA0I.example"), key("info@DÖMÄIN.example"));
        assert_ne!(key("info@faß.example"), key("info@fass.example"));
        assert_eq!(key("info@faß.example"), key("info@xn--fa-hia.example"));
        assert_eq!(key("info@ｅｘａｍｐｌｅ．com"), "info@example.com");
        // Sigma at the end of a word, and the joiners: deviations that UTS 46 keeps.
        assert_ne!(key("info@βόλος.example"), key("info@βόλοσ.example"));
        assert_ne!(key("info@නෙත්‍ර.example"), key("info@නෙත්ර.example"));
        assert_ne!(key("info@नी\u{94D}\u{200C}ला.example"), key("info@नी\u{94D}ला.example"));
    }

    #[test]
    fn tags_and_dots_count() {
        assert_ne!(key("george+news@example.com"), key("george@example.com"));
        assert_ne!(key("geo.rge@example.com"), key("george@example.com"));
    }

    #[test]
    fn an_address_is_kept_as_given_without_white_space_and_invisible_characters() {
        for (text, shown) in [
            ("  George@Example.com\n", "George@Example.com"),
            ("\u{FEFF}\u{202A}George@Example.com\u{202C}", "George@Example.com"),
            ("Geo\u{AD}rge@Exam\u{200B}ple.com\u{200D}", "George@Example.com"),
            ("\u{200E} George\u{200C}@Example.com \u{200F}", "George@Example.com"),
            ("george＠example．com", "george@example.com"),
            ("jürgen＠Müller。example", "jürgen@Müller.example"),
        ] {
            assert_eq!(EmailAddress::parse(text).as_ref().map(EmailAddress::as_given), Ok(shown), "{text:?}");
        }
    }

    #[test]
    fn invisible_characters_are_dropped_except_joiners_inside_a_domain() {
        for c in ('\0'..=char::MAX).filter(|c| is_invisible(*c)) {
            let around = format!("{c} {c}geo{c}rge{c}@example.com{c} {c}");
            assert_eq!(key(&around), "george@example.com", "{c:?}");
            let inside = EmailAddress::parse(&format!("george@exam{c}ple.com"));
            assert_eq!(inside.is_ok(), !is_joiner(c), "{c:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let labels = vec!["b".repeat(60); 3].join(".");
        let at_limit = format!("{}@{labels}.com", "a".repeat(254 - 1 - labels.len() - 4 - 10));
        assert!(EmailAddress::parse(&at_limit).is_ok(), "{}", at_limit.len());
        let over = format!("{}@{labels}.com", "a".repeat(255));
        assert_eq!(EmailAddress::parse(&over), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn a_stored_address_stays_readable_after_the_rules_change() {
        for stored in ["George@127.0.0.1", "george@exa_mple.com", "\"a b\"@example.com"] {
            assert!(EmailAddress::parse(stored).is_err(), "{stored}");
            assert_eq!(EmailAddress::from_stored(stored).as_given(), stored);
        }
        assert_eq!(EmailAddress::from_stored("George@127.0.0.1").key(), "george@127.0.0.1");
        assert_eq!(EmailAddress::from_stored("info@faß.example").key(), "info@xn--fa-hia.example");
    }

    #[test]
    fn debug_masks_an_address() {
        let email = EmailAddress::parse("george@example.com").expect("a valid address");
        assert_eq!(format!("{email:?}"), "EmailAddress(g…e@example.com)");
        let short = EmailAddress::parse("g@example.com").expect("a valid address");
        assert_eq!(format!("{short:?}"), "EmailAddress(…@example.com)");
    }
}
