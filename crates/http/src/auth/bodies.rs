//! The request bodies.

use std::borrow::Cow;

use asteroid_application::ports::{
    Caller, ChangePassword, CodeVersion, ForgotPassword, Register, ResetPassword, SendCodes, SignIn,
    VerifyCode,
};
use asteroid_identity::{ContactType, Password, PersonName};
use asteroid_kernel::{Contact, Origin};
use asteroid_verification::CodeGuess;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::fields::{
    CHOSEN_PASSWORD, CODE, CONTACT, EMAIL, EXISTING_PASSWORD, FIRST_NAME, LAST_NAME, NEW_PASSWORD,
    NEW_PASSWORD_CONFIRMATION, PASSWORD, PASSWORD_CONFIRMATION, PHONE, TYPE, schema,
};
use super::form::{Body, Form};
use crate::HttpSettings;

/// More characters than any code has; what is no code is for the use case to refuse.
const CODE_MAX_CHARS: usize = 64;

/// Registers.
pub(super) struct RegisterBody {
    name: PersonName,
    contact: Contact,
    contact_type: ContactType,
    password: Password,
}

impl RegisterBody {
    pub(super) fn into_request(self, origin: Origin) -> Register {
        let Self { name, contact, contact_type, password } = self;
        Register { name, contact, contact_type, password, origin }
    }
}

impl Body for RegisterBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        let (first, last) = (form.name_part(&FIRST_NAME), form.name_part(&LAST_NAME));
        let mut contacts = given_contacts(form, settings);
        if form.is_given(&EMAIL) && form.is_given(&PHONE) {
            for field in [&EMAIL, &PHONE] {
                form.refuse(field, "Either an e-mail address or a phone number must be given, not both.");
            }
        }
        let contact_type = form.text(&TYPE).and_then(|text| {
            let contact_type = ContactType::parse(text);
            if contact_type.is_none() {
                form.refuse(&TYPE, "The type must be work or personal.");
            }
            contact_type
        });
        let name = first.zip(last).and_then(|(first, last)| PersonName::new(&first, &last).ok());
        let fields = [&CHOSEN_PASSWORD, &PASSWORD_CONFIRMATION];
        let password = form.new_password(fields, settings, &contacts, name.as_slice());
        Some(Self { name: name?, contact: contacts.pop()?, contact_type: contact_type?, password: password? })
    }
}

/// Signs in with a password.
pub(super) struct LoginBody {
    contact: Contact,
    password: Password,
}

impl LoginBody {
    pub(super) fn into_request(self, origin: Origin) -> SignIn {
        SignIn { contact: self.contact, password: self.password, origin }
    }
}

impl Body for LoginBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        let contact = form.contact(&CONTACT, settings.default_region);
        let password = form.password(&PASSWORD, settings);
        Some(Self { contact: contact?, password: password? })
    }
}

/// Replaces the password.
pub(super) struct ChangePasswordBody {
    existing: Password,
    new: Password,
}

impl ChangePasswordBody {
    pub(super) fn into_request(self, caller: Caller, origin: Origin) -> ChangePassword {
        ChangePassword { caller, existing: self.existing, new: self.new, origin }
    }
}

impl Body for ChangePasswordBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        let existing = form.password(&EXISTING_PASSWORD, settings);
        let new = form.new_password([&NEW_PASSWORD, &NEW_PASSWORD_CONFIRMATION], settings, &[], &[]);
        if let (Some(existing), Some(new)) = (&existing, &new)
            && existing.expose() == new.expose()
        {
            form.refuse_same(&NEW_PASSWORD);
        }
        Some(Self { existing: existing?, new: new? })
    }
}

/// Asks for a code to set a new password with.
pub(super) struct ForgotPasswordBody {
    contact: Contact,
}

impl ForgotPasswordBody {
    pub(super) fn into_request(self, origin: Origin) -> ForgotPassword {
        ForgotPassword { contact: self.contact, origin }
    }
}

impl Body for ForgotPasswordBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        Some(Self { contact: form.contact(&CONTACT, settings.default_region)? })
    }
}

