//! Users as the command line shows them.

use asteroid_http::admin::objects::{SessionObject, UserDetailsObject, UserObject};

use super::super::audit::table as events_table;
use super::super::outbox::table as messages_table;
use super::super::output::{LEFT, TextTable};

/// A table of users.
pub(super) fn table(users: &[UserObject]) -> String {
    if users.is_empty() {
        return "No such user is there.\n".to_owned();
    }
    let mut table = TextTable::with_header(["ID", "NAME", "STATUS", "CONTACTS", "CREATED", "LAST SIGN-IN"]);
    for user in users {
        let contacts: Vec<&str> = user.contacts.iter().map(|own| own.contact.as_str()).collect();
        table.add_row([
            user.id.to_string(),
            user.name(),
            user.status.to_owned(),
            contacts.join(", "),
            user.created_at.clone(),
            user.last_login.clone().unwrap_or_else(|| "never".to_owned()),
        ]);
    }
    table.render(LEFT)
}

/// A table of sessions.
pub(super) fn sessions_table(sessions: &[SessionObject]) -> String {
    if sessions.is_empty() {
        return "The user has no session.\n".to_owned();
    }
    let mut table = TextTable::with_header(["ID", "TOKEN", "CREATED", "LAST USED", "ADDRESS", "USER AGENT"]);
    for session in sessions {
        table.add_row([
            session.id.clone(),
            session.token.to_owned(),
            session.created_at.clone(),
            session.last_used_at.clone(),
            session.ip.clone().unwrap_or_default(),
            session.user_agent.clone().unwrap_or_default().replace(char::is_control, " "),
        ]);
    }
    table.render(LEFT)
}

/// A user with everything around, for people.
pub(super) fn details(details: &UserDetailsObject) -> String {
    let user = &details.user;
    let mut facts = TextTable::default();
    let yes_no = |is: bool| if is { "yes" } else { "no" }.to_owned();
    facts.add_row(["id".to_owned(), user.id.to_string()]);
    facts.add_row(["name".to_owned(), user.name()]);
    facts.add_row(["status".to_owned(), user.status.to_owned()]);
    facts.add_row(["administrator".to_owned(), yes_no(user.administrator)]);
    facts.add_row(["password".to_owned(), yes_no(user.has_password)]);
    facts.add_row(["created".to_owned(), user.created_at.clone()]);
    let last_login = user.last_login.clone().unwrap_or_else(|| "never".to_owned());
    facts.add_row(["last sign-in".to_owned(), last_login]);
    let mut text = facts.render(LEFT);
    let mut section = |title: &str, body: String| {
        text.extend(["\n", title, "\n", &body]);
    };
    let mut contacts = TextTable::default();
    for own in &user.contacts {
        let primary = if own.primary { "primary" } else { "" };
        let source =
            own.practice.map_or(own.source.to_owned(), |practice| format!("imported by practice {practice}"));
        contacts.add_row([own.contact.as_str(), own.contact_type, primary, &source, &own.verified_at]);
    }
    section("Contacts", contacts.render(LEFT));
    if !details.memberships.is_empty() {
        let mut memberships = TextTable::with_header(["PRACTICE", "ROLES", "CLIENT"]);
        for one in &details.memberships {
            let client = one.client.clone().unwrap_or_default();
            memberships.add_row([one.practice.to_string(), one.roles.join(", "), client]);
        }
        section("Memberships", memberships.render(LEFT));
    }
    section("Sessions", sessions_table(&details.sessions));
    if !details.failed_attempts.is_empty() {
        let mut attempts = TextTable::with_header(["FAILED ATTEMPTS", "COUNT", "LAST", "LOCKED"]);
        for one in &details.failed_attempts {
            let last_at = one.last_at.clone().unwrap_or_default();
            attempts.add_row([one.attempted.clone(), one.count.to_string(), last_at, one.locked.clone()]);
        }
        section("Failed attempts", attempts.render(LEFT));
    }
    if !details.messages.is_empty() {
        section("Latest messages", messages_table(&details.messages));
    }
    section("Latest events", events_table(&details.events));
    text
}
