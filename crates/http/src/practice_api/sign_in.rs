//! `POST /users/sign_in`

use asteroid_application::accounts::{SignIn, SignInError, SignedInUser, TokenForm};
use asteroid_identity::Password;
use asteroid_kernel::{EmailAddress, Origin};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::body::{ParamsBody, password_schema, user_schema};
use super::error::{
    AccessError, FailureReply, ParamErrors, PracticeApiError, PracticeApiResult, REPEATED, ok,
};
use super::params::{ParamValue, Params};
use super::profile::ProfileReply;
use super::{AccountUseCases, PracticeContext, PracticeUseCases};
use crate::HttpSettings;
use crate::core::{ApiError, Endpoint};

pub(super) fn endpoint<A: AccountUseCases, P: PracticeUseCases>() -> Endpoint {
    Endpoint::new(__path_sign_in, sign_in::<A, P>)
}

struct SignInBody {
    email: EmailAddress,
    password: Password,
}

impl SignInBody {
    fn into_request(self, origin: Origin) -> SignIn {
        SignIn { contact: self.email.into(), password: self.password, token: TokenForm::Signed, origin }
    }
}

impl ParamsBody for SignInBody {
    const JSON_NAME: &'static str = "SignInBody";
    const FORM_NAME: &'static str = "SignInForm";

    fn schema() -> Object {
        let email =
            ObjectBuilder::new().schema_type(Type::String).description(Some("Email address of user."));
        let fields = ObjectBuilder::new()
            .property("email", email)
            .required("email")
            .property("password", password_schema("Password of user."))
            .required("password");
        user_schema("A request to sign in.", fields)
    }

    fn example() -> Value {
        json!({"user": {"email": "jeremy@test.com", "password": "5VphcVNdGhJi"}})
    }

    /// Credentials that no user can have are refused like wrong ones. This costs no hashing, which shows the client
    /// nothing but what it sent.
    fn read(params: &Params, settings: &HttpSettings) -> Result<Self, PracticeApiError> {
        let (email, password) = (params.given("user[email]"), params.given("user[password]"));
        let mut errors = ParamErrors::default();
        for (name, given) in [("email", &email), ("password", &password)] {
            errors.extend(name, matches!(given, ParamValue::Repeated).then_some(REPEATED));
        }
        errors.none()?;
        let refused = PracticeApiError::Refused(AccessError::Credentials);
        let (ParamValue::Text(email), ParamValue::Text(password)) = (email, password) else {
            return Err(refused);
        };
        let password = Some(Password::new(password));
        let password = password.filter(|password| {
            !password.expose().trim().is_empty() && !settings.passwords.is_oversized(password)
        });
        match (EmailAddress::parse(email), password) {
            (Ok(email), Some(password)) => Ok(Self { email, password }),
            (Err(_), _) | (_, None) => Err(refused),
        }
    }
}

/// Login
///
/// Authenticate a user with their email and password and receive an authentication token that can be used with other
/// endpoints that retrieve user related data.
#[utoipa::path(
    post, path = "/users/sign_in", tag = "Users",
    responses(
        (status = 200, description = "A new session", body = SignInReply),
        (status = 401, description = "Wrong email or password", body = FailureReply,
            example = json!({"error": "Invalid email or password."})),
    )
)]
async fn sign_in<A: AccountUseCases, P: PracticeUseCases>(
    mut context: PracticeContext<A, P>,
    body: SignInBody,
) -> PracticeApiResult<SignInError> {
    let request = body.into_request(context.origin());
    let signed_in =
        context.call_to_end(|ports| async move { ports.accounts.sign_in(request).await }).await??;
    Ok(ok(&SignInReply::from(signed_in)))
}

/// A new session and its user.
#[derive(Serialize, ToSchema)]
struct SignInReply {
    /// The token to be used to authenticate future requests.
    #[schema(
        example = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoyNSwiZXhwaXJlc19hdCI6IjIwMjItMTEtMjQgMTg6NDc6NDIgVVRDIn0.K1Y3HB0ljH-DmIVUBX7ggc3J4WUe6z3b4kHmYexHImY"
    )]
    token: String,
    #[serde(flatten)]
    profile: ProfileReply,
    /// The same as `timeZone`.
    #[schema(required = true, example = "America/New_York")]
    timezone: Option<&'static str>,
}

impl From<SignedInUser> for SignInReply {
    fn from(SignedInUser { signed_in, profile }: SignedInUser) -> Self {
        let profile = ProfileReply::from(profile);
        Self { token: signed_in.token.expose().to_owned(), timezone: profile.time_zone, profile }
    }
}

impl From<SignInError> for PracticeApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Self::Refused(AccessError::Credentials),
            SignInError::TooManyAttempts { retry_after } => ApiError::TooManyRequests { retry_after }.into(),
            SignInError::Busy { retry_after } => ApiError::Unavailable { retry_after }.into(),
            SignInError::Hashing(error) => Self::ApiError(error.into()),
            SignInError::Signing(error) => Self::ApiError(error.into()),
            SignInError::Storage(error) => error.into(),
        }
    }
}
