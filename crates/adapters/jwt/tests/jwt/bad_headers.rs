use asteroid_identity::TokenSigner;
use asteroid_jwt::JwtSigner;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha384, Sha512};

use crate::forge::{
    HEADER, KID, SECRET, claims, encode, forge, good_claims, good_token, key, now, object, parts, refuse,
    sign_parts,
};

/// A correctly signed token with this header.
fn headed(header: impl AsRef<[u8]>) -> String {
    forge(header, claims())
}

fn with_algorithm(algorithm: &str) -> String {
    object(&[("alg", algorithm), ("kid", "\"2026-07\""), ("typ", "\"JWT\"")])
}

#[test]
fn alg_none_is_rejected() {
    for spelling in ["none", "None", "NONE", "nOnE", "none ", "null", ""] {
        let header = with_algorithm(&format!("\"{spelling}\""));
        let unsigned = format!("{}.{}.", encode(&header), encode(claims()));
        let [_, _, signature] = parts(&good_token()).map(str::to_owned);
        refuse([format!("{unsigned}{signature}"), unsigned, headed(header)]);
    }
}

#[test]
fn a_token_with_another_hmac_algorithm_is_rejected() {
    let with_sha_384 = |text: &str| {
        let mac = Hmac::<Sha384>::new_from_slice(SECRET).expect("HMAC takes a key of any length");
        encode(mac.chain_update(text).finalize().into_bytes())
    };
    let with_sha_512 = |text: &str| {
        let mac = Hmac::<Sha512>::new_from_slice(SECRET).expect("HMAC takes a key of any length");
        encode(mac.chain_update(text).finalize().into_bytes())
    };
    for algorithm in ["\"HS256\"", "\"HS384\"", "\"HS512\""] {
        let signed = format!("{}.{}", encode(with_algorithm(algorithm)), encode(claims()));
        refuse([
            format!("{signed}.{}", with_sha_384(&signed)),
            format!("{signed}.{}", with_sha_512(&signed)),
            // The first 256 bits of it.
            format!("{signed}.{}", &with_sha_512(&signed)[..43]),
        ]);
    }
}

