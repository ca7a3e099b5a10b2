//! Changing a password with all errors returned at once.

use std::time::Duration;

use asteroid_audit::AuditRepository;
use asteroid_identity::{
    FamiliarAddressRepository, HashingError, Password, PasswordFlaw, PasswordHasher, SessionRepository,
    UserRepository,
};
use asteroid_kernel::{Origin, Storage, StorageError, unit_of_work};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;

use super::Accounts;
use super::admission::TryRefused;
use super::budgets::TryOutcome;
use super::open_session::Caller;

/// Replaces the caller's password, or says all that is wrong with the request at once.
#[derive(Clone, Debug)]
pub struct ReviewPasswordChange {
    /// Whose password.
    pub caller: Caller,
    /// The password so far; none if none was given.
    pub existing: Option<Password>,
    /// The password from now on; none if none was given.
    pub new: Option<Password>,
    /// Whether the caller found nothing wrong with its own part, such as a missing confirmation.
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
    /// Other tries of this password are being checked, and took too long.
    #[error("too many tries of this password are being checked")]
    Busy {
        /// The time after which to retry.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<TryRefused> for ReviewPasswordChangeError {
    fn from(refused: TryRefused) -> Self {
        match refused {
            TryRefused::Limited { retry_after } => Self::TooManyAttempts { retry_after },
            TryRefused::Busy { retry_after } => Self::Busy { retry_after },
            TryRefused::Failed(error) => Self::Storage(error),
        }
    }
}

asteroid_kernel::port! {
    /// Changes passwords for a surface that tells all that is wrong at once.
    pub trait ReviewedPasswords {
        /// Does what [`PasswordChanges::change_password`] does, if nothing is wrong. The existing password is checked whatever
        /// else is wrong. The new one is compared with the existing one as it was given, never with the stored one.
        async fn review_password_change(
            &self,
            request: ReviewPasswordChange,
        ) -> Result<(), ReviewPasswordChangeError>;
    }
}

impl<S, H> ReviewedPasswords for Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository
        + FamiliarAddressRepository
        + SessionRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository,
    H: PasswordHasher,
{
    async fn review_password_change(
        &self,
        request: ReviewPasswordChange,
    ) -> Result<(), ReviewPasswordChangeError> {
        let ReviewPasswordChange { caller, existing, new, complete, origin } = request;
        let (change, checked) = self.begin_change(caller, new.as_ref(), origin).await?;
        let policy = &change.context.rules().passwords;
        // Compared as they were sent. A comparison with the stored hash would confirm a guess to who cannot give the password.
        let same = existing
            .as_ref()
            .zip(new.as_ref())
            .is_some_and(|(existing, new)| existing.expose() == new.expose());
        // Longer than any password: not hashed.
        let existing = existing.as_ref().filter(|given| !policy.is_oversized(given));
        let running = self.begin_try(&change).await?;
        let existing_is_right = match existing {
            Some(existing) => match self.is_current(&change, existing).await {
                Ok(is_right) => is_right,
                Err(error) => return Err(self.give_back(running, &change.context, error.into()).await),
            },
            None => false,
        };
        let (new, mut flaws) = match checked {
            Ok(new) => (new, Vec::new()),
            Err(flaws) => (None, flaws),
        };
        flaws.extend(same.then_some(PasswordFlaw::SameAsCurrent));
        let clean = complete && existing_is_right && flaws.is_empty();
        let Some(new) = new.filter(|_| clean) else {
            if existing_is_right {
                let context = self.context(change.context.origin.clone());
                self.storage
                    .write(unit_of_work((running, context), |(running, context), tx: &mut S::Tx| {
                        Box::pin(running.settle(tx, TryOutcome::Succeeded, context))
                    }))
                    .await?;
            } else {
                self.note_wrong(&change, running).await?;
            }
            let review = PasswordReview { existing_is_right, flaws };
            return Err(ReviewPasswordChangeError::Refused(review));
        };
        let new = match self.hasher.hash(&new).await {
            Ok(new) => new,
            Err(error) => return Err(self.give_back(running, &change.context, error.into()).await),
        };
        if self.finish_change(change, new, running).await? {
            Ok(())
        } else {
            let review = PasswordReview { existing_is_right: false, flaws };
            Err(ReviewPasswordChangeError::Refused(review))
        }
    }
}
