//! `/admin/first`: makes the first administrator, by a link that is printed once.

use std::sync::{Mutex, PoisonError};

use askama::Template;
use asteroid_application::Operator;
use asteroid_application::administration::{Administration, CreateUserError, NewAccount};
use asteroid_identity::{ContactType, Password, PersonName, SessionToken};
use asteroid_kernel::{Contact, Randomness};

use super::new_user::refusal;
use super::session::{Form, query};
use super::{ConsoleAccounts, ConsoleContext, PageError, PageResult, show};
use crate::core::ApiError;

/// The token of a link that makes the first administrator. It works once, and while there is no administrator.
#[derive(Debug)]
pub struct FirstAdministrator(Mutex<Option<SessionToken>>);

impl FirstAdministrator {
    /// No link.
    #[must_use]
    pub const fn none() -> Self {
        Self(Mutex::new(None))
    }

    /// A link, and its path.
    #[must_use]
    pub fn new(randomness: &dyn Randomness) -> (Self, String) {
        let token = SessionToken::new(randomness);
        let path = format!("/admin/first?token={}", token.expose());
        (Self(Mutex::new(Some(token))), path)
    }

    /// Whether this is the token.
    fn is(&self, text: &str) -> bool {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let given = SessionToken::parse(text);
        // Compared by their hashes: the time tells nothing of the token.
        matches!((&*token, given), (Some(token), Some(given)) if token.hash() == given.hash())
    }

    fn spend(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[derive(Template)]
#[template(path = "console/first.html")]
struct FirstPage {
    token: String,
    contact: String,
    first_name: String,
    last_name: String,
    problem: Option<String>,
}

/// Fails unless the link works.
async fn must_work<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    token: &str,
) -> Result<(), PageError> {
    if !context.use_cases().first.is(token) {
        return Err(ApiError::NotFound.into());
    }
    if context.call(|console| console.administration.has_administrator()).await?? {
        context.use_cases().first.spend();
        return Err(ApiError::NotFound.into());
    }
    Ok(())
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let token = query(context.request(), "token");
    must_work(&mut context, &token).await?;
    let [contact, first_name, last_name] = [const { String::new() }; 3];
    show(&FirstPage { token, contact, first_name, last_name, problem: None })
}

/// Makes the administrator.
pub(super) async fn create<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let form = Form::read(&mut context).await?;
    must_work(&mut context, form.get("token")).await?;
    let again = |problem: String| {
        let field = |name| form.get(name).to_owned();
        show(&FirstPage {
            token: field("token"),
            contact: field("contact"),
            first_name: field("first_name"),
            last_name: field("last_name"),
            problem: Some(problem),
        })
    };
    let Ok(contact) = Contact::parse(form.get("contact"), context.settings().default_region) else {
        return again("This is neither an e-mail address nor a phone number.".to_owned());
    };
    let name = match PersonName::partial(form.get("first_name"), form.get("last_name")) {
        Ok(name) => name,
        Err(error) => return again(format!("The name is refused: {error}.")),
    };
    let account = NewAccount {
        name,
        contacts: vec![contact],
        contact_type: ContactType::Work,
        password: Some(Password::new(form.get("password"))),
    };
    let operator = Operator { name: "first administrator's link".to_owned(), origin: context.origin() };
    let by = operator.clone();
    let user = match context.call(|console| console.administration.create_user(account, None, by)).await? {
        Ok(user) => user,
        Err(CreateUserError::ContactTaken(_)) => {
            return again("A user has this contact: `asteroid user grant-admin` sets the flag.".to_owned());
        }
        Err(error) => return again(refusal(error)?),
    };
    context.call(|console| console.administration.set_administrator(user.into(), true, operator)).await??;
    context.use_cases().first.spend();
    Err(PageError::SeeOther("/admin/sign-in?why=first".to_owned()))
}
