use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use asteroid_identity::{SigningError, TokenClaims, TokenSigner};
use asteroid_kernel::Timestamp;
use hmac::Mac;

use crate::codec::{Claims, Header, decode, encode, encode_json, object};
use crate::keys::KeyRing;
use crate::{InvalidJwtKeys, JwtKey};

/// Signs and verifies JWTs with HS256 and a key ring, which can be [replaced](Self::replace) while it is in use.
pub struct JwtSigner {
    ring: RwLock<Arc<KeyRing>>,
}

impl JwtSigner {
    /// The most bytes of a token; longer ones are rejected.
    pub const MAX_TOKEN_BYTES: usize = 4096;

    /// A signer with these keys. The first one signs.
    ///
    /// # Errors
    ///
    /// If there is no key, an id is empty or too long, a secret is too short, or two keys have the same id.
    pub fn new(keys: Vec<JwtKey>) -> Result<Self, InvalidJwtKeys> {
        KeyRing::new(keys).map(|ring| Self { ring: RwLock::new(Arc::new(ring)) })
    }

    /// Uses the keys of this signer from now on.
    pub fn replace(&self, signer: Self) {
        let new = signer.ring.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtSigner").field("ring", &self.ring()).finish()
    }
}

impl TokenSigner for JwtSigner {
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningError> {
        let ring = self.ring();
        let key = ring.first();
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
        // A fourth part would leave its dot in the claims, and base64url has no dot.
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;

        let header = decode(header)?;
        let header: Header<'_> = object(&header)?;
        let ring = self.ring();
        let key = header.is_ours().then(|| ring.find(&header.kid))??;
        // Compares in constant time.
        key.mac(signed).verify_slice(&decode(signature)?).ok()?;

        // Only claims that we signed are decoded.
        let claims = decode(claims)?;
        let claims = object::<Claims<'_>>(&claims)?.into_claims()?;
        (now < claims.expires_at).then_some(claims)
    }
}
