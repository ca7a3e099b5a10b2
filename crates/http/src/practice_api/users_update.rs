//! `PUT /users`

use std::time::Duration;

use asteroid_application::accounts::{
    Caller, PasswordReview, ReviewPasswordChange, ReviewPasswordChangeError,
};
use asteroid_identity::{HashingError, Password, PasswordFlaw};
use asteroid_kernel::{Origin, StorageError};
use serde_json::{Value, json};
use utoipa::openapi::schema::{Object, ObjectBuilder};

use super::body::{ParamsBody, password_schema, user_schema};
use super::error::{INVALID, InvalidReply, ParamErrors, PracticeApiError, PracticeApiResult, REPEATED, ok};
use super::params::{ParamValue, Params};
use super::profile::ProfileReply;
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::HttpSettings;
use crate::core::openapi::SharedResponse;
use crate::core::{ApiError, Endpoint, OperationError};

const BLANK: &str = "can't be blank";
const SAME_AS_CURRENT: &str = "should be different than your current password";

pub(super) fn endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_update_user, update_user::<A, P>)
}

struct UpdateUserBody {
    current: SubmittedPassword,
    new: SubmittedPassword,
    confirmation: SubmittedPassword,
}

/// A password as it was sent.
enum SubmittedPassword {
    Text(Password),
    /// Missing, null, or only white space.
    Blank,
    /// Not a text.
    Invalid,
    Repeated,
}

impl SubmittedPassword {
    fn of(given: &ParamValue<'_>) -> Self {
        match given {
            ParamValue::Text(text) if !text.trim().is_empty() => Self::Text(Password::new(text)),
            ParamValue::Absent | ParamValue::Null | ParamValue::Text(_) => Self::Blank,
            ParamValue::Truth(_) | ParamValue::Other => Self::Invalid,
            ParamValue::Repeated => Self::Repeated,
        }
    }

    fn text(&self) -> Option<&Password> {
        match self {
            Self::Text(password) => Some(password),
            Self::Blank | Self::Invalid | Self::Repeated => None,
        }
    }

    /// Its error apart from the password policy.
    fn error(&self) -> Option<&'static str> {
        match self {
            Self::Text(_) => None,
            Self::Blank => Some(BLANK),
            Self::Invalid => Some(INVALID),
            Self::Repeated => Some(REPEATED),
        }
    }
}

impl ParamsBody for UpdateUserBody {
    const JSON_NAME: &'static str = "UpdateUserBody";
    const FORM_NAME: &'static str = "UpdateUserForm";

    fn schema() -> Object {
        let fields = [
            ("current_password", "Current password of user."),
            ("password", "New password for user."),
            ("password_confirmation", "New password confirmation for user."),
        ];
        let fields = fields.into_iter().fold(ObjectBuilder::new(), |object, (name, about)| {
            object.property(name, password_schema(about)).required(name)
        });
        user_schema("A request to replace the password.", fields)
    }

    fn example() -> Value {
        json!({
            "user": {
                "current_password": "oldpassword", "password": "newpassword",
                "password_confirmation": "newpassword",
            },
        })
    }

    /// Never fails: the use case reviews the valid parameters first, and then all errors are answered at once.
    fn read(params: &Params, _: &HttpSettings) -> Result<Self, PracticeApiError> {
        Ok(Self {
            current: SubmittedPassword::of(&params.given("user[current_password]")),
            new: SubmittedPassword::of(&params.given("user[password]")),
            confirmation: SubmittedPassword::of(&params.given("user[password_confirmation]")),
        })
    }
}

impl UpdateUserBody {
    fn to_request(&self, caller: Caller, origin: Origin) -> ReviewPasswordChange {
        ReviewPasswordChange {
            caller,
            existing: self.current.text().cloned(),
            new: self.new.text().cloned(),
            complete: self.confirmation_error().is_none(),
            origin,
        }
    }

    /// All errors, with those that the use case found.
    fn errors(&self, review: &PasswordReview) -> ParamErrors {
        let mut errors = ParamErrors::default();
        errors.extend("password_confirmation", self.confirmation_error());
        errors.extend("password", self.new_error());
        errors.extend("password", review.flaws.iter().map(|flaw| message(*flaw)));
        errors.extend("current_password", self.current.error());
        let is_wrong = match &self.current {
            // A blank password is a wrong password, too.
            SubmittedPassword::Text(_) | SubmittedPassword::Blank => !review.existing_is_right,
            SubmittedPassword::Invalid | SubmittedPassword::Repeated => false,
        };
        errors.extend("current_password", is_wrong.then_some(INVALID));
        errors
    }

