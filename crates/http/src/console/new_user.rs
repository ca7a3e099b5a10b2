//! `/admin/users/new`

use askama::Template;
use asteroid_application::administration::{Administration, CreateUserError, NewAccount};
use asteroid_identity::{ContactType, Password, PersonName};
use asteroid_kernel::Contact;

use super::session::{Form, Visitor};
use super::{ConsoleAccounts, ConsoleContext, Frame, PageError, PageResult, show, weak_password};
use crate::core::ApiError;

/// What was typed, but for the password.
#[derive(Default)]
struct Fields {
    first_name: String,
    last_name: String,
    contacts: String,
    contact_type: String,
}

#[derive(Template)]
#[template(path = "console/new_user.html")]
struct NewUserPage {
    frame: Frame,
    fields: Fields,
    problem: Option<String>,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let frame = visitor.frame(&context, "/admin/users");
    show(&NewUserPage { frame, fields: Fields::default(), problem: None })
}

impl Fields {
    fn of(form: &Form) -> Self {
        let field = |name| form.get(name).to_owned();
        Self {
            first_name: field("first_name"),
            last_name: field("last_name"),
            contacts: field("contacts"),
            contact_type: field("type"),
        }
    }
}

/// Creates the user.
pub(super) async fn create<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let form = visitor.form(&mut context).await?;
    let region = context.settings().default_region;
    let again = |context: &ConsoleContext<A, D>, problem: String| {
        let frame = visitor.frame(context, "/admin/users");
        show(&NewUserPage { frame, fields: Fields::of(&form), problem: Some(problem) })
    };
    let name = match PersonName::partial(form.get("first_name"), form.get("last_name")) {
        Ok(name) => name,
        Err(error) => return again(&context, format!("The name is refused: {error}.")),
    };
    let mut contacts = Vec::new();
    for text in form.get("contacts").lines().map(str::trim).filter(|text| !text.is_empty()) {
        match Contact::parse(text, region) {
            Ok(contact) => contacts.push(contact),
            Err(error) => return again(&context, format!("{text} is no contact: {error}.")),
        }
    }
    let password = Some(form.get("password")).filter(|password| !password.is_empty()).map(Password::new);
    let contact_type = ContactType::parse(form.get("type")).unwrap_or(ContactType::Personal);
    let account = NewAccount { name, contacts, contact_type, password };
    let operator = visitor.operator(&context);
    let created = context.call(|console| console.administration.create_user(account, None, operator)).await?;
    match created {
        Ok(user) => Err(PageError::SeeOther(format!("/admin/users/{user}?done=create"))),
        Err(error) => again(&context, refusal(error)?),
    }
}

/// What a page says of a creation that was refused.
pub(super) fn refusal(error: CreateUserError) -> Result<String, PageError> {
    match error {
        CreateUserError::NoContact => Ok("A user needs an e-mail address or a phone number.".to_owned()),
        CreateUserError::ContactTaken(contact) => {
            Ok(format!("{} belongs to a user already, or is given twice.", contact.as_str()))
        }
        CreateUserError::WeakPassword(flaws) => Ok(weak_password(&flaws)),
        CreateUserError::KeyReused => Err(ApiError::Internal.into()),
        CreateUserError::Hashing(error) => Err(ApiError::from(error).into()),
        CreateUserError::Storage(error) => Err(error.into()),
    }
}
