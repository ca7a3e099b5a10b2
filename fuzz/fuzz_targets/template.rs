//! Message templates of a deployment, in each of the files that it may override.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use asteroid_messaging::{Branding, MessageRenderer, template_files};
use libfuzzer_sys::fuzz_target;

static FILES: LazyLock<Vec<String>> = LazyLock::new(template_files);

fuzz_target!(|input: (usize, &str)| {
    let (file, text) = input;
    let overrides = BTreeMap::from([(FILES[file % FILES.len()].clone(), text.to_owned())]);
    let _ = MessageRenderer::new(Branding::default(), &overrides);
});
