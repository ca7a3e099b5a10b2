//! `/admin/users/{id}` and what is done with a user.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use askama::Template;
use asteroid_application::administration::{
    Administration, EditUserError, NameEdit, SetPasswordError, UserDetails, UserReference,
};
use asteroid_identity::{Password, UserStatus, UserVersion};
use asteroid_kernel::{SessionId, UserId};

use super::session::{Form, Visitor};
use super::{
    ConsoleAccounts, ConsoleContext, Frame, NO_STORE, PageError, PageResult, filters, show, weak_password,
};
use crate::admin::objects::{
    EventObject, FailedAttemptsObject, MembershipObject, MessageObject, SessionObject, UserDetailsObject,
    UserExportObject, UserObject,
};
use crate::core::{ApiError, json};

/// What is done with one button.
struct ActionView {
    name: &'static str,
    label: &'static str,
    help: &'static str,
}

#[derive(Template)]
#[template(path = "console/user.html")]
struct UserPage {
    frame: Frame,
    heading: String,
    user: UserObject,
    version: String,
    actions: Vec<ActionView>,
    memberships: Vec<MembershipObject>,
    sessions: Vec<SessionObject>,
    failed_attempts: Vec<FailedAttemptsObject>,
    messages: Vec<MessageObject>,
    events: Vec<EventObject>,
    problem: Option<String>,
    /// The form that is open.
    open: &'static str,
}

/// The page.
pub(super) async fn page<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let user = user_of(&context)?;
    show_user(&mut context, &visitor, user, None, "").await
}

fn user_of<A: 'static, D: 'static>(context: &ConsoleContext<A, D>) -> Result<UserId, PageError> {
    Ok(UserId(context.segment("id").parse().map_err(|_| ApiError::NotFound)?))
}

async fn show_user<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    visitor: &Visitor,
    user: UserId,
    problem: Option<String>,
    open: &'static str,
) -> PageResult {
    let details = context.call(|console| console.administration.show_user(user.into())).await??;
    let details = details.ok_or(ApiError::NotFound)?;
    let frame = visitor.frame(context, "/admin/users");
    show(&UserPage::new(frame, &details, problem, open))
}

impl UserPage {
    fn new(frame: Frame, details: &UserDetails, problem: Option<String>, open: &'static str) -> Self {
        let version = details.profile.version().to_string();
        let UserDetailsObject { user, memberships, sessions, failed_attempts, messages, events, .. } =
            UserDetailsObject::from(details);
        let name = user.name();
        let heading = if name.is_empty() { format!("User {}", user.id) } else { name };
        let actions = actions(&details.profile.user);
        Self {
            frame,
            heading,
            user,
            version,
            actions,
            memberships,
            sessions,
            failed_attempts,
            messages,
            events,
            problem,
            open,
        }
    }
}

/// What can be done with this user by one button.
fn actions(user: &asteroid_identity::User) -> Vec<ActionView> {
    let status = match user.status {
        UserStatus::Enabled => {
            ("disable", "Disable", "Ends every session and lets the user no longer sign in.")
        }
        UserStatus::Disabled => ("enable", "Enable", "Lets the user sign in again."),
    };
    let flag = if user.administrator {
        ("revoke-admin", "Withdraw the administrator flag", "The user may no longer use the console.")
    } else {
        (
            "grant-admin",
            "Grant the administrator flag",
            "Lets the user use the console, and administer all users.",
        )
    };
    let actions = [
        status,
        ("unlock", "Unlock", "Forgets the failed attempts of the user."),
        ("end-sessions", "End all sessions", "Signs the user out everywhere."),
        (
            "require-reset",
            "Require a reset",
            "Removes the password for good. The user sets a new one by a code.",
        ),
        flag,
        ("export", "Export", "Everything that is kept about the user, as JSON."),
    ];
    actions.map(|(name, label, help)| ActionView { name, label, help }).into()
}

/// Why an action was not done.
enum Undone {
    /// The page says why, with this form open.
    Problem(String, &'static str),
    Page(PageError),
}

impl<E: Into<PageError>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Page(error.into())
    }
}

/// Does what a form of the page asks for.
pub(super) async fn act<A: ConsoleAccounts, D: Administration>(
    mut context: ConsoleContext<A, D>,
) -> PageResult {
    let visitor = Visitor::of(&mut context).await?;
    let form = visitor.form(&mut context).await?;
    let user = user_of(&context)?;
    let action = context.segment("action").to_owned();
    if matches!(action.as_str(), "delete" | "require-reset" | "set-password" | "grant-admin") {
        visitor.must_be_recent(&format!("/admin/users/{user}"))?;
    }
    if action == "export" {
        return export(&mut context, &visitor, user).await;
    }
    match done(&mut context, &visitor, user, &action, &form).await {
        Ok(()) if action == "delete" => Err(PageError::SeeOther("/admin/users?done=delete".to_owned())),
        Ok(()) => Err(PageError::SeeOther(format!("/admin/users/{user}?done={action}"))),
        Err(Undone::Problem(problem, open)) => {
            show_user(&mut context, &visitor, user, Some(problem), open).await
        }
        Err(Undone::Page(error)) => Err(error),
    }
}

