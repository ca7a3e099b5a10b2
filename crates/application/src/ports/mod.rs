//! The ports that drive the use cases: what a surface may ask for, what it gets, and why it may be refused.

#[macro_use]
mod codes;
#[macro_use]
pub mod development;
#[macro_use]
mod passwords;
#[macro_use]
pub mod practice;
#[macro_use]
mod registrations;
#[macro_use]
mod sessions;

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

asteroid_kernel::port! {
    /// Shows users to themselves.
    pub trait Profiles {
        /// The caller with all contacts; none if the user is gone.
        async fn profile(&self, caller: Caller) -> Result<Option<Profile>, StorageError>;
    }
}
