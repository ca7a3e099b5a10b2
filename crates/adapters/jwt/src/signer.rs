use asteroid_identity::{SigningError, TokenClaims, TokenSigner};
use asteroid_kernel::Timestamp;
use hmac::Mac;

use crate::codec::{Claims, Header, decode, encode, encode_json, object};
use crate::keys::Ring;
use crate::{InvalidJwtKeys, JwtKey};

/// Signs JWTs with HS256 and a ring of keys, and reads them back.
#[derive(Debug)]
pub struct JwtSigner {
    ring: Ring,
}

impl JwtSigner {
    /// The most bytes of a token that is read.
    pub const MAX_TOKEN_BYTES: usize = 4096;

    /// Takes the keys, the one that signs first.
    ///
    /// # Errors
    ///
    /// If there is none, an id is empty or too long, a secret is too short, or two have the same id.
    pub fn new(keys: Vec<JwtKey>) -> Result<Self, InvalidJwtKeys> {
        Ring::new(keys).map(|ring| Self { ring })
    }
}

impl TokenSigner for JwtSigner {
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningError> {
        let key = self.ring.first();
        let header = encode_json(&Header::new(&key.id)).map_err(|error| SigningError(error.into()))?;
        let claims = encode_json(&Claims::new(claims)).map_err(|error| SigningError(error.into()))?;
        let signed = format!("{header}.{claims}");
        let signature = encode(key.mac(&signed).finalize().into_bytes());
        Ok(format!("{signed}.{signature}"))
    }

    fn read(&self, token: &str, now: Timestamp) -> Option<TokenClaims> {
        if token.len() > Self::MAX_TOKEN_BYTES {
            return None;
        }
        // A fourth part would leave its dot in the claims, and a dot is no base64url.
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;

        let header = decode(header)?;
        let header: Header<'_> = object(&header)?;
        let key = header.is_ours().then(|| self.ring.find(&header.kid))??;
        // Compares in constant time.
        key.mac(signed).verify_slice(&decode(signature)?).ok()?;

        // Only what we signed ourselves is looked at.
        let claims = decode(claims)?;
        let claims = object::<Claims<'_>>(&claims)?.into_claims()?;
        (now < claims.expires_at).then_some(claims)
    }
}
