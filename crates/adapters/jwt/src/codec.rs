//! The parts of a token: what is in them, and how they are written and read.

use std::borrow::Cow;

use asteroid_identity::TokenClaims;
use asteroid_kernel::{Timestamp, UserId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

const ALGORITHM: &str = "HS256";
const TYPE: &str = "JWT";

/// The header (RFC 7515, 4).
///
/// A name beyond these is refused: each either asks for what is not done here (`crit`, `b64`, `zip`) or offers a key
/// that must not be trusted (`jwk`, `jku`, `x5u`).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) kid: Cow<'a, str>,
    #[serde(borrow, default = "default_type")]
    typ: Cow<'a, str>,
}

/// RFC 7519, 5.1, leaves the type to the signer.
fn default_type() -> Cow<'static, str> {
    TYPE.into()
}

impl<'a> Header<'a> {
    pub(crate) fn new(kid: &'a str) -> Self {
        Self { alg: ALGORITHM.into(), kid: kid.into(), typ: TYPE.into() }
    }

    /// Whether it asks for our one algorithm, and says that it heads a token.
    pub(crate) fn is_ours(&self) -> bool {
        self.alg == ALGORITHM && self.typ == TYPE
    }
}

/// The claims: two as clients have always known them, then those that are registered (RFC 7519, 4.1).
///
/// A name beyond these is refused: we never give such out, and what it restricts (`nbf`, `aud`) would go unheeded.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims<'a> {
    user_id: i64,
    #[serde(borrow)]
    expires_at: Cow<'a, str>,
    iat: i64,
    exp: i64,
    #[serde(borrow)]
    jti: Cow<'a, str>,
}

impl Claims<'_> {
    pub(crate) fn new(claims: &TokenClaims) -> Self {
        Self {
            user_id: claims.user.0,
            expires_at: shown(claims.expires_at).into(),
            iat: to_seconds(claims.issued_at),
            exp: to_seconds(claims.expires_at),
            jti: claims.session.to_string().into(),
        }
    }

    /// What they say. None if they contradict themselves or are written otherwise than we write them.
    pub(crate) fn into_claims(self) -> Option<TokenClaims> {
        let claims = TokenClaims {
            user: UserId(self.user_id),
            session: self.jti.parse().ok()?,
            issued_at: from_seconds(self.iat)?,
            expires_at: from_seconds(self.exp)?,
        };
        // A UUID has many spellings, and a time several.
        (self.jti == claims.session.to_string() && self.expires_at == shown(claims.expires_at))
            .then_some(claims)
    }
}

/// As Ruby writes a time, and so as clients have always read it: `2022-11-24 18:47:42 UTC`.
fn shown(moment: Timestamp) -> String {
    DateTime::<Utc>::from(moment).format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

const MICROS: i64 = 1_000_000;

fn to_seconds(moment: Timestamp) -> i64 {
    moment.as_micros().div_euclid(MICROS)
}

/// None for a time that a timestamp cannot hold: it would be brought to another.
fn from_seconds(seconds: i64) -> Option<Timestamp> {
    let micros = seconds.checked_mul(MICROS)?;
    let moment = Timestamp::from_micros(micros);
    (moment.as_micros() == micros).then_some(moment)
}

/// Writes a part of a token.
pub(crate) fn encode_json(part: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_vec(part).map(encode)
}

/// Writes bytes as base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url in its one spelling: without padding, and without stray bits after the last byte.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Reads a JSON object with each name once. Names that differ only in how they are escaped are the same name.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    // serde takes an array of the values for the object.
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}