#[test]
fn alg_is_exactly_hs256_even_if_our_key_signed() {
    for algorithm in [
        "HS384",
        "HS512",
        "RS256",
        "RS384",
        "RS512",
        "ES256",
        "ES384",
        "ES512",
        "PS256",
        "EdDSA",
        "hs256",
        "Hs256",
        "HS256 ",
        " HS256",
        "HS256\\u0000",
        "HS-256",
        "HMAC",
        "A256KW",
        "dir",
        "1",
    ] {
        refuse([headed(with_algorithm(&format!("\"{algorithm}\"")))]);
    }
    for algorithm in ["null", "256", "true", "{\"HS256\":null}", "[\"HS256\"]", "{}", "[]"] {
        refuse([headed(with_algorithm(algorithm))]);
    }
    refuse([headed(r#"{"kid":"2026-07","typ":"JWT"}"#)]);
}

#[test]
fn algorithm_confusion_with_a_public_key_is_rejected() {
    // A public value, used as the key of an HMAC.
    let pem = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n".as_slice();
    for algorithm in ["\"HS256\"", "\"RS256\"", "\"ES256\""] {
        let header = encode(with_algorithm(algorithm));
        for secret in [pem, b"", KID.as_bytes(), &[0; 32], HEADER.as_bytes(), b"secret"] {
            refuse([sign_parts(secret, &header, &encode(claims()))]);
        }
    }
}

#[test]
fn kid_is_compared_exactly() {
    for kid in [
        "\"\"",
        "\"2026-08\"",
        "\"2026-07 \"",
        "\"2026-7\"",
        "\"2026-07\\u0000\"",
        "\"../../../dev/null\"",
        "\"' OR 1=1 --\"",
        "\"*\"",
        "null",
        "202607",
        "0",
        "true",
        "[\"2026-07\"]",
        "{\"2026-07\":null}",
    ] {
        refuse([headed(object(&[("alg", "\"HS256\""), ("kid", kid), ("typ", "\"JWT\"")]))]);
    }
    refuse([headed(r#"{"alg":"HS256","typ":"JWT"}"#), headed(r#"{"alg":"HS256"}"#), headed("{}")]);
}

#[test]
fn a_key_verifies_only_its_own_tokens() {
    let (other, token) = (&[8; 32], good_token());
    for ring in [
        // Another key with the same id; a retired key; exchanged ids.
        vec![key(KID, other)],
        vec![key("2026-08", SECRET)],
        vec![key("2026-08", SECRET), key(KID, other)],
    ] {
        let signer = JwtSigner::new(ring).expect("good keys");
        assert_eq!(signer.read(&token, now()), None);
    }
    let both = JwtSigner::new(vec![key("2026-08", other), key(KID, SECRET)]).expect("good keys");
    let claimed = HEADER.replace(KID, "2026-08");
    let [header, claims, signature] = parts(&token);
    assert_eq!(both.read(&token, now()), Some(good_claims()));
    assert_eq!(both.read(&forge(&claimed, crate::forge::claims()), now()), None);
    assert_eq!(both.read(&sign_parts(other, header, claims), now()), None);
    assert_eq!(both.read(&format!("{}.{claims}.{signature}", encode(&claimed)), now()), None);
}

#[test]
fn typ_is_jwt_or_absent() {
    for typ in [
        "\"\"",
        "\"jwt\"",
        "\"JWE\"",
        "\"at+jwt\"",
        "\"application/jwt\"",
        "\"JWT \"",
        "null",
        "1",
        "[\"JWT\"]",
    ] {
        refuse([headed(object(&[("alg", "\"HS256\""), ("kid", "\"2026-07\""), ("typ", typ)]))]);
    }
}

#[test]
fn a_header_with_extensions_or_an_embedded_key_is_rejected() {
    let secret = encode(SECRET);
    let own_key = format!(r#""jwk":{{"kty":"oct","k":"{secret}"}}"#);
    for extra in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":true"#,
        r#""cty":"JWT""#,
        r#""zip":"DEF""#,
        r#""enc":"A256GCM""#,
        own_key.as_str(),
        r#""jku":"https://example.com/keys.json""#,
        r#""x5u":"https://example.com/chain.pem""#,
        r#""x5c":[]"#,
        r#""x5t":"""#,
        r#""nonce":"1""#,
        r#""ALG":"none""#,
        r#""":"""#,
    ] {
        refuse([headed(HEADER.replace('}', &format!(",{extra}}}")))]);
    }
    // The embedded key signed the token.
    let own = key("mine", &[9; 32]);
    let header = format!(
        r#"{{"alg":"HS256","kid":"{}","typ":"JWT","jwk":{{"kty":"oct","kid":"mine","k":"{}"}}}}"#,
        own.id,
        encode([9; 32])
    );
    refuse([sign_parts(&[9; 32], &encode(header), &encode(claims()))]);
}

#[test]
fn a_repeated_header_name_is_rejected() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256","kid":"2026-07","typ":"JWT"}"#,
        r#"{"alg":"none","alg":"HS256","kid":"2026-07","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"2026-07","kid":"2026-07","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"other","kid":"2026-07","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"2026-07","typ":"JWT","\u006bid":"2026-07"}"#,
        r#"{"alg":"HS256","kid":"2026-07","typ":"JWT","typ":"JWT"}"#,
    ] {
        refuse([headed(header)]);
    }
}

#[test]
fn a_header_that_is_not_one_json_object_in_utf_8_is_rejected() {
    let with_bom = [b"\xef\xbb\xbf", HEADER.as_bytes()].concat();
    let utf_16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin_1 = b"{\"alg\":\"HS256\",\"kid\":\"2026-07\",\"typ\":\"JWT\",\"\xfc\":1}".to_vec();
    refuse([with_bom, utf_16, latin_1, b"\xff".to_vec(), vec![0; 40]].map(headed));
    let nested = format!("{}1{}", "[".repeat(1400), "]".repeat(1400));
    refuse(
        [
            "",
            "{}",
            "[]",
            "null",
            "1",
            "\"HS256\"",
            "{",
            r#"["HS256","2026-07","JWT"]"#,
            r#"[{"alg":"HS256","kid":"2026-07","typ":"JWT"}]"#,
            r#"{"alg":"HS256","kid":"2026-07","typ":"JWT",}"#,
            r#"{"alg":"HS256","kid":"2026-07","typ":"JWT"}{}"#,
            r#"{"alg":"HS256","kid":"2026-07","typ":"JWT"}x"#,
            "{'alg':'HS256','kid':'2026-07','typ':'JWT'}",
            r#"{"alg":"HS256","kid":"2026-07","typ":"\ud800"}"#,
            &nested,
        ]
        .map(headed),
    );
}
