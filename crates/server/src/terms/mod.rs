//! The terms of use that a fresh store begins with.

use asteroid_kernel::Timestamp;
use asteroid_terms::{InvalidTerms, TermsVersion, VersionLabel};

/// What the first version is called.
const FIRST_LABEL: &str = "1";

/// The first version: short, and neutral; whoever runs the server publishes its own.
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
    fn there_is_a_first_version() {
        let first = first(Timestamp::from_micros(0)).expect("it can be published");
        assert_eq!(first.label.as_str(), "1");
        assert!(first.text.starts_with("Terms of use\n"));
    }
}
