//! Every example number of libphonenumber's metadata, compared with `examples.tsv`: the output of Google's formatter in an
//! implementation that this project does not use (see `generate.py`).

use asteroid_kernel::contact::InvalidPhone;
use asteroid_kernel::{PhoneNumber, Region};
use proptest::prelude::*;

const DEFAULT_REGIONS: [&str; 8] = ["US", "DE", "GB", "FR", "IT", "RU", "BR", "IN"];

struct Example {
    region: &'static str,
    kind: &'static str,
    e164: &'static str,
    international: &'static str,
    national: &'static str,
    counts_as: &'static str,
}

fn examples() -> Vec<Example> {
    let lines = include_str!("examples.tsv").lines().filter(|line| !line.starts_with('#'));
    let examples = lines.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [region, kind, e164, international, national, counts_as] = columns[..] else {
            panic!("six columns: {line}")
        };
        Example { region, kind, e164, international, national, counts_as }
    });
    examples.collect()
}

fn region(id: &str) -> Region {
    id.parse().expect("a region")
}

fn read(text: &str, default: &str) -> Result<String, InvalidPhone> {
    PhoneNumber::parse(text, region(default)).map(|number| number.e164().to_owned())
}

/// Where the metadata of the `phonenumber` crate (9.0.33) is older than the table's (9.0.43): region and type.
const NEWER: [(&str, &str); 0] = [];

