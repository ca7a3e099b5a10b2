//! Cursors of lists.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| asteroid_http::fuzzing::cursor(text));
