//! JSON request bodies.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| asteroid_http::fuzzing::json_body(body));
