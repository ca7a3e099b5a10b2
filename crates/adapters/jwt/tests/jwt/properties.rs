use asteroid_identity::{TokenClaims, TokenSigner};
use asteroid_kernel::{SessionId, Timestamp, UserId};
use base64::alphabet::URL_SAFE;
use proptest::prelude::*;

use crate::forge::{HEADER, claims, forge, good_token, refuse, signer};

/// The seconds that a timestamp can represent.
const SECONDS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;

prop_compose! {
    fn any_claims()(
        user in any::<i64>(),
        session in any::<u128>(),
        issued_at in SECONDS,
        expires_at in SECONDS,
    ) -> TokenClaims {
        let time = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let session: SessionId = format!("{session:032x}").parse().expect("a UUID");
        TokenClaims { user: UserId(user), session, issued_at: time(issued_at), expires_at: time(expires_at) }
    }
}

/// The text with one character replaced, inserted or removed.
fn one_character_off(text: &str, at: prop::sample::Index, change: u8, new: char) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    match change {
        0 => {
            let index = at.index(characters.len());
            characters[index] = if characters[index] == new { '!' } else { new };
        }
        1 => characters.insert(at.index(characters.len() + 1), new),
        _ => {
            characters.remove(at.index(characters.len()));
        }
    }
    characters.into_iter().collect()
}

#[test]
fn a_token_with_a_changed_letter_is_rejected() {
    let token = good_token();
    for (index, old) in token.char_indices() {
        let others = URL_SAFE.as_str().chars().chain(['.', '=', '+', '/']).filter(|new| *new != old);
        refuse(others.map(|new| format!("{}{new}{}", &token[..index], &token[index + 1..])));
    }
}

proptest! {
    #[test]
    fn all_claims_round_trip_until_they_expire(claims in any_claims(), now in SECONDS) {
        let (signer, now) = (signer(), Timestamp::from_micros(now * 1_000_000));
        let token = signer.sign(&claims).expect("a token");
        prop_assert_eq!(signer.read(&token, now), (now < claims.expires_at).then_some(claims));
    }

    #[test]
    fn a_change_of_one_character_is_rejected(
        claims in any_claims(),
        at in any::<prop::sample::Index>(),
        change in 0u8..3,
        new in prop_oneof![any::<char>(), prop::char::range('!', '~')],
    ) {
        let signer = signer();
        let token = signer.sign(&claims).expect("a token");
        let earlier = Timestamp::from_micros(i64::MIN);
        prop_assert_eq!(signer.read(&one_character_off(&token, at, change, new), earlier), None);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), like_a_token in "[A-Za-z0-9_.=-]{0,300}") {
        refuse([text, like_a_token]);
    }

    #[test]
    fn no_parts_that_our_key_signed_panic(bytes in any::<Vec<u8>>(), json in "[\\[\\]{}\",:0-9a-z \\\\.-]{0,60}") {
        refuse([
            forge(&bytes, claims()),
            forge(HEADER, &bytes),
            forge(&json, claims()),
            forge(HEADER, &json),
            forge(format!("{{{json}}}"), claims()),
            forge(HEADER, format!("{{{json}}}")),
        ]);
    }
}
