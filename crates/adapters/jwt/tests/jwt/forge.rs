//! Tokens of an attacker with and without the key, built without code of the adapter.

use asteroid_identity::{TokenClaims, TokenSigner};
use asteroid_jwt::{JwtKey, JwtSigner};
use asteroid_kernel::{Timestamp, UserId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The id and the secret of the signing key in these tests.
pub(crate) const KID: &str = "2026-07";
pub(crate) const SECRET: &[u8; 32] = b"a key for tests, known to anyone";

/// The header and the claims of [`good_token`].
pub(crate) const HEADER: &str = r#"{"alg":"HS256","kid":"2026-07","typ":"JWT"}"#;
pub(crate) const CLAIMS: [(&str, &str); 5] = [
    ("user_id", "25"),
    ("expires_at", r#""2022-11-24 18:47:42 UTC""#),
    ("iat", "1669229262"),
    ("exp", "1669315662"),
    ("jti", r#""0184a5c3-d3b0-7000-8000-000000000019""#),
];

pub(crate) fn key(id: &str, secret: &[u8]) -> JwtKey {
    JwtKey { id: id.into(), secret: secret.to_vec().into() }
}

pub(crate) fn signer() -> JwtSigner {
    JwtSigner::new(vec![key(KID, SECRET)]).expect("a good key")
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an RFC 3339 time")
}

/// A time at which [`good_token`] is not expired.
pub(crate) fn now() -> Timestamp {
    time("2022-11-24T00:00:00Z")
}

pub(crate) fn good_claims() -> TokenClaims {
    TokenClaims {
        user: UserId(25),
        session: "0184a5c3-d3b0-7000-8000-000000000019".parse().expect("a UUID"),
        issued_at: time("2022-11-23T18:47:42Z"),
        expires_at: time("2022-11-24T18:47:42Z"),
    }
}

pub(crate) fn good_token() -> String {
    signer().sign(&good_claims()).expect("a token")
}

/// An object of these members. The values are JSON.
pub(crate) fn object(members: &[(&str, &str)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

pub(crate) fn claims() -> String {
    object(&CLAIMS)
}

/// The claims with another value of one of them.
pub(crate) fn claims_with(name: &str, value: &str) -> String {
    object(&CLAIMS.map(|(n, v)| if n == name { (n, value) } else { (n, v) }))
}

pub(crate) fn claims_without(name: &str) -> String {
    let others: Vec<_> = CLAIMS.into_iter().filter(|(n, _)| *n != name).collect();
    object(&others)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn mac(secret: &[u8], text: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

/// A token of these encoded parts, signed with this secret.
pub(crate) fn sign_parts(secret: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{header}.{claims}");
    format!("{signed}.{}", encode(mac(secret, &signed)))
}

/// A correctly signed token of any header and claims.
pub(crate) fn forge(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    sign_parts(SECRET, &encode(header), &encode(claims))
}

/// The three parts of a token.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("three parts")
}

/// Asserts that all of them are rejected.
#[track_caller]
pub(crate) fn refuse<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) {
    let signer = signer();
    for token in tokens {
        let token = token.as_ref();
        assert_eq!(signer.read(token, now()), None, "{token:?}");
    }
}
