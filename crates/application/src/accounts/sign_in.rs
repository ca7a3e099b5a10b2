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

use super::audit::audit;
use super::contacts::enabled_owner;
use super::open_session::{NewSession, SignedIn, open_session};
use super::password_attempts::{AttemptReservation, RecordFailedAttempt, refund_attempt, reserve_attempt};
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

asteroid_kernel::port! {
    /// Signs in with a password.
    pub trait SignIns {
        /// Opens a session with a password, and returns it with its user: once the session is committed, nothing that
        /// can fail stands between the caller and its token.
        async fn sign_in(&self, request: SignIn) -> Result<SignedInUser, SignInError>;
    }
}

/// The form of a session's token. Both give the same access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// Random; its hash is stored.
    Opaque,
    /// A JWT that names the session.
    Signed,
}

/// A new session and its user.
#[derive(Clone, Debug)]
pub struct SignedInUser {
    /// The session.
    pub signed_in: SignedIn,
    /// The user, with the membership and practice that the user has had longest.
    pub profile: PracticeProfile,
}

/// What a password is to be checked against.
pub(super) enum PasswordTry {
    /// Go on and check it. A stranger has no hash: then the check fails, at the same cost.
    Admitted { owner: Option<(UserId, PasswordHash)>, reservation: AttemptReservation },
    /// Not now.
    Limited { retry_after: Duration },
}

/// Finds whose password is tried, and counts the try.
struct BeginSignIn {
    contact: Contact,
    context: RequestContext,
}

impl<Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository + Send> UnitOfWork<Tx>
    for BeginSignIn
{
    type Output = PasswordTry;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<PasswordTry, StorageError> {
        let (contact, context) = (&self.contact, &self.context);
        let owner = enabled_owner(tx, contact).await?;
        let user = owner.as_ref().map(|user| user.id);
        match reserve_attempt(tx, user, Some(contact), context).await? {
            Ok(reservation) => {
                let owner = owner.and_then(|user| Some((user.id, user.password_hash?)));
                Ok(PasswordTry::Admitted { owner, reservation })
            }
            Err(retry_after) => {
                audit(tx, Action::SignIn, Outcome::Limited, user, Some(contact), context).await?;
                Ok(PasswordTry::Limited { retry_after })
            }
        }
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
    reservation: AttemptReservation,
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
        if signed_in.is_some() {
            if let Some(renewed) = &self.renewed {
                tx.replace_password(user, Some(&self.verified), renewed).await?;
            }
            refund_attempt(tx, &self.reservation, context).await?;
        }
        let outcome = if signed_in.is_some() { Outcome::Done } else { Outcome::Refused };
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
        let SignIn { contact, password, token, origin } = request;
        let context = self.context(origin);
        let begin = BeginSignIn { contact: contact.clone(), context: context.clone() };
        let (owner, reservation) = match self.storage.write(begin).await? {
            PasswordTry::Limited { retry_after } => return Err(SignInError::TooManyAttempts { retry_after }),
            PasswordTry::Admitted { owner, reservation } => (owner, reservation),
        };
        let hash = owner.as_ref().map(|(_, hash)| hash);
        let verdict = self.hasher.verify(&password, hash).await?;
        let (Some((user, verified)), Verdict::Match { outdated }) = (&owner, verdict) else {
            let user = owner.map(|(user, _)| user);
            let failed =
                RecordFailedAttempt { action: Action::SignIn, user, contact: Some(contact), context };
            self.storage.write(failed).await?;
            return Err(SignInError::InvalidCredentials);
        };
        let renewed = match outdated.then(|| NewPassword::in_use(password)) {
            None => None,
            Some(password) => match self.hasher.hash(&password).await {
                Ok(hash) => Some(hash),
                // The next sign-in may find the hasher less busy.
                Err(HashingError::Overloaded { .. }) => None,
                Err(error @ HashingError::Failed(_)) => return Err(error.into()),
            },
        };
        // The session begins when the password is proved, not when the wait for it began.
        let context = self.context(context.origin);
        let session = match token {
            TokenForm::Opaque => NewSession::opaque(&context),
            TokenForm::Signed => NewSession::signed(*user, &context)?,
        };
        let open = OpenSession {
            contact,
            user: *user,
            verified: verified.clone(),
            renewed,
            reservation,
            session,
            context,
        };
        self.storage.write(open).await?.ok_or(SignInError::InvalidCredentials)
    }
}
