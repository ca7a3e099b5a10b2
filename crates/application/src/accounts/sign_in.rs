//! Signing in with a password.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_clients::{MembershipRepository, PracticeRepository};
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, NewPassword, Password, PasswordHash, PasswordHasher,
    SessionRepository, SigningError, UserRepository, Verdict,
};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork, UserId};
use asteroid_limits::LimitRepository;

use super::address_budget::hold_address;
use super::admission::{TryAdmission, TryRefused, refuse_try};
use super::audit::audit;
use super::budgets::{HeldTry, RunningTry, TryOutcome};
use super::contacts::enabled_owner;
use super::open_session::{NewSession, SignedIn, open_session};
use super::password_attempts::{PasswordAdmission, RecordFailedAttempt, Tried, hold_password};
use super::{Accounts, RequestContext};
use crate::practice::{PracticeProfile, find_practice_profile};

/// Signs in with a password.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// A verified contact of the user.
    pub contact: Contact,
    /// The password.
    pub password: Password,
    /// The form of the token that opens the session.
    pub token: TokenForm,
    /// From where.
    pub origin: Origin,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown contact, wrong password or disabled user; the error does not show which.
    #[error("the credentials are invalid")]
    InvalidCredentials,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Other tries of this password are being checked, and took too long.
    #[error("too many tries of this password are being checked")]
    Busy {
        /// The time after which to retry.
        retry_after: Duration,
    },
    /// The password could not be checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The session's token could not be signed; no session was opened.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<TryRefused> for SignInError {
    fn from(refused: TryRefused) -> Self {
        match refused {
            TryRefused::Limited { retry_after } => Self::TooManyAttempts { retry_after },
            TryRefused::Busy { retry_after } => Self::Busy { retry_after },
            TryRefused::Failed(error) => Self::Storage(error),
        }
    }
}

asteroid_kernel::port! {
    /// Signs in with a password.
    pub trait SignIns {
        /// Opens a session with a password, and returns it with its user: once the session is committed, nothing that
        /// can fail stands between the caller and its token.
        async fn sign_in(&self, request: SignIn) -> Result<SignedInUser, SignInError>;
    }
}

/// The form of a session's token. The first two give the same access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// Random; its hash is stored.
    Opaque,
    /// A JWT that names the session.
    Signed,
    /// Random, and for the console alone.
    Console,
}

/// A new session and its user.
#[derive(Clone, Debug)]
pub struct SignedInUser {
    /// The session.
    pub signed_in: SignedIn,
    /// The user, with the membership and practice that the user has had longest.
    pub profile: PracticeProfile,
}

/// A try at a password that has begun.
struct BegunSignIn {
    /// A stranger and a locked user have no hash: then the check fails, at the same cost.
    hash: Option<PasswordHash>,
    user: Option<UserId>,
    running: RunningTry,
}

/// Finds whose password is tried, and begins the try if it may be.
struct BeginSignIn {
    contact: Contact,
    context: RequestContext,
    recorded: bool,
}

impl<Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository + Send> UnitOfWork<Tx>
    for BeginSignIn
{
    type Output = TryAdmission<BegunSignIn>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<TryAdmission<BegunSignIn>, StorageError> {
        let Self { contact, context, recorded } = self;
        let mut held = HeldTry::new(context);
        let event = (Action::SignIn, None, Some(contact));
        if let Some(not_now) = hold_address(tx, &mut held, event, context, *recorded).await? {
            return Ok(not_now);
        }
        let owner = enabled_owner(tx, contact).await?;
        let user = owner.as_ref().map(|user| user.id);
        let hidden = match hold_password(tx, &mut held, Tried::At(contact, user), context).await? {
            PasswordAdmission::Admitted => false,
            PasswordAdmission::Hidden => true,
            PasswordAdmission::Limited(limited) => {
                let event = (Action::SignIn, user, Some(contact));
                return refuse_try(tx, &limited, event, context, *recorded).await;
            }
        };
        let hash = owner.and_then(|user| user.password_hash).filter(|_| !hidden);
        let begun = held.begin(tx, *recorded).await?;
        Ok(begun.map(|running| BegunSignIn { hash, user, running }))
    }
}

