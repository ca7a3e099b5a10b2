use asteroid_kernel::{BoxError, SessionId, Timestamp, UserId};

/// What a signed token says: whose session it names, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The user; told to clients, and never trusted beyond the session's own.
    pub user: UserId,
    /// The session that the token names (`jti`). The token is worth no more than the session is.
    pub session: SessionId,
    /// When it was signed, to the second.
    pub issued_at: Timestamp,
    /// From when on it is worth nothing, to the second.
    pub expires_at: Timestamp,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningError(#[source] pub BoxError);

/// Signs tokens and reads them back (RFC 7519), with a ring of keys: the first signs, all verify.
pub trait TokenSigner: Send + Sync + 'static {
    /// A token that says this.
    ///
    /// # Errors
    ///
    /// If the signer breaks.
    fn sign(&self, claims: &TokenClaims) -> Result<String, SigningError>;

    /// What a token says, if one of our keys signed it with our one algorithm, it is of the form that we give out, and
    /// `now` lies before its expiry. Whatever else it is, the answer is none, and never a panic.
    fn read(&self, token: &str, now: Timestamp) -> Option<TokenClaims>;
}
