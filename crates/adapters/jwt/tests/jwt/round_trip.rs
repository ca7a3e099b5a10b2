use std::time::Duration;

use asteroid_identity::{TokenClaims, TokenSigner};
use asteroid_jwt::JwtSigner;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::forge::{
    HEADER, KID, SECRET, claims, claims_with, encode, forge, good_claims, good_token, key, now, parts,
    signer, time,
};

fn decoded(part: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("UTF-8")
}

#[test]
fn a_token_round_trips_its_claims() {
    assert_eq!(signer().read(&good_token(), now()), Some(good_claims()));
}

#[test]
fn a_token_has_the_documented_form() {
    let token = good_token();
    let [header, claims, _] = parts(&token);
    assert_eq!(decoded(header), r#"{"alg":"HS256","kid":"2026-07","typ":"JWT"}"#);
    // The first two are, byte for byte, the claims of the API's own example.
    assert_eq!(
        decoded(claims),
        "{\"user_id\":25,\"expires_at\":\"2022-11-24 18:47:42 UTC\",\
         \"iat\":1669229262,\"exp\":1669315662,\"jti\":\"0184a5c3-d3b0-7000-8000-000000000019\"}"
    );
}

#[test]
fn a_token_equals_that_of_another_implementation() {
    // Created with Python's hmac, hashlib and base64.
    assert_eq!(
        good_token(),
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IjIwMjYtMDciLCJ0eXAiOiJKV1QifQ.\
         eyJ1c2VyX2lkIjoyNSwiZXhwaXJlc19hdCI6IjIwMjItMTEtMjQgMTg6NDc6NDIgVVRDIiwiaWF0IjoxNjY5MjI5MjYyLCJl\
         eHAiOjE2NjkzMTU2NjIsImp0aSI6IjAxODRhNWMzLWQzYjAtNzAwMC04MDAwLTAwMDAwMDAwMDAxOSJ9\
         .xjRSDNitne6suyyrj8grOyxiSpWHb9WhU0poT4Z0VUo"
    );
}

#[test]
fn a_token_is_expired_from_the_microsecond_of_exp() {
    let (signer, token, claims) = (signer(), good_token(), good_claims());
    let tick = Duration::from_micros(1);
    assert_eq!(signer.read(&token, claims.expires_at - tick), Some(claims));
    assert_eq!(signer.read(&token, claims.expires_at), None);
    assert_eq!(signer.read(&token, claims.expires_at + tick), None);
    assert_eq!(signer.read(&token, time("9999-12-31T23:59:59Z")), None);
}

#[test]
fn clock_skew_of_the_signer_is_accepted() {
    assert_eq!(signer().read(&good_token(), time("2022-11-23T18:47:40Z")), Some(good_claims()));
}

#[test]
fn times_are_truncated_to_seconds() {
    let fraction = Duration::from_micros(999_999);
    let claims = good_claims();
    let finer = TokenClaims {
        issued_at: claims.issued_at + fraction,
        expires_at: claims.expires_at + fraction,
        ..claims
    };
    assert_eq!(signer().sign(&finer).expect("a token"), good_token());
}

#[test]
fn the_order_and_spacing_of_names_do_not_matter() {
    let signer = signer();
    for header in [
        HEADER,
        r#"{"typ":"JWT","kid":"2026-07","alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"2026-07"}"#,
        "{ \"alg\" : \"HS256\",\r\n \"kid\" : \"2026-07\" }",
        r#"{"alg":"HS256","kid":"2026\u002d07","typ":"JWT"}"#,
    ] {
        assert_eq!(signer.read(&forge(header, claims()), now()), Some(good_claims()), "{header}");
    }
    let spaced = claims().replace(',', " ,\n ");
    assert_eq!(signer.read(&forge(HEADER, spaced), now()), Some(good_claims()));
}

#[test]
fn a_token_of_4_kib_is_accepted_and_a_longer_one_rejected() {
    let (signer, mut lengths) = (signer(), Vec::new());
    for spaces in 2800..2900 {
        for header in [HEADER, &HEADER.replace(',', " ,")] {
            let token = forge(header, claims_with("user_id", &format!("{}25", " ".repeat(spaces))));
            let expected = (token.len() <= 4096).then(good_claims);
            assert_eq!(signer.read(&token, now()), expected, "{} bytes", token.len());
            lengths.push(token.len());
        }
    }
    assert!(lengths.contains(&4096) && lengths.contains(&4097), "{lengths:?}");
}

#[test]
fn a_key_id_may_be_any_text() {
    for id in ["2026-07 \"ü\"", "..", " ", "\\u0000", "\0", &"ü".repeat(32), &"\u{1}".repeat(64)] {
        let signer = JwtSigner::new(vec![key(id, SECRET)]).expect("a good key");
        let token = signer.sign(&good_claims()).expect("a token");
        assert_eq!(signer.read(&token, now()), Some(good_claims()), "{id:?}");
    }
}

#[test]
fn an_old_key_verifies_until_its_retirement() {
    let old = || key(KID, SECRET);
    let new = || key("2026-08", &[8; 32]);
    let before = signer();
    let rotated = JwtSigner::new(vec![new(), old()]).expect("good keys");
    let after = JwtSigner::new(vec![new()]).expect("a good key");

    let token = before.sign(&good_claims()).expect("a token");
    assert_eq!(rotated.read(&token, now()), Some(good_claims()));
    assert_eq!(after.read(&token, now()), None);

    let token = rotated.sign(&good_claims()).expect("a token");
    assert_eq!(decoded(parts(&token)[0]), r#"{"alg":"HS256","kid":"2026-08","typ":"JWT"}"#);
    assert_eq!(rotated.read(&token, now()), Some(good_claims()));
    assert_eq!(after.read(&token, now()), Some(good_claims()));
    assert_eq!(before.read(&token, now()), None);
}

#[test]
fn debug_prints_no_key() {
    let signer = JwtSigner::new(vec![key("a", SECRET), key("b", &[8; 32])]).expect("good keys");
    assert_eq!(format!("{signer:?}"), "JwtSigner { ring: KeyRing([JwtKey(a), JwtKey(b)]) }");
    assert_eq!(format!("{:?}", key("a", SECRET)), "JwtKey(a)");
}

#[test]
fn the_documented_example_is_rejected_because_its_key_is_unknown() {
    let example = "eyJhbGciOiJIUzI1NiJ9.\
        eyJ1c2VyX2lkIjoyNSwiZXhwaXJlc19hdCI6IjIwMjItMTEtMjQgMTg6NDc6NDIgVVRDIn0.\
        K1Y3HB0ljH-DmIVUBX7ggc3J4WUe6z3b4kHmYexHImY";
    assert_eq!(parts(example)[1], encode(r#"{"user_id":25,"expires_at":"2022-11-24 18:47:42 UTC"}"#));
    assert_eq!(signer().read(example, now()), None);
}
