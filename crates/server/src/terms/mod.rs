//! The first version of the terms of use, for an empty storage.

use asteroid_kernel::Timestamp;
use asteroid_terms::{InvalidTerms, TermsVersion, VersionLabel};

/// The name of the first version.
const FIRST_LABEL: &str = "1";

/// The first version: a short, neutral text that the operator replaces.
///
/// # Errors
///
/// None, as a test shows.
pub(crate) fn first(now: Timestamp) -> Result<TermsVersion, InvalidTerms> {
    TermsVersion::new(VersionLabel::parse(FIRST_LABEL)?, include_str!("first.txt").to_owned(), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_terms_are_valid() {
        let first = first(Timestamp::from_micros(0)).expect("it can be published");
        assert_eq!(first.label.as_str(), "1");
        assert!(first.text.starts_with("Terms of use\n"));
    }
}
