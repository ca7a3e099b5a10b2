//! An error with its sources on one line.

use std::error::Error;

/// The text of the error and of each of its sources, the outermost first.
pub(crate) fn reasons(error: &(dyn Error + 'static)) -> String {
    let texts = std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string);
    // Some libraries repeat the source's text in their own.
    let mut reasons = Vec::<String>::new();
    for text in texts {
        if reasons.last().is_none_or(|last| !last.ends_with(&text)) {
            reasons.push(text);
        }
    }
    reasons.join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Outer(&'static str, #[source] io::Error);

    #[test]
    fn each_reason_is_said_once() {
        let source = || io::Error::other("permission denied");
        assert_eq!(
            reasons(&Outer("keys.json cannot be read", source())),
            "keys.json cannot be read: permission denied"
        );
        assert_eq!(reasons(&Outer("read: permission denied", source())), "read: permission denied");
    }
}