#[test]
fn example_numbers_with_a_calling_code_parse_to_their_e164_in_every_default_region() {
    let mut wrong = Vec::new();
    for example in examples().iter().filter(|example| !NEWER.contains(&(example.region, example.kind))) {
        for default in DEFAULT_REGIONS {
            for text in [example.e164, example.international] {
                let found = read(text, default);
                if found.as_deref() != Ok(example.e164) {
                    wrong.push(format!("{} {} {text} in {default}: {found:?}", example.region, example.kind));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn example_numbers_in_national_form_parse_to_their_e164_in_their_own_region() {
    let mut wrong = Vec::new();
    for example in examples().iter().filter(|example| !NEWER.contains(&(example.region, example.kind))) {
        // 001: calling codes of no country have no national form.
        if example.region == "001" {
            continue;
        }
        let found = read(example.national, example.region);
        if found.as_deref() != Ok(example.e164) {
            wrong.push(format!(
                "{} {} {} {}: {found:?}",
                example.region, example.kind, example.e164, example.national
            ));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn displayed_example_numbers_parse_back() {
    for example in examples().iter().filter(|example| !NEWER.contains(&(example.region, example.kind))) {
        for default in DEFAULT_REGIONS.into_iter().chain([example.region]).filter(|id| *id != "001") {
            let number = PhoneNumber::parse(example.e164, region(default)).expect("a number");
            let shown = number.shown(region(default));
            assert_eq!(read(&shown, default).as_deref(), Ok(example.e164), "{shown} in {default}");
        }
    }
}

#[test]
fn different_example_numbers_stay_different() {
    let given: std::collections::BTreeSet<&str> = examples().iter().map(|example| example.e164).collect();
    for default in DEFAULT_REGIONS {
        let read: std::collections::BTreeSet<String> =
            given.iter().filter_map(|e164| read(e164, default).ok()).collect();
        assert_eq!(read.len(), given.len(), "{default}");
    }
}

#[test]
fn an_example_number_belongs_to_its_region() {
    for example in examples().iter().filter(|example| !NEWER.contains(&(example.region, example.kind))) {
        let number = PhoneNumber::parse(example.e164, Region::US).expect("a number");
        let found = number.region().map_or("001".to_owned(), |region| region.to_string());
        assert_eq!(found, example.counts_as, "{}", example.e164);
    }
    let unassigned = PhoneNumber::parse("555-665-4345", Region::US).expect("a number");
    assert_eq!(
        unassigned.region(),
        Some(Region::US),
        "no region claims it: the main one of its calling code"
    );
}

#[test]
fn a_national_prefix_after_the_calling_code_is_dropped_where_the_country_has_one() {
    for (text, e164) in [
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+33 0 6 12 34 56 78", "+33612345678"),
        ("+33 (0)1 70 18 99 00", "+33170189900"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+49 0 1512 3456789", "+4915123456789"),
        ("+31 (0)10 217 1000", "+31102171000"),
        ("+43 (0)1 4000", "+4314000"),
        ("+353 (0)1 234 5678", "+35312345678"),
        ("+36 06 1 234 5678", "+3612345678"),
        ("+7 8 912 345-67-89", "+79123456789"),
        ("+375 8 029 123-45-67", "+375291234567"),
        ("+55 0 15 11 96123-4567", "+5511961234567"),
        ("+1 1 555 665 4345", "+15556654345"),
        ("+39 06 6982 1234", "+390669821234"),
        ("+39 (0)6 6982 1234", "+390669821234"),
        ("+378 0549 886377", "+3780549886377"),
        ("+225 01 23 45 67 89", "+2250123456789"),
        ("+7 800 123-45-67", "+78001234567"),
        ("00 44 (0)20 7946 0958", "+442079460958"),
    ] {
        assert_eq!(read(text, "DE").as_deref(), Ok(e164), "{text}");
    }
}

#[test]
fn the_default_regions_national_prefix_does_not_apply_to_numbers_with_a_calling_code() {
    for e164 in [
        "+4915123456789", // DE, mobile
        "+8613812345678", // CN
        "+821012345678",  // KR
        "+201001234567",  // EG
        "+60123456789",   // MY
        "+8801712345678", // BD
        "+5511961234567", // São Paulo
        "+4314000123",    // Vienna
        "+35312345678",   // Dublin
        "+31102171000",   // Rotterdam
        "+33142685300",   // Paris
        "+441132224444",  // Leeds
        "+5111234567",    // Lima
        "+78001234567",   // RU, whose trunk prefix is 8
        "+390612345678",  // Rome
    ] {
        for default in DEFAULT_REGIONS {
            assert_eq!(read(e164, default).as_deref(), Ok(e164), "{default}");
        }
    }
}

#[test]
fn the_international_prefix_of_the_default_region_equals_a_plus() {
    for (default, text) in [
        ("US", "011 49 1512 3456789"),
        ("DE", "00 49 1512 3456789"),
        ("RU", "8~10 49 1512 3456789"),
        ("RU", "810 49 1512 3456789"),
        ("BR", "00 21 49 1512 3456789"),
        ("AU", "0011 49 1512 3456789"),
        ("JP", "010 49 1512 3456789"),
        ("DE", "+00 49 1512 3456789"),
    ] {
        assert_eq!(read(text, default).as_deref(), Ok("+4915123456789"), "{text} in {default}");
    }
    assert_eq!(read("011 999 123456789", "US"), Err(InvalidPhone::UnknownCountry));
}

#[test]
fn national_forms_follow_the_rules_of_their_region() {
    for (default, text, e164) in [
        ("AR", "0 11 15 2345-6789", "+5491123456789"),
        ("AR", "011 2345-6789", "+541123456789"),
        ("BR", "0 15 11 96123-4567", "+5511961234567"),
        ("BR", "(11) 96123-4567", "+5511961234567"),
        ("MX", "55 1234 5678", "+525512345678"),
        ("RU", "8 (912) 345-67-89", "+79123456789"),
        ("RU", "8 800 123-45-67", "+78001234567"),
        ("HU", "06 1 234 5678", "+3612345678"),
        ("IT", "06 6982 1234", "+390669821234"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("IN", "098765 43210", "+919876543210"),
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("DE", "0151 23456789", "+4915123456789"),
        ("AG", "464-1234", "+12684641234"),
        ("US", "1 (555) 665-4345", "+15556654345"),
    ] {
        assert_eq!(read(text, default).as_deref(), Ok(e164), "{text} in {default}");
    }
}

/// A number that is possible somewhere, in E.164.
fn possible() -> impl Strategy<Value = String> {
    let examples = examples();
    (0..examples.len(), any::<u64>(), 0usize..8).prop_map(move |(index, digits, kept)| {
        let e164 = examples[index].e164;
        let tail = e164.len().saturating_sub(4 + kept);
        let random = format!("{digits:020}");
        format!("{}{}", &e164[..e164.len() - tail], &random[..tail])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_number_in_e164_keeps_its_digits_or_loses_a_national_prefix(e164 in possible(), default in 0..8usize) {
        if let Ok(found) = read(&e164, DEFAULT_REGIONS[default]) {
            let is_shorter = |code: usize| found[..code] == e164[..code] && e164.ends_with(&found[code..]);
            prop_assert!((2..=4).any(is_shorter), "{e164} {found}");
            // Independent of the default region, and idempotent.
            for other in DEFAULT_REGIONS {
                prop_assert_eq!(read(&e164, other), Ok(found.clone()));
                prop_assert_eq!(read(&found, other), Ok(found.clone()));
            }
        }
    }

    #[test]
    fn different_numbers_in_e164_stay_different(one in possible(), other in possible(), default in 0..8usize) {
        let (first, second) = (read(&one, DEFAULT_REGIONS[default]), read(&other, DEFAULT_REGIONS[default]));
        if let (Ok(first), Ok(second)) = (first, second) {
            // Stored numbers parse as themselves.
            prop_assert_eq!(first == second, read(&first, "US") == read(&second, "US"));
            if first == one && second == other {
                prop_assert_eq!(first == second, one == other);
            }
        }
    }

    #[test]
    fn a_displayed_number_parses_back_in_every_region(text in "\\+?[0-9]{4,16}", default in 0..8usize) {
        let default = region(DEFAULT_REGIONS[default]);
        if let Ok(number) = PhoneNumber::parse(&text, default) {
            prop_assert_eq!(PhoneNumber::parse(&number.shown(default), default), Ok(number.clone()));
            prop_assert_eq!(PhoneNumber::parse(number.e164(), default), Ok(number));
        }
    }
}
