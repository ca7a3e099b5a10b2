//! Test doubles of this crate.

use crate::{CodeKey, CodeKeys};

/// A key ring for tests. Its key is public.
///
/// # Panics
///
/// Never: the key is valid.
#[must_use]
pub fn sample_keys() -> CodeKeys {
    let secret = b"a key for tests, known to anyone".to_vec().into();
    CodeKeys::new(vec![CodeKey { id: "sample".into(), secret }]).expect("a good key")
}
