//! Authenticating tokens; listing and ending sessions.

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FoundSession, Session, SessionRepository, SessionToken, SessionTokenHash, TokenClaims,
};
use asteroid_kernel::{Origin, SessionId, Storage, StorageError, UnitOfWork, UserId, unit_of_work};

use super::audit::audit;
use super::open_session::Caller;
use super::{Accounts, RequestContext};

/// Why a token proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Malformed, unknown, expired, revoked, or of a disabled user; the error does not show which.
    #[error("the token opens no session")]
    Unauthenticated,
    /// The store did not say.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Shows and ends sessions.
    pub trait Sessions {
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

/// Finds the session that a token opens.
enum FindSession {
    ByToken(SessionTokenHash),
    ByClaims(TokenClaims),
}

impl<Tx: SessionRepository + Send> UnitOfWork<Tx> for FindSession {
    type Output = Option<FoundSession>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<FoundSession>, StorageError> {
        match self {
            Self::ByToken(hash) => tx.find_session_by_token(hash).await,
            Self::ByClaims(claims) => {
                let session = tx.find_session(claims.session).await?;
                // A session that was opened by an opaque token has no signed one.
                Ok(session.filter(|found| found.session.user == claims.user && found.session.token.is_none()))
            }
        }
    }
}

enum Which {
    This(SessionId),
    AllBut(SessionId),
}

/// Ends sessions of one user; false if there was none to end.
struct EndSessions {
    user: UserId,
    which: Which,
    context: RequestContext,
}

impl<Tx: SessionRepository + AuditRepository + Send> UnitOfWork<Tx> for EndSessions {
    type Output = bool;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StorageError> {
        let ended = match self.which {
            Which::This(session) => tx.revoke_session(self.user, session).await?,
            Which::AllBut(kept) => tx.revoke_sessions(self.user, Some(kept)).await? > 0,
        };
        if ended {
            audit(tx, Action::SignOut, Outcome::Done, Some(self.user), None, &self.context).await?;
        }
        Ok(ended)
    }
}

impl<S, H> Accounts<S, H>
where
    S: Storage,
    S::Tx: SessionRepository + AuditRepository,
{
    async fn end_sessions(&self, user: UserId, which: Which, origin: Origin) -> Result<bool, StorageError> {
        self.storage.write(EndSessions { user, which, context: self.context(origin) }).await
    }
}

impl<S, H> Sessions for Accounts<S, H>
where
    S: Storage,
    S::Tx: SessionRepository + AuditRepository,
    H: Send + Sync + 'static,
{
    async fn authenticate(&self, token: String) -> Result<Caller, AuthenticateError> {
        let (now, lifetime) = (self.tools.clock.now(), &self.tools.rules.sessions);
        let named = match SessionToken::parse(&token) {
            Some(opaque) => FindSession::ByToken(opaque.hash()),
            None => match self.tools.signer.read(&token, now) {
                Some(claims) => FindSession::ByClaims(claims),
                None => return Err(AuthenticateError::Unauthenticated),
            },
        };
        let found = self.storage.read(named).await?;
        let Some(session) = found.and_then(|found| found.live(now, lifetime)) else {
            return Err(AuthenticateError::Unauthenticated);
        };
        if session.is_touch_due(now, lifetime) {
            let touch = unit_of_work((session.id, now), |(session, now), tx: &mut S::Tx| {
                Box::pin(tx.touch_session(*session, *now))
            });
            if let Err(error) = self.storage.write(touch).await {
                // Who may read must be let in though nothing can be written now, as on a full disk.
                tracing::warn!(%error, "the use of a session could not be written down");
            }
        }
        Ok(Caller { user: session.user, session: session.id })
    }

    async fn sign_out(&self, caller: Caller, origin: Origin) -> Result<(), StorageError> {
        self.end_sessions(caller.user, Which::This(caller.session), origin).await.map(drop)
    }

    async fn list_sessions(&self, caller: Caller) -> Result<Vec<Session>, StorageError> {
        let (now, lifetime) = (self.tools.clock.now(), &self.tools.rules.sessions);
        let mut sessions = self
            .storage
            .read(unit_of_work(caller.user, |user, tx: &mut S::Tx| Box::pin(tx.list_sessions(*user))))
            .await?;
        sessions.retain(|session| session.is_live(now, lifetime));
        Ok(sessions)
    }

    async fn revoke_session(
        &self,
        caller: Caller,
        session: SessionId,
        origin: Origin,
    ) -> Result<bool, StorageError> {
        self.end_sessions(caller.user, Which::This(session), origin).await
    }

    async fn revoke_other_sessions(&self, caller: Caller, origin: Origin) -> Result<(), StorageError> {
        self.end_sessions(caller.user, Which::AllBut(caller.session), origin).await.map(drop)
    }
}
