use std::error::Error;

/// An error with all that is behind it, in one line.
pub(crate) fn in_one_line(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
