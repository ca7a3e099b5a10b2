use super::audit::audit;
use super::contacts::enabled_owner;
use super::open_session::{NewSession, SignedIn, open_session};
use super::password_attempts::{AttemptReservation, RecordFailedAttempt, refund_attempt, reserve_attempt};
use super::{Accounts, RequestContext};
use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, NewPassword, Password, PasswordHash, PasswordHasher,
    SessionRepository, SigningError, UserRepository, Verdict,
};
use asteroid_kernel::{Contact, Origin, Storage, StorageError, UnitOfWork, UserId};
use asteroid_limits::LimitRepository;
use std::future::Future;
use std::time::Duration;

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
    /// Signs in with a password.
    pub trait SignIns {
        /// Opens a session with a password.
        async fn sign_in(&self, request: SignIn) -> Result<SignedIn, SignInError>;
    }
}

asteroid_kernel::port! {
    /// Opens sessions whose token is signed (a JWT) instead of opaque. Either form opens the same doors.
    pub trait SignedSessions {
        /// Opens a session with a password.
        async fn sign_in_signed(&self, request: SignIn) -> Result<SignedIn, SignedSignInError>;
    }
}

/// Whether a session is opened by an opaque token, or by a signed one that names it.
#[derive(Clone, Copy)]
pub(super) enum TokenForm {
    Opaque,
    Signed,
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

/// Opens a session for whoever proved this hash's password. [`None`] if the password was changed, the user disabled, or
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

impl OpenSession {
    /// Asked once the user is locked: an import that takes the contact away ends the sessions under the same lock.
    async fn still_owns_contact<Tx: UserRepository>(&self, tx: &mut Tx) -> Result<bool, StorageError> {
        let owner = tx.find_user_by_contact(&self.contact.key()).await?;
        Ok(owner.is_some_and(|owner| owner.id == self.user))
    }
}

impl<Tx> UnitOfWork<Tx> for OpenSession
where
    Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + LimitRepository
        + AuditRepository
        + Send,
{
    type Output = Option<SignedIn>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<SignedIn>, StorageError> {
        let (user, context) = (self.user, &self.context);
        let signed_in = open_session(tx, user, Some(&self.verified), &self.session, context).await?;
        let signed_in = match signed_in {
            Some(signed_in) if self.still_owns_contact(tx).await? => Some(signed_in),
            Some(_) => {
                tx.revoke_session(user, self.session.id).await?;
                None
            }
            None => None,
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

impl<S, H> Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository + FamiliarAddressRepository + SessionRepository + LimitRepository + AuditRepository,
    H: PasswordHasher,
{
    pub(super) async fn sign_in_with_password(
        &self,
        request: SignIn,
        form: TokenForm,
    ) -> Result<SignedIn, SignedSignInError> {
        let SignIn { contact, password, origin } = request;
        let context = self.context(origin);
        let begin = BeginSignIn { contact: contact.clone(), context: context.clone() };
        let (owner, reservation) = match self.storage.write(begin).await.map_err(SignInError::from)? {
            PasswordTry::Limited { retry_after } => {
                return Err(SignInError::TooManyAttempts { retry_after }.into());
            }
            PasswordTry::Admitted { owner, reservation } => (owner, reservation),
        };
        let hash = owner.as_ref().map(|(_, hash)| hash);
        let verdict = self.hasher.verify(&password, hash).await.map_err(SignInError::from)?;
        let (Some((user, verified)), Verdict::Match { outdated }) = (&owner, verdict) else {
            let user = owner.map(|(user, _)| user);
            let note = RecordFailedAttempt { action: Action::SignIn, user, contact: Some(contact), context };
            self.storage.write(note).await.map_err(SignInError::from)?;
            return Err(SignInError::InvalidCredentials.into());
        };
        let renewed = match outdated.then(|| NewPassword::in_use(password)) {
            None => None,
            Some(password) => match self.hasher.hash(&password).await {
                Ok(hash) => Some(hash),
                // The next sign-in may find the hasher less busy.
                Err(HashingError::Overloaded { .. }) => None,
                Err(error @ HashingError::Failed(_)) => return Err(SignInError::from(error).into()),
            },
        };
        // The session begins when the password is proved, not when the wait for it began.
        let context = self.context(context.origin);
        let session = match form {
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
        let opened = self.storage.write(open).await.map_err(SignInError::from)?;
        Ok(opened.ok_or(SignInError::InvalidCredentials)?)
    }
}

impl<S, H> SignIns for Accounts<S, H>
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
