//! The ports that drive the use cases: what a surface may ask for, what it gets, and why it may be refused.

pub mod development;
pub mod practice;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use asteroid_identity::{
    ContactType, HashingError, Password, PasswordFlaw, PersonName, Profile, Session, SessionToken,
    SigningError,
};
use asteroid_kernel::{Contact, Origin, SessionId, StorageError, Timestamp, UserId};
use asteroid_verification::CodeGuess;
use secrecy::{ExposeSecret, SecretString};

/// Which version of the API a code is asked for through: it decides what the code looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeVersion {
    /// A code that a person types.
    V1,
    /// A code that phones fill in.
    V2,
}

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

/// Asks to become a user.
#[derive(Clone, Debug)]
pub struct Register {
    /// What the person is called.
    pub name: PersonName,
    /// The contact to be verified.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// The password that the user will have.
    pub password: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a registration was not begun.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// Too many codes were asked for this contact.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Begins registrations.
pub trait Registrations: Send + Sync + 'static {
    /// Keeps a pending registration and sends its code. To a contact that belongs to a user already, a notice is
    /// sent instead; the answer and its cost are the same.
    fn register(&self, request: Register) -> impl Future<Output = Result<(), RegisterError>> + Send;
}

/// Asks for codes to these contacts: to finish a registration where one waits, else to sign in.
#[derive(Clone, Debug)]
pub struct SendCodes {
    /// Each gets a code of its own, or none does.
    pub contacts: Vec<Contact>,
    /// Decides what the code looks like.
    pub version: CodeVersion,
    /// From where.
    pub origin: Origin,
}

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCodesError {
    /// Too many codes were asked for one of the contacts.
    #[error("too many codes were asked for")]
    TooManyCodes {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Tries a code that was sent to a contact.
#[derive(Clone, Debug)]
pub struct VerifyCode {
    /// Where the code was sent.
    pub contact: Contact,
    /// What was typed.
    pub guess: CodeGuess,
    /// From where.
    pub origin: Origin,
}

/// Why a code did not sign anyone in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCodeError {
    /// Wrong, expired, used, never sent, for another purpose, or guessed at too often: nobody is told which.
    #[error("the code is invalid")]
    InvalidCode,
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Sends and checks verification codes.
pub trait VerificationCodes: Send + Sync + 'static {
    /// Sends codes. A contact that nobody has gets none; the answer is the same.
    fn send_codes(&self, request: SendCodes) -> impl Future<Output = Result<(), SendCodesError>> + Send;

    /// Redeems a code: the registration that it belongs to becomes a user, or the contact's owner signs in.
    fn verify_code(
        &self,
        request: VerifyCode,
    ) -> impl Future<Output = Result<SignedIn, VerifyCodeError>> + Send;
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

/// Opens, shows and ends sessions.
pub trait Sessions: Send + Sync + 'static {
    /// Opens a session with a password.
    fn sign_in(&self, request: SignIn) -> impl Future<Output = Result<SignedIn, SignInError>> + Send;

    /// Whose session this bearer token opens.
    fn authenticate(&self, token: String) -> impl Future<Output = Result<Caller, AuthenticateError>> + Send;

    /// Ends the caller's session.
    fn sign_out(
        &self,
        caller: Caller,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// The caller's live sessions, the newest first.
    fn list_sessions(
        &self,
        caller: Caller,
    ) -> impl Future<Output = Result<Vec<Session>, StorageError>> + Send;

    /// Ends one of the caller's sessions. False if there is no such session.
    fn revoke_session(
        &self,
        caller: Caller,
        session: SessionId,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StorageError>> + Send;

    /// Ends all of the caller's sessions but the one that asks.
    fn revoke_other_sessions(
        &self,
        caller: Caller,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
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

/// Opens sessions whose token is signed (a JWT) instead of opaque. Either form opens the same doors.
pub trait SignedSessions: Send + Sync + 'static {
    /// Opens a session with a password.
    fn sign_in_signed(
        &self,
        request: SignIn,
    ) -> impl Future<Output = Result<SignedIn, SignedSignInError>> + Send;
}

/// Replaces the caller's password.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Whose password.
    pub caller: Caller,
    /// The password so far.
    pub existing: Password,
    /// The password from now on.
    pub new: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new password does not meet the policy.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// The existing password is another.
    #[error("the existing password is wrong")]
    InvalidExistingPassword,
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Replaces the caller's password, or says all that is wrong with the request at once.
#[derive(Clone, Debug)]
pub struct ReviewPasswordChange {
    /// Whose password.
    pub caller: Caller,
    /// The password so far; none if none was given.
    pub existing: Option<Password>,
    /// The password from now on; none if none was given.
    pub new: Option<Password>,
    /// Whether whoever asks found nothing wrong that it can see itself, such as a missing confirmation.
    pub complete: bool,
    /// From where.
    pub origin: Origin,
}

/// All that is wrong with a change of password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReview {
    /// Whether the existing password was given, and right.
    pub existing_is_right: bool,
    /// What is wrong with the new password, if one was given.
    pub flaws: Vec<PasswordFlaw>,
}

/// Why a password was not changed after the review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewPasswordChangeError {
    /// Something is wrong; nothing was changed.
    #[error("the change of password is refused")]
    Refused(PasswordReview),
    /// Too many wrong passwords were tried.
    #[error("too many wrong passwords were tried")]
    TooManyAttempts {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Changes passwords for a surface that tells all that is wrong at once.
pub trait ReviewedPasswords: Send + Sync + 'static {
    /// Does what [`Passwords::change_password`] does, if nothing is wrong. The existing password is checked whatever
    /// else is wrong, and the new one is held against it; both count as one try.
    fn review_password_change(
        &self,
        request: ReviewPasswordChange,
    ) -> impl Future<Output = Result<(), ReviewPasswordChangeError>> + Send;
}

/// Asks for a code to set a new password with.
#[derive(Clone, Debug)]
pub struct ForgotPassword {
    /// A verified contact of the user.
    pub contact: Contact,
    /// From where.
    pub origin: Origin,
}

/// Sets a new password with a code.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// Where the code was sent.
    pub contact: Contact,
    /// What was typed.
    pub guess: CodeGuess,
    /// The password from now on.
    pub new: Password,
    /// From where.
    pub origin: Origin,
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The new password does not meet the policy; the code is not used up.
    #[error("the password is refused")]
    WeakPassword(Vec<PasswordFlaw>),
    /// Wrong, expired, used, never sent, for another purpose, or guessed at too often: nobody is told which.
    #[error("the code is invalid")]
    InvalidCode,
    /// The new password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Changes and resets passwords.
pub trait Passwords: Send + Sync + 'static {
    /// Replaces the caller's password, ends all other sessions of the user, and tells the user.
    fn change_password(
        &self,
        request: ChangePassword,
    ) -> impl Future<Output = Result<(), ChangePasswordError>> + Send;

    /// Sends a reset code to the contact of an enabled user. To anyone else nothing is sent; the answer is the
    /// same.
    fn forgot_password(
        &self,
        request: ForgotPassword,
    ) -> impl Future<Output = Result<(), SendCodesError>> + Send;

    /// Sets a new password with a reset code, ends all sessions of the user, and tells the user.
    fn reset_password(
        &self,
        request: ResetPassword,
    ) -> impl Future<Output = Result<(), ResetPasswordError>> + Send;
}

/// Shows users to themselves.
pub trait Profiles: Send + Sync + 'static {
    /// The caller with all contacts; none if the user is gone.
    fn profile(&self, caller: Caller) -> impl Future<Output = Result<Option<Profile>, StorageError>> + Send;
}
