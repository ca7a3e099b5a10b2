//! The request bodies.

use asteroid_application::ports::{Caller, PasswordReview, ReviewPasswordChange, SignIn};
use asteroid_identity::{Password, PasswordFlaw};
use asteroid_kernel::{EmailAddress, Origin};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use super::error::{AccessError, ParamErrors, PracticeApiError};
use super::params::{ParamValue, Params};
use crate::HttpSettings;

const BLANK: &str = "can't be blank";
pub(super) const INVALID: &str = "is invalid";
pub(super) const REPEATED: &str = "is given more than once";
const MUST_BE_ACCEPTED: &str = "must be accepted";

/// Signs in.
pub(super) struct SignInBody {
    email: EmailAddress,
    password: Password,
}

impl SignInBody {
    /// What nobody can sign in with is refused as wrong credentials are. It costs no hashing, which tells no more
    /// than whoever asks knows: what was sent.
    pub(super) fn read(params: &Params, settings: &HttpSettings) -> Result<Self, PracticeApiError> {
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

    pub(super) fn into_request(self, origin: Origin) -> SignIn {
        SignIn { contact: self.email.into(), password: self.password, origin }
    }
}

/// Replaces the password.
pub(super) struct UpdateUserBody {
    current: Secret,
    new: Secret,
    confirmation: Secret,
}

/// A password as it was given, or not.
enum Secret {
    Text(Password),
    /// Missing, null, or nothing but white space.
    Blank,
    /// Something else than a text.
    Invalid,
    Repeated,
}

impl Secret {
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

    /// What is wrong with it as such.
    fn error(&self) -> Option<&'static str> {
        match self {
            Self::Text(_) => None,
            Self::Blank => Some(BLANK),
            Self::Invalid => Some(INVALID),
            Self::Repeated => Some(REPEATED),
        }
    }
}

impl UpdateUserBody {
    pub(super) fn read(params: &Params) -> Self {
        Self {
            current: Secret::of(&params.given("user[current_password]")),
            new: Secret::of(&params.given("user[password]")),
            confirmation: Secret::of(&params.given("user[password_confirmation]")),
        }
    }

    pub(super) fn to_request(&self, caller: Caller, origin: Origin) -> ReviewPasswordChange {
        ReviewPasswordChange {
            caller,
            existing: self.current.text().cloned(),
            new: self.new.text().cloned(),
            complete: self.confirmation_error().is_none(),
            origin,
        }
    }

    /// All that is wrong, after the review of what is given.
    pub(super) fn errors(&self, review: &PasswordReview) -> ParamErrors {
        let mut errors = ParamErrors::default();
        errors.extend("password_confirmation", self.confirmation_error());
        errors.extend("password", self.new.error());
        errors.extend("password", review.flaws.iter().map(|flaw| told(*flaw)));
        errors.extend("current_password", self.current.error());
        let is_wrong = match &self.current {
            // Nothing is the wrong password, too.
            Secret::Text(_) | Secret::Blank => !review.existing_is_right,
            Secret::Invalid | Secret::Repeated => false,
        };
        errors.extend("current_password", is_wrong.then_some(INVALID));
        errors
    }

    /// A confirmation of no password is held against nothing.
    fn confirmation_error(&self) -> Option<&'static str> {
        match (&self.new, &self.confirmation) {
            (Secret::Text(new), Secret::Text(confirmation)) if new.expose() != confirmation.expose() => {
                Some("doesn't match Password")
            }
            (_, confirmation) => confirmation.error(),
        }
    }
}

/// What the policy has against a new password, as Devise says it.
fn told(flaw: PasswordFlaw) -> String {
    match flaw {
        PasswordFlaw::TooShort { min } => format!("is too short (minimum is {min} characters)"),
        PasswordFlaw::TooLong { max } => format!("is too long (maximum is {max} characters)"),
        PasswordFlaw::TooCommon => "is one of the most common passwords, please choose another".into(),
        PasswordFlaw::HoldsContact => {
            "must not contain your email address, the part of it before the @, or your phone number".into()
        }
        PasswordFlaw::HoldsName => "must not contain your name".into(),
        PasswordFlaw::SameAsCurrent => "should be different than your current password".into(),
    }
}

/// Accepts the terms.
pub(super) struct AcceptTermsBody;

impl AcceptTermsBody {
    /// The texts that say yes, in any case.
    const YES: [&str; 5] = ["true", "1", "t", "yes", "on"];

    /// An acceptance is a legal act: saying nothing accepts, as documented, but what is said must be a clear yes. A null
    /// is not, and neither is a list, or a text in place of the group.
    pub(super) fn read(params: &Params) -> Result<Self, PracticeApiError> {
        let is_yes = |text: &str| Self::YES.iter().any(|yes| yes.eq_ignore_ascii_case(text));
        let error = match (params.given("terms"), params.given("terms[accept]")) {
            _ if params.has_below("terms[accept]") => MUST_BE_ACCEPTED,
            (ParamValue::Absent | ParamValue::Null, ParamValue::Absent | ParamValue::Truth(true)) => {
                return Ok(Self);
            }
            (ParamValue::Absent | ParamValue::Null, ParamValue::Text(text)) if is_yes(text) => {
                return Ok(Self);
            }
            (_, ParamValue::Repeated) => REPEATED,
            (
                _,
                ParamValue::Absent
                | ParamValue::Null
                | ParamValue::Text(_)
                | ParamValue::Truth(_)
                | ParamValue::Other,
            ) => MUST_BE_ACCEPTED,
        };
        Err(PracticeApiError::Invalid(ParamErrors::of("accept", error)))
    }
}

fn user(about: &str, fields: ObjectBuilder) -> RefOr<Schema> {
    ObjectBuilder::new().description(Some(about)).property("user", fields).required("user").into()
}

fn password(about: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .description(Some(about))
}

impl PartialSchema for SignInBody {
    fn schema() -> RefOr<Schema> {
        let email =
            ObjectBuilder::new().schema_type(Type::String).description(Some("Email address of user."));
        let fields = ObjectBuilder::new()
            .property("email", email)
            .required("email")
            .property("password", password("Password of user."))
            .required("password");
        user("A request to sign in.", fields)
    }
}

impl PartialSchema for UpdateUserBody {
    fn schema() -> RefOr<Schema> {
        let fields = [
            ("current_password", "Current password of user."),
            ("password", "New password for user."),
            ("password_confirmation", "New password confirmation for user."),
        ];
        let fields = fields.into_iter().fold(ObjectBuilder::new(), |object, (name, about)| {
            object.property(name, password(about)).required(name)
        });
        user("A request to replace the password.", fields)
    }
}

impl PartialSchema for AcceptTermsBody {
    fn schema() -> RefOr<Schema> {
        let accept = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some("Accept terms for user."))
            .default(Some(true.into()));
        ObjectBuilder::new()
            .description(Some("A request to accept the terms."))
            .property("terms", ObjectBuilder::new().property("accept", accept))
            .into()
    }
}

impl ToSchema for SignInBody {}
impl ToSchema for UpdateUserBody {}
impl ToSchema for AcceptTermsBody {}
