use asteroid_identity::TokenSigner;
use asteroid_jwt::JwtSigner;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE as PADDED};

use crate::forge::{
    HEADER, KID, SECRET, claims, claims_with, encode, forge, good_claims, good_token, key, mac, now, parts,
    refuse, sign_parts,
};

#[test]
fn a_changed_bit_of_the_signature_is_rejected() {
    let token = good_token();
    let [header, claims, _] = parts(&token);
    let signed = format!("{header}.{claims}");
    let signature = mac(SECRET, &signed);
    assert_eq!(format!("{signed}.{}", encode(&signature)), token);
    for bit in 0..256 {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refuse([format!("{signed}.{}", encode(flipped))]);
    }
}

#[test]
fn a_truncated_or_extended_signature_is_rejected() {
    let token = good_token();
    let [header, claims, _] = parts(&token);
    let signed = format!("{header}.{claims}");
    let signature = mac(SECRET, &signed);
    for length in 0..32 {
        refuse([format!("{signed}.{}", encode(&signature[..length]))]);
    }
    refuse([
        format!("{signed}.{}", encode([signature.as_slice(), &[0]].concat())),
        format!("{signed}.{}", encode(signature.repeat(2))),
        format!("{signed}.{}", encode([0; 32])),
        format!("{signed}.{}", encode(&signed)),
    ]);
}

#[test]
fn a_signature_of_other_claims_or_another_header_is_rejected() {
    let token = good_token();
    let [header, payload, signature] = parts(&token);
    let other = forge(HEADER, claims_with("user_id", "26"));
    let [_, other_payload, other_signature] = parts(&other);
    refuse([
        format!("{header}.{other_payload}.{signature}"),
        format!("{header}.{payload}.{other_signature}"),
        format!("{}.{payload}.{signature}", encode(r#"{"alg":"HS256","kid":"2026-07"}"#)),
        format!("{payload}.{header}.{signature}"),
        format!("{header}.{signature}.{payload}"),
        // Signatures of something that is not the signed text.
        format!("{header}.{payload}.{}", encode(mac(SECRET, payload))),
        format!("{header}.{payload}.{}", encode(mac(SECRET, &format!("{header}{payload}")))),
        format!("{header}.{payload}.{}", encode(mac(SECRET, &format!("{HEADER}.{}", claims())))),
        format!("{header}.{payload}.{}", encode(mac(SECRET, ""))),
    ]);
}

#[test]
fn a_token_without_exactly_three_nonempty_parts_is_rejected() {
    let token = good_token();
    let [header, claims, signature] = parts(&token);
    refuse(["", ".", "..", "...", "....", header, &token.replace('.', "")]);
    refuse([
        format!("{header}.{claims}"),
        format!("{header}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!(".{token}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{header}.{token}"),
        format!("{header}..{claims}.{signature}"),
        // A JWE has five.
        format!("{token}.{claims}.{signature}"),
        sign_parts(SECRET, header, ""),
        sign_parts(SECRET, "", claims),
        sign_parts(SECRET, header, &format!("{claims}.{claims}")),
        sign_parts(SECRET, header, &format!("{claims}.")),
        sign_parts(SECRET, header, &format!(".{claims}")),
    ]);
}

#[test]
fn a_truncated_token_is_rejected() {
    let token = good_token();
    refuse((0..token.len()).map(|end| &token[..end]));
    refuse((1..token.len()).map(|start| &token[start..]));
}

#[test]
fn text_around_a_token_is_rejected() {
    let token = good_token();
    for stray in [" ", "\t", "\r\n", "\0", "\u{a0}", "\u{feff}", "\"", ",", "=", "Bearer "] {
        refuse([
            format!("{stray}{token}"),
            format!("{token}{stray}"),
            token.replace('.', &format!("{stray}.")),
            token.replace('.', &format!(".{stray}")),
        ]);
    }
    refuse([token.to_uppercase(), token.to_lowercase(), token.replace('.', "%2E"), token.replace('.', "。")]);
}

/// The text with the unused bits of its last character changed.
fn respelled(text: &str) -> String {
    let alphabet = URL_SAFE.as_str();
    let last = text.chars().next_back().and_then(|last| alphabet.find(last)).expect("base64url");
    format!("{}{}", &text[..text.len() - 1], &alphabet[last + 1..last + 2])
}

#[test]
fn non_canonical_base64url_is_rejected_even_if_our_key_signed_it() {
    let payload = encode(claims_with("user_id", "251"));
    // Each part ends in a character with unused bits; otherwise it would have only one spelling.
    assert!(![encode(HEADER).len(), payload.len()].iter().any(|length| length.is_multiple_of(4)));
    refuse([
        sign_parts(SECRET, &respelled(&encode(HEADER)), &payload),
        sign_parts(SECRET, &encode(HEADER), &respelled(&payload)),
        sign_parts(SECRET, &PADDED.encode(HEADER), &payload),
        sign_parts(SECRET, &encode(HEADER), &PADDED.encode(claims_with("user_id", "251"))),
        sign_parts(SECRET, &format!("{}=", encode(HEADER)), &payload),
        sign_parts(SECRET, HEADER, &claims()),
    ]);
    let token = good_token();
    let [header, claims, signature] = parts(&token);
    refuse([
        format!("{header}.{claims}.{}", respelled(signature)),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
    ]);
}

#[test]
fn the_standard_base64_alphabet_is_rejected() {
    // With this key id the two alphabets differ.
    let signer = JwtSigner::new(vec![key("???>>>~~~", SECRET)]).expect("a good key");
    let header = HEADER.replace(KID, "???>>>~~~");
    let token = |header: String| sign_parts(SECRET, &header, &encode(claims()));
    assert_ne!(STANDARD_NO_PAD.encode(&header), encode(&header));
    assert_eq!(signer.read(&token(encode(&header)), now()), Some(good_claims()));
    assert_eq!(signer.read(&token(STANDARD_NO_PAD.encode(&header)), now()), None);

    let good = signed_until(|signature| signature.contains(['-', '_']));
    let [head, payload, signature] = parts(&good);
    refuse([format!("{head}.{payload}.{}", signature.replace('-', "+").replace('_', "/"))]);
}

/// A valid token with such a signature.
fn signed_until(wanted: impl Fn(&str) -> bool) -> String {
    (0..1000)
        .map(|user| forge(HEADER, claims_with("user_id", &user.to_string())))
        .find(|token| wanted(parts(token)[2]))
        .expect("one of a thousand")
}

#[test]
fn other_serialisations_of_a_token_are_rejected() {
    let token = good_token();
    let [header, claims, signature] = parts(&token);
    refuse([
        format!(r#"{{"protected":"{header}","payload":"{claims}","signature":"{signature}"}}"#),
        format!("{token:?}"),
        encode(&token),
    ]);
}

#[test]
fn a_too_long_token_is_rejected() {
    let padded = |spaces: usize| forge(HEADER, claims_with("user_id", &format!("{}25", " ".repeat(spaces))));
    let token = good_token();
    refuse([
        padded(6 << 10),
        padded(1 << 20),
        "a".repeat(8 << 10),
        ".".repeat(8 << 10),
        "a.".repeat(4 << 10),
        format!("{token}{}", "A".repeat(8 << 10)),
        token.repeat(30),
    ]);
}
