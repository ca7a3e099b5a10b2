use std::fmt;

use asteroid_kernel::{Origin, Timestamp, UserId};

/// What a version of the terms is called: `2026-11`, `v3`. 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionLabel(String);

/// Why terms cannot be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerms {
    /// The label is empty, too long, or holds something else than visible ASCII characters.
    #[error(
        "a version is called by 1 to {} visible ASCII characters without spaces",
        VersionLabel::MAX_CHARS
    )]
    Label,
    /// There is no text to accept.
    #[error("the text of the terms is blank")]
    BlankText,
}

impl VersionLabel {
    /// The most characters of a label.
    pub const MAX_CHARS: usize = 64;

    /// Reads a label.
    ///
    /// # Errors
    ///
    /// If it is empty, too long, or holds something else than visible ASCII characters.
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

/// A published version of the terms. It is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsVersion {
    /// What it is called.
    pub label: VersionLabel,
    /// The text that users accept.
    pub text: String,
    /// When it was published. The version published last is in force.
    pub published_at: Timestamp,
}

impl TermsVersion {
    /// A version that is about to be published.
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

/// The label was published already, and stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this version of the terms is published already")]
pub struct VersionTaken;

/// That a user accepted a version. The first acceptance of a version is kept, and never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Who.
    pub user: UserId,
    /// Which version.
    pub label: VersionLabel,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub origin: Origin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_visible_ascii() {
        assert_eq!(VersionLabel::parse("2026-11").map(|label| label.to_string()), Ok("2026-11".into()));
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