/// Sets a new password with a code.
pub(super) struct ResetPasswordBody {
    contact: Contact,
    guess: CodeGuess,
    new: Password,
}

impl ResetPasswordBody {
    pub(super) fn into_request(self, origin: Origin) -> ResetPassword {
        ResetPassword { contact: self.contact, guess: self.guess, new: self.new, origin }
    }
}

impl Body for ResetPasswordBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        let contact = form.contact(&CONTACT, settings.default_region);
        let guess = form.short_text(&CODE, CODE_MAX_CHARS).map(CodeGuess::new);
        let fields = [&CHOSEN_PASSWORD, &PASSWORD_CONFIRMATION];
        let new = form.new_password(fields, settings, contact.as_slice(), &[]);
        Some(Self { contact: contact?, guess: guess?, new: new? })
    }
}

/// Asks for codes.
pub(super) struct SendCodesBody {
    contacts: Vec<Contact>,
}

impl SendCodesBody {
    pub(super) fn into_request(self, version: CodeVersion, origin: Origin) -> SendCodes {
        SendCodes { contacts: self.contacts, version, origin }
    }
}

impl Body for SendCodesBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        Some(Self { contacts: given_contacts(form, settings) })
    }
}

/// Tries a code.
pub(super) struct VerifyCodeBody {
    contact: Contact,
    guess: CodeGuess,
}

impl VerifyCodeBody {
    pub(super) fn into_request(self, origin: Origin) -> VerifyCode {
        VerifyCode { contact: self.contact, guess: self.guess, origin }
    }
}

impl Body for VerifyCodeBody {
    fn read(form: &mut Form<'_>, settings: &HttpSettings) -> Option<Self> {
        let contact = form.contact(&CONTACT, settings.default_region);
        let guess = form.short_text(&CODE, CODE_MAX_CHARS).map(CodeGuess::new);
        Some(Self { contact: contact?, guess: guess? })
    }
}

/// What is in `email` and `phone`, at least one of which must be there. One that is absent or null does not
/// count; one that is blank does, and is wrong.
fn given_contacts(form: &mut Form<'_>, settings: &HttpSettings) -> Vec<Contact> {
    let (email, phone) = (form.is_given(&EMAIL), form.is_given(&PHONE));
    if !email && !phone {
        for field in [&EMAIL, &PHONE] {
            form.require(field, "An e-mail address or a phone number is required.");
        }
    }
    let email = if email { form.email(&EMAIL) } else { None };
    let phone = if phone { form.phone(&PHONE, settings.default_region) } else { None };
    email.into_iter().chain(phone).collect()
}

macro_rules! describe {
    ($($body:ident: $about:literal, [$($required:ident),*], [$($optional:ident),*];)*) => { $(
        impl PartialSchema for $body {
            fn schema() -> RefOr<Schema> {
                schema($about, &[$(&$required),*], &[$(&$optional),*])
            }
        }

        impl ToSchema for $body {
            fn name() -> Cow<'static, str> {
                stringify!($body).into()
            }
        }
    )* };
}

describe! {
    RegisterBody: "A request to register with the system. Exactly one of `phone` and `email` must be given.",
        [FIRST_NAME, LAST_NAME, TYPE, CHOSEN_PASSWORD, PASSWORD_CONFIRMATION], [PHONE, EMAIL];
    LoginBody: "A request to sign in with a password.", [CONTACT, PASSWORD], [];
    ChangePasswordBody: "A request to replace the password.",
        [EXISTING_PASSWORD, NEW_PASSWORD, NEW_PASSWORD_CONFIRMATION], [];
    ForgotPasswordBody: "A request for a code to set a new password with.", [CONTACT], [];
    ResetPasswordBody: "A request to set a new password with a code.",
        [CONTACT, CODE, CHOSEN_PASSWORD, PASSWORD_CONFIRMATION], [];
    SendCodesBody: "A request for codes: to `email`, to `phone`, or one to each.", [], [EMAIL, PHONE];
    VerifyCodeBody: "A request to redeem a code.", [CONTACT, CODE], [];
}
