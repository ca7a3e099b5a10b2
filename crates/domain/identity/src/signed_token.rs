use asteroid_kernel::{BoxError, SessionId, Timestamp, UserId};

/// The claims of a signed token (RFC 7519, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The user (`sub`). It informs clients; the server trusts the session's user only.
    pub user: UserId,
    /// The session that the token names (`jti`). The token is valid only as long as the session is live.
    pub session: SessionId,
    /// When the token was signed (`iat`), in whole seconds.
    pub issued_at: Timestamp,
    /// When the token expires (`exp`), in whole seconds.
    pub expires_at: Timestamp,
}

/// The error of a token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningError(#[source] pub BoxError);

/// Signs and verifies tokens (RFC 7519) with a ring of keys: the first key signs, all keys verify.
pub trait TokenSigner: Send + Sync + 'static {
    /// Returns a signed token with these claims.
    ///
    /// # Errors
    ///
    /// If the signature cannot be made.
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningError>;

    /// Returns the claims of a token that was signed by one of the ring's keys with the configured algorithm, has the form
    /// of [`sign`](Self::sign), and has not expired at `now`. Otherwise [`None`]. Never panics.
    fn read(&self, token: &str, now: Timestamp) -> Option<TokenClaims>;
}
