//! The forms in which the beginning of a phone number may be written.

use std::collections::BTreeSet;

use asteroid_kernel::Region;
use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;

/// The international call prefixes: of most countries, and of North America.
const INTERNATIONAL: [&str; 2] = ["00", "011"];

/// The prefixes to compare with the digits of a stored phone number without its leading zeros, for a search text. Empty if
/// the text cannot be the beginning of a phone number.
pub(crate) fn prefixes(text: &str, default_region: Region) -> BTreeSet<String> {
    let Some(digits) = dialled(text) else { return BTreeSet::new() };
    let mut forms = BTreeSet::new();
    let home = DATABASE.by_id(default_region.to_string().as_str());
    if text.starts_with(['+', '\u{ff0b}']) {
        international(&digits, home, &mut forms);
    } else {
        for prefix in INTERNATIONAL {
            if let Some(rest) = digits.strip_prefix(prefix) {
                international(rest, home, &mut forms);
            }
        }
        let digits = digits.trim_start_matches('0');
        forms.insert(digits.to_owned());
        // E.164 without the plus sign, which a query string decodes to a space.
        international(digits, home, &mut forms);
        if let Some(home) = home {
            national(digits, home, &mut forms);
            if let Some(rest) = home.national_prefix().and_then(|trunk| digits.strip_prefix(trunk)) {
                national(rest, home, &mut forms);
            }
        }
    }
    let forms: BTreeSet<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    // A form that begins with another form finds nothing more than that one.
    let is_covered = |form: &str| forms.iter().any(|other| other != form && form.starts_with(other.as_str()));
    forms.iter().filter(|form| !is_covered(form)).cloned().collect()
}

/// The digits of a text that has only digits and the separators of phone numbers; otherwise [`None`].
fn dialled(text: &str) -> Option<String> {
    let is_separator = |c: char| {
        c.is_whitespace()
            || "+-.()/".contains(c)
            || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0b}')
    };
    let fits = text.chars().all(|c| c.is_ascii_digit() || is_separator(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| fits && !digits.is_empty())
}

/// Adds the forms of a number with a country calling code.
fn international(digits: &str, home: Option<&Metadata>, forms: &mut BTreeSet<String>) {
    forms.insert(digits.to_owned());
    let by_length = (1..=3).filter_map(|length| digits.split_at_checked(length));
    let mut country = by_length.filter_map(|(code, rest)| {
        let countries = DATABASE.by_code(&code.parse::<u16>().ok()?)?;
        Some((countries.into_iter().next()?, rest))
    });
    let Some((country, rest)) = country.next_back().filter(|(_, rest)| !rest.is_empty()) else { return };
    let code = country.country_code();
    let rest = rest.strip_prefix('0').filter(|_| country.national_prefix() == Some("0")).unwrap_or(rest);
    if rest.is_empty() {
        return;
    }
    if home.is_some_and(|home| home.country_code() == code) {
        national(rest, country, forms);
    } else {
        forms.insert(format!("{code}{rest}"));
        forms.insert(format!("{code}0{rest}"));
        if home.is_some_and(|home| home.country_code() == 1) {
            // With the prefix 011, without its leading zero.
            forms.insert(format!("11{code}{rest}"));
        }
    }
}

/// Adds the forms of a national number of the default region.
fn national(digits: &str, home: &Metadata, forms: &mut BTreeSet<String>) {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return;
    }
    let code = home.country_code();
    forms.insert(digits.to_owned());
    forms.insert(format!("{code}{digits}"));
    match home.national_prefix() {
        // As in +44 (0)20. Without a national prefix, as in Italy, the zero is part of the number.
        Some("0") | None => drop(forms.insert(format!("{code}0{digits}"))),
        Some("1") => drop(forms.insert(format!("11{code}{digits}"))),
        Some(trunk) => drop(forms.insert(format!("{trunk}{digits}"))),
    }
}
