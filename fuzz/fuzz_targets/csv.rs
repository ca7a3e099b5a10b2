//! Imports in CSV.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| asteroid_import::fuzzing::csv(file));
