use std::fmt;

use asteroid_kernel::{Origin, Timestamp, UserId};

/// The label of a version of the terms, such as `2026-11` or `v3`: 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionLabel(String);

/// The reason why a version of the terms is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerms {
    /// The label is empty, too long, or has other characters than visible ASCII.
    #[error(
        "a version is called by 1 to {} visible ASCII characters without spaces",
        VersionLabel::MAX_CHARS
    )]
    Label,
    /// The text is blank.
    #[error("the text of the terms is blank")]
    BlankText,
}

impl VersionLabel {
    /// The maximum length of a label in characters.
    pub const MAX_CHARS: usize = 64;

    /// Parses a label.
    ///
    /// # Errors
    ///
    /// If it is empty, too long, or has other characters than visible ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidTerms> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=Self::MAX_CHARS).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTerms::Label)
        }
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of the terms. Once published, it is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsVersion {
    /// The label of the version.
    pub label: VersionLabel,
    /// The text that users accept.
    pub text: String,
    /// When the version is published. The version that was published last is in force.
    pub published_at: Timestamp,
}

impl TermsVersion {
    /// Creates a version to publish.
    ///
    /// # Errors
    ///
    /// If its text is blank.
    pub fn new(label: VersionLabel, text: String, published_at: Timestamp) -> Result<Self, InvalidTerms> {
        if text.trim().is_empty() {
            Err(InvalidTerms::BlankText)
        } else {
            Ok(Self { label, text, published_at })
        }
    }
}

/// The error of a version whose label is already published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this version of the terms is published already")]
pub struct VersionTaken;

/// A user's acceptance of a version. Only the first acceptance of a version is stored, and it is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The user who accepted.
    pub user: UserId,
    /// The accepted version.
    pub label: VersionLabel,
    /// The time of the acceptance.
    pub at: Timestamp,
    /// The address and the client that the acceptance came from.
    pub origin: Origin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_1_to_64_visible_ascii_characters() {
        assert_eq!(VersionLabel::parse("2026-11").map(|label| label.to_string()), Ok("2026-11".into()));
        let longest = "x".repeat(64);
        assert_eq!(VersionLabel::parse(&longest).as_ref().map(VersionLabel::as_str), Ok(longest.as_str()));
        for text in ["", "a b", "ü", "a\n", &"x".repeat(65)] {
            assert_eq!(VersionLabel::parse(text), Err(InvalidTerms::Label), "{text:?}");
        }
    }

    #[test]
    fn blank_terms_cannot_be_published() {
        let label = VersionLabel::parse("1").expect("a label");
        let blank = TermsVersion::new(label, " \n".into(), Timestamp::from_micros(0));
        assert_eq!(blank, Err(InvalidTerms::BlankText));
    }
}
