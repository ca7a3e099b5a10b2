//! What people do with their accounts, a file for each use case.

mod change_password;
mod profile;
mod register;
mod reset_password;
mod send_codes;
mod sessions;
mod sign_in;
mod steps;
mod verify_code;

use std::sync::Arc;

use asteroid_identity::{Session, SessionToken, SessionTokenHash, SigningError, TokenClaims, TokenSigner};
use asteroid_kernel::{Clock, Origin, Randomness, SessionId, Timestamp, UserId};
use asteroid_messaging::DeliverySignal;
use asteroid_verification::CodeKeys;

use crate::AccountRules;
use crate::ports::{BearerToken, Caller, SignedIn};

/// What the use cases need besides a store and a hasher.
pub struct Tools {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives bytes that nobody can foretell.
    pub randomness: Arc<dyn Randomness>,
    /// Wakes whoever delivers messages.
    pub signal: Arc<dyn DeliverySignal>,
    /// Derive the codes.
    pub keys: Arc<CodeKeys>,
    /// Signs tokens, and reads them back.
    pub signer: Arc<dyn TokenSigner>,
    /// The settings.
    pub rules: AccountRules,
}

/// The use cases of accounts, over any store and any hasher. Cheap to clone; clones share everything.
pub struct Accounts<S, H> {
    storage: Arc<S>,
    hasher: Arc<H>,
    tools: Arc<Tools>,
}

impl<S, H> Clone for Accounts<S, H> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            hasher: Arc::clone(&self.hasher),
            tools: Arc::clone(&self.tools),
        }
    }
}

impl<S, H> Accounts<S, H> {
    /// Puts the use cases on a store and a hasher.
    #[must_use]
    pub fn new(storage: Arc<S>, hasher: Arc<H>, tools: Tools) -> Self {
        Self { storage, hasher, tools: Arc::new(tools) }
    }

    /// This moment and origin, for one unit of work.
    fn context(&self, origin: Origin) -> RequestContext {
        RequestContext { now: self.tools.clock.now(), origin, tools: Arc::clone(&self.tools) }
    }
}

/// When and from where something is asked for, and what its unit of work may use. Fixed before the unit runs, so
/// that running it again does the same.
#[derive(Clone)]
struct RequestContext {
    now: Timestamp,
    origin: Origin,
    tools: Arc<Tools>,
}

impl RequestContext {
    fn rules(&self) -> &AccountRules {
        &self.tools.rules
    }

    fn randomness(&self) -> &dyn Randomness {
        &*self.tools.randomness
    }

    /// When a session that begins now ends.
    fn session_end(&self) -> Timestamp {
        self.now + self.rules().sessions.absolute
    }
}

/// The id and the token of a session that is about to be opened, made before its unit of work.
#[derive(Clone)]
struct NewSession {
    id: SessionId,
    token: BearerToken,
    /// What is stored of an opaque token; a signed one names the session, and nothing of it is stored.
    token_hash: Option<SessionTokenHash>,
}

impl NewSession {
    /// A session with an opaque token.
    fn opaque(context: &RequestContext) -> Self {
        let id = SessionId::new(context.now, context.randomness());
        let token = SessionToken::new(context.randomness());
        Self { id, token_hash: Some(token.hash()), token: token.into() }
    }

    /// A session of this user with a signed token.
    fn signed(user: UserId, context: &RequestContext) -> Result<Self, SigningError> {
        let session = SessionId::new(context.now, context.randomness());
        let (issued_at, expires_at) = (context.now, context.session_end());
        let claims = TokenClaims { user, session, issued_at, expires_at };
        let token = BearerToken::signed(context.tools.signer.sign(&claims)?);
        Ok(Self { id: session, token_hash: None, token })
    }

    fn of(&self, user: UserId, context: &RequestContext) -> Session {
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

    fn opened(&self, session: &Session) -> SignedIn {
        SignedIn {
            token: self.token.clone(),
            expires_at: session.expires_at,
            caller: Caller { user: session.user, session: session.id },
        }
    }
}
