//! What a client sends before and around a body: request line, header fields, chunks.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| asteroid_http::fuzzing::http_head(bytes));
