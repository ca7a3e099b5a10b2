//! Signed tokens. No input is accepted, because none was signed with the key: neither a raw one nor a change of a valid one.

#![no_main]

use std::sync::LazyLock;

use asteroid_identity::{TokenClaims, TokenSigner};
use asteroid_jwt::{JwtKey, JwtSigner};
use asteroid_kernel::{SessionId, Timestamp, UserId};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000_000_000);
const LATER: Timestamp = Timestamp::from_micros(1_000_000_600_000_000);

static SIGNER: LazyLock<JwtSigner> = LazyLock::new(|| {
    let key = JwtKey { id: "key".to_owned(), secret: vec![7; 32].into() };
    JwtSigner::new(vec![key]).expect("a good key")
});

static VALID: LazyLock<String> = LazyLock::new(|| {
    let claims = TokenClaims { user: UserId(1), session: SessionId(2), issued_at: NOW, expires_at: LATER };
    SIGNER.sign(&claims).expect("signed")
});

fuzz_target!(|input: (&str, usize, usize)| {
    let (text, from, to) = input;
    assert!(text == *VALID || SIGNER.read(text, NOW).is_none(), "a token that was never signed");
    let (from, to) = (from % (VALID.len() + 1), to % (VALID.len() + 1));
    let changed = format!("{}{text}{}", &VALID[..from], &VALID[to..]);
    assert!(changed == *VALID || SIGNER.read(&changed, NOW).is_none(), "a changed token");
});
