//! The numbering rules of countries, from libphonenumber's metadata: calling codes, prefixes, lengths.
//!
//! The metadata comes from the `phonenumber` crate. Its parser is not used: it drops the default region's national
//! prefix from the numbers of every country.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};
use regex::Regex;

/// The countries of a calling code, the main one first; empty if no country has it.
pub(super) fn countries(calling_code: u16) -> Vec<&'static Metadata> {
    DATABASE.by_code(&calling_code).unwrap_or_default()
}

/// Splits the digits after a `+` into calling code and national digits. No calling code is a prefix of another.
pub(super) fn part_calling_code(digits: &str) -> Option<(u16, &str)> {
    (1..=3).find_map(|length| {
        let (code, national) = (digits.get(..length)?, digits.get(length..)?);
        let code = code.parse().ok().filter(|_| !code.starts_with('0'))?;
        (!countries(code).is_empty()).then_some((code, national))
    })
}

/// The digits after a country's international prefix; [`None`] if they do not begin with it.
pub(super) fn after_international_prefix<'a>(country: &Metadata, digits: &'a str) -> Option<&'a str> {
    let prefix = at_start(country.international_prefix()?.as_str()).find(digits)?;
    // No calling code begins with 0.
    Some(&digits[prefix.end()..]).filter(|rest| !rest.starts_with('0'))
}

/// The national digits of a number that was written with its calling code: the given digits without a national prefix
/// (trunk prefix, and carrier code where there is one) that is not dialled from abroad, as in `+44 (0)20 7946 0958`.
///
/// Digits that are already a number of the calling code never change.
pub(super) fn national_of_international(calling_code: u16, given: &str) -> Cow<'_, str> {
    let countries = countries(calling_code);
    let Some(main) = countries.first() else { return given.into() };
    match without_national_prefix(main, given) {
        // Rules that also insert digits apply only to calls within the country.
        Some(stripped)
            if given.ends_with(&stripped)
                && countries.iter().any(|country| has_length(country, stripped.len()))
                && !countries.iter().any(|country| is_national_number(country, given)) =>
        {
            stripped.into()
        }
        _ => given.into(),
    }
}

/// The national digits of a number in its national form, with or without the national prefix or the calling code. The
/// rules are libphonenumber's.
pub(super) fn national_of_domestic(country: &Metadata, given: &str) -> String {
    let strip = |digits: &str| {
        without_national_prefix(country, digits)
            .filter(|stripped| has_length(country, stripped.len()))
            .unwrap_or_else(|| digits.to_owned())
    };
    if let Some(behind) = given.strip_prefix(&country.country_code().to_string()) {
        let stripped = without_national_prefix(country, behind).unwrap_or_else(|| behind.to_owned());
        let is_better = !is_national_number(country, given) && is_national_number(country, &stripped);
        if is_better || is_too_long(country, given.len()) {
            return strip(&stripped);
        }
    }
    strip(given)
}

/// The digits without the national prefix and a carrier code, changed by the country's rules (in Argentina `0 11 15…`
/// becomes `9 11…`); [`None`] if they do not begin with it, or if only the unchanged digits are a number.
fn without_national_prefix(country: &Metadata, digits: &str) -> Option<String> {
    let prefix = match country.national_prefix_for_parsing() {
        Some(pattern) => pattern.as_str(),
        None => country.national_prefix()?,
    };
    let captures = at_start(prefix).captures(digits)?;
    let whole = captures.get(0).filter(|prefix| !prefix.is_empty())?;
    let last_group = captures.get(captures.len() - 1);
    let stripped = match country.national_prefix_transform_rule() {
        Some(rule) if last_group.is_some() => {
            let mut changed = String::new();
            captures.expand(&braced(rule), &mut changed);
            changed + &digits[whole.end()..]
        }
        _ => digits[whole.end()..].to_owned(),
    };
    let spoils = is_national_number(country, digits) && !is_national_number(country, &stripped);
    (!spoils).then_some(stripped)
}

/// Whether the digits match the country's numbers.
pub(super) fn is_national_number(country: &Metadata, digits: &str) -> bool {
    is_whole(country.descriptors().general(), digits)
}

/// Whether the digits are a number of this country, rather than of another one with its calling code.
pub(super) fn claims(country: &Metadata, digits: &str) -> bool {
    match country.leading_digits() {
        Some(leading) => at_start(leading.as_str()).is_match(digits),
        None => is_national_number(country, digits) && types(country).any(|kind| is_whole(kind, digits)),
    }
}

/// Whether the country has numbers of this many national digits.
pub(super) fn has_length(country: &Metadata, digits: usize) -> bool {
    lengths(country).any(|length| length == digits)
}

fn is_too_long(country: &Metadata, digits: usize) -> bool {
    lengths(country).all(|length| length < digits)
}

fn lengths(country: &Metadata) -> impl Iterator<Item = usize> {
    types(country).flat_map(Descriptor::possible_length).map(|length| usize::from(*length))
}

/// The types of numbers that can be called from abroad.
fn types(country: &Metadata) -> impl Iterator<Item = &Descriptor> {
    let types = country.descriptors();
    [
        types.fixed_line(),
        types.mobile(),
        types.voip(),
        types.personal_number(),
        types.pager(),
        types.uan(),
        types.toll_free(),
        types.shared_cost(),
        types.premium_rate(),
        types.voicemail(),
    ]
    .into_iter()
    .flatten()
}

fn is_whole(kind: &Descriptor, digits: &str) -> bool {
    compiled(kind.national_number().as_str(), "$").is_match(digits)
}

fn at_start(pattern: &str) -> Arc<Regex> {
    compiled(pattern, "")
}

/// A pattern of the metadata, anchored to the start of a text and to `end`. Each is compiled once.
fn compiled(pattern: &str, end: &str) -> Arc<Regex> {
    static COMPILED: LazyLock<RwLock<HashMap<String, Arc<Regex>>>> = LazyLock::new(RwLock::default);

    let whole = format!("(?x)^(?:{pattern}){end}");
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(&whole).cloned();
    known.unwrap_or_else(|| {
        let regex = Regex::new(&whole).expect("the metadata's patterns compile: a test compiles each");
        let regex = Arc::new(regex);
        COMPILED.write().unwrap_or_else(PoisonError::into_inner).insert(whole, Arc::clone(&regex));
        regex
    })
}

/// A rule such as `9$1` with braces, so that a digit after a group is not part of its number.
fn braced(rule: &str) -> String {
    let mut braced = String::with_capacity(rule.len() + 2);
    let mut chars = rule.chars().peekable();
    while let Some(c) = chars.next() {
        braced.push(c);
        if c == '$'
            && let Some(group) = chars.next_if(char::is_ascii_digit)
        {
            braced.extend(['{', group, '}']);
        }
    }
    braced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_metadata_compiles() {
        for country in DATABASE.iter() {
            let prefixes = [
                country.international_prefix(),
                country.national_prefix_for_parsing(),
                country.leading_digits(),
            ];
            for pattern in prefixes.into_iter().flatten() {
                at_start(pattern.as_str());
            }
            assert!(!is_national_number(country, "") && !claims(country, ""), "{}", country.id());
            assert!(lengths(country).count() > 0, "{}", country.id());
        }
    }
}
