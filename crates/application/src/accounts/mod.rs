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

use asteroid_identity::{Session, SessionToken};
use asteroid_kernel::{Clock, Origin, Randomness, SessionId, Timestamp, UserId};
use asteroid_messaging::DeliverySignal;
use asteroid_verification::CodeKeys;

use crate::AccountRules;
use crate::ports::{Caller, SignedIn};

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
    fn occasion(&self, origin: Origin) -> Occasion {
        Occasion { now: self.tools.clock.now(), origin, tools: Arc::clone(&self.tools) }
    }
}

/// When and from where something is asked for, and what its unit of work may use. Fixed before the unit runs, so
/// that running it again does the same.
#[derive(Clone)]
struct Occasion {
    now: Timestamp,
    origin: Origin,
    tools: Arc<Tools>,
}

impl Occasion {
    fn rules(&self) -> &AccountRules {
        &self.tools.rules
    }

    fn randomness(&self) -> &dyn Randomness {
        &*self.tools.randomness
    }
}

/// The token and the id of a session that is about to be opened, made before its unit of work.
#[derive(Clone)]
struct NewSession {
    id: SessionId,
    token: SessionToken,
}

impl NewSession {
    fn mint(occasion: &Occasion) -> Self {
        let randomness = occasion.randomness();
        Self { id: SessionId::new(occasion.now, randomness), token: SessionToken::new(randomness) }
    }

    fn of(&self, user: UserId, occasion: &Occasion) -> Session {
        Session {
            id: self.id,
            user,
            token: Some(self.token.hash()),
            created_at: occasion.now,
            expires_at: occasion.now + occasion.rules().sessions.absolute,
            last_used_at: occasion.now,
            origin: occasion.origin.clone(),
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
