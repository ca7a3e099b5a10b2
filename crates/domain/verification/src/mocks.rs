//! What tests use in the place of secrets.

use crate::{CodeKey, CodeKeys};

/// Keys for tests, which anyone can read here.
///
/// # Panics
///
/// Never: the keys are good.
#[must_use]
pub fn sample_keys() -> CodeKeys {
    let secret = b"a key for tests, known to anyone".to_vec().into();
    CodeKeys::new(vec![CodeKey { id: "sample".into(), secret }]).expect("a good key")
}
