//! The ports that drive the use cases: what a surface may ask for, what it gets, and why it may be refused.

mod codes;
pub mod development;
mod passwords;
pub mod practice;
mod registrations;
mod sessions;

use std::future::Future;

use asteroid_identity::Profile;
use asteroid_kernel::StorageError;

pub use codes::{CodeVersion, SendCodes, SendCodesError, VerificationCodes, VerifyCode, VerifyCodeError};
pub use passwords::{
    ChangePassword, ChangePasswordError, ForgotPassword, PasswordReview, Passwords, ResetPassword,
    ResetPasswordError, ReviewPasswordChange, ReviewPasswordChangeError, ReviewedPasswords,
};
pub use registrations::{Register, RegisterError, Registrations};
pub use sessions::{
    AuthenticateError, BearerToken, Caller, Sessions, SignIn, SignInError, SignedIn, SignedSessions,
    SignedSignInError,
};

/// Shows users to themselves.
pub trait Profiles: Send + Sync + 'static {
    /// The caller with all contacts; none if the user is gone.
    fn profile(&self, caller: Caller) -> impl Future<Output = Result<Option<Profile>, StorageError>> + Send;
}
