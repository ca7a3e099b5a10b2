use std::error::Error;
use std::iter::successors;

/// Any error, as the source of an error of this project.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// An error with all its sources on one line, for a log or an operator.
#[must_use]
pub fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let errors = successors(Some(error), |error| (*error).source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StorageError;

    #[test]
    fn an_error_is_written_with_all_its_sources() {
        let disk = std::io::Error::other("disk full");
        assert_eq!(in_one_line(&StorageError::Failed(disk.into())), "the store failed: disk full");
    }
}
