use std::future::Future;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, FoundSession, PasswordHasher, Session, SessionRepository, SessionToken,
    SessionTokenHash, TokenClaims, UserRepository,
};
use asteroid_kernel::{Origin, SessionId, Storage, StorageError, Timestamp, UnitOfWork, UserId};
use asteroid_limits::LimitRepository;

use super::sign_in::TokenForm;
use super::steps::audit;
use super::{Accounts, RequestContext};
use crate::ports::{
    AuthenticateError, Caller, Sessions, SignIn, SignInError, SignedIn, SignedSessions, SignedSignInError,
};

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

struct TouchSession(SessionId, Timestamp);

impl<Tx: SessionRepository> UnitOfWork<Tx> for TouchSession {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        tx.touch_session(self.0, self.1).await
    }
}

struct ListSessions(UserId);

impl<Tx: SessionRepository> UnitOfWork<Tx> for ListSessions {
    type Output = Vec<Session>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<Session>, StorageError> {
        tx.list_sessions(self.0).await
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
    S::Tx: UserRepository + FamiliarAddressRepository + SessionRepository + LimitRepository + AuditRepository,
    H: PasswordHasher,
{
    async fn sign_in(&self, request: SignIn) -> Result<SignedIn, SignInError> {
        match self.sign_in_with_password(request, TokenForm::Opaque).await {
            Ok(signed_in) => Ok(signed_in),
            Err(SignedSignInError::SignIn(error)) => Err(error),
            Err(SignedSignInError::Signing(error)) => Err(StorageError::Failed(Box::new(error)).into()),
        }
    }

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
        if session.is_touch_due(now, lifetime)
            && let Err(error) = self.storage.write(TouchSession(session.id, now)).await
        {
            // Who may read must be let in though nothing can be written now, as on a full disk.
            tracing::warn!(%error, "the use of a session could not be written down");
        }
        Ok(Caller { user: session.user, session: session.id })
    }

    async fn sign_out(&self, caller: Caller, origin: Origin) -> Result<(), StorageError> {
        self.end_sessions(caller.user, Which::This(caller.session), origin).await.map(drop)
    }

    async fn list_sessions(&self, caller: Caller) -> Result<Vec<Session>, StorageError> {
        let (now, lifetime) = (self.tools.clock.now(), &self.tools.rules.sessions);
        let mut sessions = self.storage.read(ListSessions(caller.user)).await?;
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

impl<S, H> SignedSessions for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository + FamiliarAddressRepository + SessionRepository + LimitRepository + AuditRepository,
    H: PasswordHasher,
{
    fn sign_in_signed(
        &self,
        request: SignIn,
    ) -> impl Future<Output = Result<SignedIn, SignedSignInError>> + Send {
        self.sign_in_with_password(request, TokenForm::Signed)
    }
}