/// Opens a session for the user who proved this hash's password. [`None`] if the password was changed, the user disabled, or
/// the contact taken from the user meanwhile.
struct OpenSession {
    contact: Contact,
    user: UserId,
    verified: PasswordHash,
    /// The same password hashed as new ones are, where its hash is outdated.
    renewed: Option<PasswordHash>,
    running: RunningTry,
    session: NewSession,
    context: RequestContext,
}

impl<Tx> UnitOfWork<Tx> for OpenSession
where
    Tx: MembershipRepository
        + PracticeRepository
        + UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = Option<SignedInUser>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<SignedInUser>, StorageError> {
        let (user, context) = (self.user, &self.context);
        let signed_in = open_session(tx, user, Some(&self.verified), &self.session, context).await?;
        let signed_in = match signed_in {
            None => None,
            Some(signed_in) => {
                // Read once the user is locked: an import that takes the contact away ends the sessions under the same lock.
                let found = find_practice_profile(tx, user, None).await?;
                let owns = |found: &PracticeProfile| {
                    found.profile.contacts.iter().any(|own| own.contact == self.contact)
                };
                let owner = found.filter(owns);
                if owner.is_none() {
                    tx.revoke_session(user, self.session.id).await?;
                }
                owner.map(|profile| SignedInUser { signed_in, profile })
            }
        };
        if let (Some(_), Some(renewed)) = (&signed_in, &self.renewed) {
            tx.replace_password(user, Some(&self.verified), renewed).await?;
        }
        let (settled, outcome) = match signed_in {
            Some(_) => (TryOutcome::Succeeded, Outcome::Done),
            None => (TryOutcome::Failed, Outcome::Refused),
        };
        // Last, so that other tries wait no longer for these locks than they must.
        self.running.settle(tx, settled, context).await?;
        audit(tx, Action::SignIn, outcome, Some(user), Some(&self.contact), context).await?;
        Ok(signed_in)
    }
}

impl<S, H> SignIns for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + MembershipRepository
        + PracticeRepository
        + LimitRepository
        + AuditRepository,
    H: PasswordHasher,
{
    async fn sign_in(&self, request: SignIn) -> Result<SignedInUser, SignInError> {
        self.hasher.check_capacity()?;
        let SignIn { contact, password, token, origin } = request;
        let begin = |context, recorded| BeginSignIn { contact: contact.clone(), context, recorded };
        let BegunSignIn { hash, user, running } = self.admit_try(&origin, begin).await?;
        let context = self.context(origin.clone());
        let verdict = match self.hasher.verify(&password, hash.as_ref()).await {
            Ok(verdict) => verdict,
            Err(error) => return Err(self.give_back(running, &context, error.into()).await),
        };
        let (Some(user), Some(verified), Verdict::Match { outdated }) = (user, hash, verdict) else {
            let context = self.context(origin);
            let (action, contact) = (Action::SignIn, Some(contact));
            self.storage.write(RecordFailedAttempt { action, user, contact, running, context }).await?;
            return Err(SignInError::InvalidCredentials);
        };
        let renewed = match outdated.then(|| NewPassword::in_use(password)) {
            None => None,
            Some(password) => match self.hasher.hash(&password).await {
                Ok(hash) => Some(hash),
                // The next sign-in may find the hasher less busy.
                Err(HashingError::Overloaded { .. }) => None,
                Err(error @ HashingError::Failed(_)) => {
                    return Err(self.give_back(running, &context, error.into()).await);
                }
            },
        };
        // The session begins when the password is proved, not when the wait for it began.
        let context = self.context(origin);
        let session = match token {
            TokenForm::Opaque => NewSession::opaque(&context),
            TokenForm::Console => NewSession::console(&context),
            TokenForm::Signed => match NewSession::signed(user, &context) {
                Ok(session) => session,
                Err(error) => return Err(self.give_back(running, &context, error.into()).await),
            },
        };
        let open = OpenSession { contact, user, verified, renewed, running, session, context };
        self.storage.write(open).await?.ok_or(SignInError::InvalidCredentials)
    }
}
