use std::fmt;
use std::time::Duration;

use asteroid_identity::{HashingError, Password, Session, SessionToken, SigningError};
use asteroid_kernel::{Contact, Origin, SessionId, StorageError, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};

/// Who asks, proved by a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The session that proved it.
    pub session: SessionId,
}

/// A token that opens a session, opaque or signed, as its owner gets to see it: once.
#[derive(Clone)]
pub struct BearerToken(SecretString);

impl BearerToken {
    /// The token itself, to hand it to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn signed(token: String) -> Self {
        Self(token.into())
    }
}

impl From<SessionToken> for BearerToken {
    fn from(token: SessionToken) -> Self {
        Self(token.expose().into())
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

/// A session that was just opened.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Opens the session; shown once.
    pub token: BearerToken,
    /// The session's end.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub caller: Caller,
}

/// Signs in with a password.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// A verified contact of the user.
    pub contact: Contact,
    /// The password.
    pub password: Password,
    /// From where.
    pub origin: Origin,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown contact, wrong password, disabled user: nobody is told which.
    #[error("the credentials are invalid")]
    InvalidCredentials,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// The password could not be checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a token proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Malformed, unknown, expired or revoked, or of a disabled user: nobody is told which.
    #[error("the token opens no session")]
    Unauthenticated,
    /// The store did not say.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Opens, shows and ends sessions.
    pub trait Sessions {
        /// Opens a session with a password.
        async fn sign_in(&self, request: SignIn) -> Result<SignedIn, SignInError>;

        /// Whose session this bearer token opens.
        async fn authenticate(&self, token: String) -> Result<Caller, AuthenticateError>;

        /// Ends the caller's session.
        async fn sign_out(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;

        /// The caller's live sessions, the newest first.
        async fn list_sessions(&self, caller: Caller) -> Result<Vec<Session>, StorageError>;

        /// Ends one of the caller's sessions. False if there is no such session.
        async fn revoke_session(
            &self,
            caller: Caller,
            session: SessionId,
            origin: Origin,
        ) -> Result<bool, StorageError>;

        /// Ends all of the caller's sessions but the one that asks.
        async fn revoke_other_sessions(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;
    }
}

/// Why nobody was signed in by a signed token.
#[derive(Debug, thiserror::Error)]
pub enum SignedSignInError {
    /// As with an opaque token.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The session was opened, and its token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

asteroid_kernel::port! {
    /// Opens sessions whose token is signed (a JWT) instead of opaque. Either form opens the same doors.
    pub trait SignedSessions {
        /// Opens a session with a password.
        async fn sign_in_signed(&self, request: SignIn) -> Result<SignedIn, SignedSignInError>;
    }
}
