//! Codes as people type and paste them.

#![no_main]

use asteroid_verification::{CodeFormat, CodeGuess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let guess = CodeGuess::new(text);
    for format in [CodeFormat::Crockford { length: 5 }, CodeFormat::Digits { length: 6 }] {
        let _ = guess.is_well_formed(format);
    }
});
