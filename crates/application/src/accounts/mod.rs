//! What people do with their accounts: a file for each use case, with its port, and one for each concept that several
//! share.

mod address_budget;
mod admission;
mod audit;
mod budgets;
#[macro_use]
mod change_password;
mod codes;
mod contacts;
mod even_time;
mod failed_attempts;
#[macro_use]
mod forgot_password;
mod notices;
mod open_session;
mod password_attempts;
#[macro_use]
mod profile;
mod rate_limits;
#[macro_use]
mod register;
#[macro_use]
mod reset_password;
#[macro_use]
mod review_password_change;
#[macro_use]
mod send_codes;
#[macro_use]
mod sessions;
#[macro_use]
mod sign_in;
#[macro_use]
mod verify_code;

use asteroid_identity::TokenSigner;
use asteroid_kernel::{Clock, Origin, Randomness, Timer, Timestamp};
use asteroid_messaging::DeliverySignal;
use asteroid_verification::CodeKeys;
use std::sync::Arc;

use crate::AccountRules;

pub use change_password::*;
pub use codes::*;
pub use failed_attempts::{Attempted, FailedAttempts};
pub use forgot_password::*;
pub use open_session::*;
pub use profile::*;
pub use register::*;
pub use reset_password::*;
pub use review_password_change::*;
pub use send_codes::*;
pub use sessions::*;
pub use sign_in::*;
pub use verify_code::*;

pub(crate) use failed_attempts::{failed_attempts, forget_failed_attempts, forget_wrong_passwords};
pub(crate) use notices::send_notices;

/// Hands the names of all ports of accounts to another macro, behind what that macro is given first.
#[doc(hidden)]
#[macro_export]
macro_rules! account_ports {
    ($callback:path, [$($first:tt)*]) => {
        $callback! {
            $($first)* Registrations, CodeRequests, CodeVerifications, SignIns, Sessions, Profiles, PasswordChanges,
            ReviewedPasswords, PasswordResetRequests, PasswordResets
        }
    };
}

/// What the use cases need besides a store and a hasher.
pub struct Tools {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// A source of unpredictable bytes.
    pub randomness: Arc<dyn Randomness>,
    /// Waits, where a try has to wait for others, and until an answer may leave.
    pub timer: Arc<dyn Timer>,
    /// Wakes the delivery workers.
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
