//! Opening a session, and what a caller holds of it.

use std::fmt;

use asteroid_identity::{
    FamiliarAddressRepository, PasswordHash, Session, SessionRepository, SessionToken, SessionTokenHash,
    SigningError, TokenClaims, UserRepository,
};
use asteroid_kernel::{SessionId, StorageError, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};

use super::RequestContext;

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

/// The id and the token of a session that is about to be opened, made before its unit of work.
#[derive(Clone)]
pub(super) struct NewSession {
    pub(super) id: SessionId,
    token: BearerToken,
    /// What is stored of an opaque token; a signed one names the session, and nothing of it is stored.
    token_hash: Option<SessionTokenHash>,
}

impl NewSession {
    /// A session with an opaque token.
    pub(super) fn opaque(context: &RequestContext) -> Self {
        Self::random(context, SessionToken::hash)
    }

    /// A session of the console.
    pub(super) fn console(context: &RequestContext) -> Self {
        Self::random(context, SessionToken::console_hash)
    }

    fn random(context: &RequestContext, hash: fn(&SessionToken) -> SessionTokenHash) -> Self {
        let id = SessionId::new(context.now, context.randomness());
        let token = SessionToken::new(context.randomness());
        Self { id, token_hash: Some(hash(&token)), token: token.into() }
    }

    /// A session of this user with a signed token.
    pub(super) fn signed(user: UserId, context: &RequestContext) -> Result<Self, SigningError> {
        let session = SessionId::new(context.now, context.randomness());
        let (issued_at, expires_at) = (context.now, context.session_end());
        let claims = TokenClaims { user, session, issued_at, expires_at };
        let token = BearerToken::signed(context.tools.signer.sign(&claims)?);
        Ok(Self { id: session, token_hash: None, token })
    }

    pub(super) fn of(&self, user: UserId, context: &RequestContext) -> Session {
        Session {
            id: self.id,
            user,
            token: self.token_hash,
            created_at: context.now,
            expires_at: context.session_end(),
            last_used_at: context.now,
            origin: context.origin.clone(),
        }
    }

    pub(super) fn opened(&self, session: &Session) -> SignedIn {
        SignedIn {
            token: self.token.clone(),
            expires_at: session.expires_at,
            caller: Caller { user: session.user, session: session.id },
        }
    }
}

/// Opens the session. None, and nothing kept, if the user may not sign in, or no longer has the password that was
/// `verified`.
pub(super) async fn open_session<Tx: UserRepository + FamiliarAddressRepository + SessionRepository>(
    tx: &mut Tx,
    user: UserId,
    verified: Option<&PasswordHash>,
    new: &NewSession,
    context: &RequestContext,
) -> Result<Option<SignedIn>, StorageError> {
    if !tx.record_sign_in(user, verified, context.now).await? {
        return Ok(None);
    }
    let session = new.of(user, context);
    tx.insert_session(&session, context.rules().sessions.per_user).await?;
    if let Some(network) = context.origin.network() {
        tx.remember_address(user, network, context.now).await?;
    }
    Ok(Some(new.opened(&session)))
}