    /// Two blank passwords are equal, and the documented example answers that alone.
    fn new_error(&self) -> Option<&'static str> {
        match (&self.current, &self.new) {
            (SubmittedPassword::Blank, SubmittedPassword::Blank) => Some(SAME_AS_CURRENT),
            (_, new) => new.error(),
        }
    }

    /// Without a new password there is nothing to compare the confirmation with.
    fn confirmation_error(&self) -> Option<&'static str> {
        match (&self.new, &self.confirmation) {
            (SubmittedPassword::Text(new), SubmittedPassword::Text(confirmation))
                if new.expose() != confirmation.expose() =>
            {
                Some("doesn't match Password")
            }
            (_, confirmation) => confirmation.error(),
        }
    }
}

/// The message for a rule of the password policy that a new password breaks, worded like Devise's.
fn message(flaw: PasswordFlaw) -> String {
    match flaw {
        PasswordFlaw::TooShort { min } => format!("is too short (minimum is {min} characters)"),
        PasswordFlaw::TooLong { max } => format!("is too long (maximum is {max} characters)"),
        PasswordFlaw::TooCommon => "is one of the most common passwords, please choose another".into(),
        PasswordFlaw::HoldsContact => {
            "must not contain your email address, the part of it before the @, or your phone number".into()
        }
        PasswordFlaw::HoldsName => "must not contain your name or that of this service".into(),
        PasswordFlaw::SameAsCurrent => SAME_AS_CURRENT.into(),
    }
}

/// Change Password
///
/// Change a user's password with their current password, new password, and new password confirmation. Every other
/// session of the user ends.
#[utoipa::path(
    put, path = "/users", tag = "Users",
    responses(
        (status = 200, description = "The password is changed", body = ProfileReply),
        (status = 422, description = "All errors of the parameters", body = InvalidReply, example = json!({
            "errors": {
                "password_confirmation": ["can't be blank"],
                "password": ["should be different than your current password"],
                "current_password": ["can't be blank", "is invalid"],
            },
        })),
    )
)]
async fn update_user<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    (caller, body): (Caller, UpdateUserBody),
) -> PracticeApiResult<UpdateUserError> {
    let request = body.to_request(caller, context.origin());
    let reviewed = context
        .call_to_end(|ports| async move { ports.accounts.review_password_change(request).await })
        .await?;
    reviewed.map_err(|error| UpdateUserError::of(error, &body))?;
    let profile = context.call(|ports| ports.practices.practice_profile(caller, None)).await??;
    Ok(ok(&ProfileReply::from(profile.ok_or(UpdateUserError::UserGone)?)))
}

enum UpdateUserError {
    Invalid(ParamErrors),
    TooManyAttempts {
        retry_after: Duration,
    },
    Busy {
        retry_after: Duration,
    },
    Hashing(HashingError),
    Storage(StorageError),
    /// The user was deleted after the token was checked.
    UserGone,
}

impl UpdateUserError {
    fn of(error: ReviewPasswordChangeError, body: &UpdateUserBody) -> Self {
        match error {
            ReviewPasswordChangeError::Refused(review) => Self::Invalid(body.errors(&review)),
            ReviewPasswordChangeError::TooManyAttempts { retry_after } => {
                Self::TooManyAttempts { retry_after }
            }
            ReviewPasswordChangeError::Busy { retry_after } => Self::Busy { retry_after },
            ReviewPasswordChangeError::Hashing(error) => Self::Hashing(error),
            ReviewPasswordChangeError::Storage(error) => Self::Storage(error),
        }
    }
}

impl OperationError for UpdateUserError {
    const RESPONSES: &'static [SharedResponse] =
        &[SharedResponse::Invalid, SharedResponse::TooManyRequests, SharedResponse::Unauthenticated];
}

impl From<UpdateUserError> for PracticeApiError {
    fn from(error: UpdateUserError) -> Self {
        match error {
            UpdateUserError::Invalid(errors) => Self::Invalid(errors),
            UpdateUserError::TooManyAttempts { retry_after } => {
                ApiError::TooManyRequests { retry_after }.into()
            }
            UpdateUserError::Busy { retry_after } => ApiError::Unavailable { retry_after }.into(),
            UpdateUserError::Hashing(error) => Self::ApiError(error.into()),
            UpdateUserError::Storage(error) => error.into(),
            UpdateUserError::UserGone => ApiError::Unauthenticated { token_sent: true }.into(),
        }
    }
}
