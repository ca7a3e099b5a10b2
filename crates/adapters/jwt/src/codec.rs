//! The parts of a token: their contents and encoding.

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
/// Any other name is rejected: it would ask for something that is not supported (`crit`, `b64`, `zip`), or offer a key
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

/// `typ` is optional (RFC 7519, 5.1).
fn default_type() -> Cow<'static, str> {
    TYPE.into()
}

impl<'a> Header<'a> {
    pub(crate) fn new(kid: &'a str) -> Self {
        Self { alg: ALGORITHM.into(), kid: kid.into(), typ: TYPE.into() }
    }

    /// Whether it has our algorithm and type.
    pub(crate) fn is_ours(&self) -> bool {
        self.alg == ALGORITHM && self.typ == TYPE
    }
}

/// The claims: two of the documented API, then registered ones (RFC 7519, 4.1).
///
/// Any other name is rejected: we never issue one, and its restriction (`nbf`, `aud`) would be ignored.
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
            expires_at: ruby_time(claims.expires_at).into(),
            iat: to_seconds(claims.issued_at),
            exp: to_seconds(claims.expires_at),
            jti: claims.session.to_string().into(),
        }
    }

    /// The domain's claims. [`None`] if they contradict each other, or are not in our own spelling.
    pub(crate) fn into_claims(self) -> Option<TokenClaims> {
        let claims = TokenClaims {
            user: UserId(self.user_id),
            session: self.jti.parse().ok()?,
            issued_at: from_seconds(self.iat)?,
            expires_at: from_seconds(self.exp)?,
        };
        // A UUID and a time have several spellings.
        (self.jti == claims.session.to_string() && self.expires_at == ruby_time(claims.expires_at))
            .then_some(claims)
    }
}

/// A time in Ruby's format, as the documented API has it: `2022-11-24 18:47:42 UTC`.
fn ruby_time(moment: Timestamp) -> String {
    DateTime::<Utc>::from(moment).format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

const MICROS: i64 = 1_000_000;

fn to_seconds(moment: Timestamp) -> i64 {
    moment.as_micros().div_euclid(MICROS)
}

/// [`None`] for a time that a [`Timestamp`] cannot represent: it would be clamped.
fn from_seconds(seconds: i64) -> Option<Timestamp> {
    let micros = seconds.checked_mul(MICROS)?;
    let moment = Timestamp::from_micros(micros);
    (moment.as_micros() == micros).then_some(moment)
}

/// Encodes a part of a token.
pub(crate) fn encode_json(part: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_vec(part).map(encode)
}

/// Encodes bytes as base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes canonical base64url: without padding, and without extra bits after the last byte.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Parses a JSON object in which each name occurs once. Names are compared after unescaping.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    // serde would accept an array of the values as a struct.
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}
