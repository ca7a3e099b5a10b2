//! Form request bodies and query strings.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| asteroid_http::fuzzing::form_body(body));
