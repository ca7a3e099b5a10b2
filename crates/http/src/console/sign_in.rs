//! `/admin/sign-in`, `/admin/sign-out`

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use askama::Template;
use asteroid_application::accounts::{Caller, SignIn, SignInError, TokenForm};
use asteroid_application::administration::Administration;
use asteroid_identity::Password;
use asteroid_kernel::Contact;

use super::session::{Form, Visitor, cookie, query};
use super::{ConsoleAccounts, ConsoleContext, NO_STORE, PageError, PageResult, show};
use crate::core::{ApiError, whole_seconds};

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    to: String,
    contact: String,
    reason: Option<&'static str>,
    problem: Option<String>,
}

/// The page to sign in.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let to = own_path(&query(context.request(), "to"));
    let is_again = query(context.request(), "why") == "again";
    if !is_again && Visitor::find(&mut context).await?.is_some() {
        return Err(PageError::SeeOther(to));
    }
    let reason = match query(context.request(), "why").as_str() {
        "again" => Some("Sign in again: what cannot be undone needs a sign-in within the last 10 minutes."),
        "first" => Some("The administrator is made: sign in."),
        "cookie" => Some(
            "Your browser did not keep the cookie of the console. Reach it by https://, or by an address of this machine.",
        ),
        _ => None,
    };
    show(&SignInPage { to, contact: String::new(), reason, problem: None })
}

/// Signs in.
pub(super) async fn sign_in<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let form = Form::read(&mut context).await?;
    let (to, given) = (own_path(form.get("to")), form.get("contact").to_owned());
    let again = |problem: &str| {
        let (to, contact) = (to.clone(), given.clone());
        show(&SignInPage { to, contact, reason: None, problem: Some(problem.to_owned()) })
    };
    let Ok(contact) = Contact::parse(&given, context.settings().default_region) else {
        return again("This is neither an e-mail address nor a phone number.");
    };
    let origin = context.origin();
    let (password, token) = (Password::new(form.get("password")), TokenForm::Console);
    let request = SignIn { contact, password, token, origin: origin.clone() };
    let signed_in =
        context.call_to_end(|console| async move { console.accounts.sign_in(request).await }).await?;
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(SignInError::InvalidCredentials) => return again("The contact or the password is wrong."),
        Err(SignInError::TooManyAttempts { retry_after } | SignInError::Busy { retry_after }) => {
            let seconds = whole_seconds(retry_after);
            return again(&format!("Too many attempts: try again in {seconds} seconds."));
        }
        Err(SignInError::Hashing(error)) => return Err(ApiError::from(error).into()),
        Err(SignInError::Signing(error)) => return Err(ApiError::from(error).into()),
        Err(SignInError::Storage(error)) => return Err(error.into()),
    };
    if !signed_in.profile.profile.user.administrator {
        let caller = signed_in.signed_in.caller;
        context.call(|console| console.accounts.sign_out(caller, origin)).await??;
        return again("You are no administrator: `asteroid user grant-admin` sets the flag.");
    }
    let token = signed_in.signed_in.token.expose();
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, NO_STORE))
        .cookie(cookie(context.request(), Some(token)))
        .finish())
}

/// Signs out.
pub(super) async fn sign_out<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    visitor.form(&mut context).await?;
    let caller = Caller { user: visitor.session.profile.user.id, session: visitor.session.session };
    let origin = context.origin();
    context.call(|console| console.accounts.sign_out(caller, origin)).await??;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, "/admin/sign-in"))
        .insert_header((CACHE_CONTROL, NO_STORE))
        .cookie(cookie(context.request(), None))
        .finish())
}

/// The path of a page of the console: nobody is sent elsewhere by a link to the sign-in.
fn own_path(to: &str) -> String {
    let is_own = to.starts_with("/admin/")
        && !to.starts_with("/admin/sign-")
        && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { to.to_owned() } else { "/admin/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_pages_of_the_console_alone() {
        for own in ["/admin/", "/admin/users?search=a%20b", "/admin/users/25"] {
            assert_eq!(own_path(own), own);
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/admin/",
            "/administrator",
            "/admin/sign-out",
            "/admin/\\evil",
            "/admin/\r\nSet-Cookie: a=b",
            "/admin/ü",
        ] {
            assert_eq!(own_path(other), "/admin/", "{other:?}");
        }
    }
}