async fn done<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    visitor: &Visitor,
    user: UserId,
    action: &str,
    form: &Form,
) -> Result<(), Undone> {
    let operator = visitor.operator(context);
    let reference = || UserReference::from(user);
    let is_there = match action {
        "disable" | "enable" => {
            let status = if action == "enable" { UserStatus::Enabled } else { UserStatus::Disabled };
            context
                .call(|console| console.administration.set_status(reference(), status, operator))
                .await??
                .is_some()
        }
        "unlock" => context
            .call(|console| console.administration.unlock_user(reference(), operator))
            .await??
            .is_some(),
        "end-sessions" | "end-session" => {
            let session: Option<SessionId> = match action {
                "end-session" => Some(form.get("session").parse().map_err(|_| ApiError::NotFound)?),
                _ => None,
            };
            context
                .call(|console| console.administration.end_sessions(reference(), session, operator))
                .await??
                .is_some()
        }
        "require-reset" => context
            .call(|console| console.administration.require_reset(reference(), operator))
            .await??
            .is_some(),
        "grant-admin" | "revoke-admin" => {
            let flag = action == "grant-admin";
            if !flag && user == visitor.session.profile.user.id {
                return Err(Undone::Problem(
                    "You cannot withdraw your own flag: another administrator can.".to_owned(),
                    "",
                ));
            }
            context
                .call(|console| console.administration.set_administrator(reference(), flag, operator))
                .await??
                .is_some()
        }
        "edit" => edit(context, user, form, operator).await?,
        "set-password" => {
            let password = Password::new(form.get("password"));
            let set = context
                .call(|console| console.administration.set_password(reference(), password, operator))
                .await?;
            match set {
                Ok(set) => set.is_some(),
                Err(SetPasswordError::WeakPassword(flaws)) => {
                    return Err(Undone::Problem(weak_password(&flaws), "set-password"));
                }
                Err(SetPasswordError::Hashing(error)) => return Err(ApiError::from(error).into()),
                Err(SetPasswordError::Storage(error)) => return Err(error.into()),
            }
        }
        "delete" => {
            let confirmed = UserReference::parse(form.get("confirm"), context.settings().default_region).ok();
            let named = match confirmed {
                None => None,
                Some(confirmed) => {
                    context.call(|console| console.administration.find_user(confirmed)).await??
                }
            };
            if named != Some(user) {
                let problem =
                    "This is neither the id nor a contact of the user: nothing was deleted.".to_owned();
                return Err(Undone::Problem(problem, "delete"));
            }
            context
                .call(|console| console.administration.delete_user(reference(), operator))
                .await??
                .is_some()
        }
        _ => false,
    };
    if is_there { Ok(()) } else { Err(ApiError::NotFound.into()) }
}

async fn edit<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    user: UserId,
    form: &Form,
    operator: asteroid_application::Operator,
) -> Result<bool, Undone> {
    let name = NameEdit::parse(Some(form.get("first_name")), Some(form.get("last_name")));
    let name = name.map_err(|error| Undone::Problem(format!("The name is refused: {error}."), "edit"))?;
    let stale = || {
        let problem =
            "The user was changed meanwhile: this is how it is now. Nothing of your edit was saved.";
        Undone::Problem(problem.to_owned(), "edit")
    };
    let version = UserVersion::parse(form.get("version")).ok_or_else(stale)?;
    let edited = context
        .call(|console| console.administration.rename_user(user.into(), name, Some(version), operator))
        .await?;
    match edited {
        Ok(edited) => Ok(edited.is_some()),
        Err(EditUserError::Stale) => Err(stale()),
        Err(EditUserError::Storage(error)) => Err(error.into()),
    }
}

async fn export<A: ConsoleAccounts, D: Administration>(
    context: &mut ConsoleContext<A, D>,
    visitor: &Visitor,
    user: UserId,
) -> PageResult {
    let operator = visitor.operator(context);
    let export = context.call(|console| console.administration.export_user(user.into(), operator)).await??;
    let export = export.ok_or(ApiError::NotFound)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"user-{user}.json\"")))
        .insert_header((CACHE_CONTROL, NO_STORE));
    Ok(json(response, &UserExportObject::from(&export)))
}
