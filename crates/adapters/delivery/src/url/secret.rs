/// A password, token or key of a delivery URL. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UrlSecret<T>(pub(crate) T);
