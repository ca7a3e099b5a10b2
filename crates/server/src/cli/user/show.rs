//! Users as the command line shows them.

use asteroid_application::accounts::{Attempted, FailedAttempts};
use asteroid_application::administration::UserDetails;
use asteroid_identity::{ContactSource, ImportScope, Profile, Session};
use asteroid_limits::Admission;
use serde::Serialize;

use super::super::audit::{ListedEvent, table as events_table};
use super::super::outbox::{ListedMessage, table as messages_table};
use super::super::output::{LEFT, TextTable};

/// A listed user.
#[derive(Serialize)]
pub(super) struct ListedUser {
    id: i64,
    first_name: String,
    last_name: String,
    status: &'static str,
    administrator: bool,
    has_password: bool,
    created_at: String,
    last_login: Option<String>,
    contacts: Vec<ListedContact>,
}

#[derive(Serialize)]
struct ListedContact {
    contact: String,
    #[serde(rename = "type")]
    contact_type: &'static str,
    primary: bool,
    verified_at: String,
    /// `verified`, or `imported`.
    source: &'static str,
    /// The practice whose import brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    practice: Option<i64>,
}

impl From<&Profile> for ListedUser {
    fn from(Profile { user, contacts }: &Profile) -> Self {
        let contacts = contacts.iter().map(|own| {
            let (source, practice) = match own.source {
                ContactSource::Verified => ("verified", None),
                ContactSource::Imported(ImportScope(practice)) => ("imported", practice),
            };
            ListedContact {
                contact: own.contact.as_str().to_owned(),
                contact_type: own.contact_type.as_str(),
                primary: own.primary,
                verified_at: own.verified_at.to_string(),
                source,
                practice,
            }
        });
        Self {
            id: user.id.0,
            first_name: user.name.first().to_owned(),
            last_name: user.name.last().to_owned(),
            status: user.status.as_str(),
            administrator: user.administrator,
            has_password: user.password_hash.is_some(),
            created_at: user.created_at.to_string(),
            last_login: user.last_login.map(|at| at.to_string()),
            contacts: contacts.collect(),
        }
    }
}

impl ListedUser {
    fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// A table of users.
pub(super) fn table(users: &[ListedUser]) -> String {
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

/// A live session.
#[derive(Serialize)]
pub(super) struct ShownSession {
    id: String,
    /// `opaque` or `signed`.
    token: &'static str,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    ip: Option<String>,
    user_agent: Option<String>,
}

impl From<&Session> for ShownSession {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            token: if session.token.is_some() { "opaque" } else { "signed" },
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            expires_at: session.expires_at.to_string(),
            ip: session.origin.ip.map(|ip| ip.to_string()),
            user_agent: session.origin.user_agent.clone(),
        }
    }
}

/// A table of sessions.
pub(super) fn sessions_table(sessions: &[ShownSession]) -> String {
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

#[derive(Serialize)]
struct ShownMembership {
    practice: i64,
    primary_role: String,
    roles: Vec<String>,
    client: Option<String>,
    has_google_api_key: bool,
}

#[derive(Serialize)]
struct ShownNetwork {
    network: String,
    last_sign_in: String,
}

#[derive(Serialize)]
struct ShownAttempts {
    attempted: String,
    count: usize,
    last_at: Option<String>,
    /// `no`, a time, or `until unlocked`.
    locked: String,
}

impl From<&FailedAttempts> for ShownAttempts {
    fn from(attempts: &FailedAttempts) -> Self {
        let attempted = match &attempts.attempted {
            Attempted::PasswordAt(contact) => format!("password at {}", contact.as_str()),
            Attempted::Password => "password at any contact".to_owned(),
            Attempted::PasswordFromFamiliarNetworks => "password from familiar networks".to_owned(),
            Attempted::PasswordFrom(network) => format!("password from {network}"),
            Attempted::CodeAt(contact) => format!("code at {}", contact.as_str()),
        };
        let locked = match attempts.admission {
            Admission::Admitted | Admission::Busy => "no".to_owned(),
            Admission::Wait { until } => format!("until {until}"),
            Admission::Locked => "until unlocked".to_owned(),
        };
        let last_at = attempts.last_at.map(|at| at.to_string());
        Self { attempted, count: attempts.count, last_at, locked }
    }
}

/// A user with everything around.
#[derive(Serialize)]
pub(super) struct ShownUser {
    #[serde(flatten)]
    user: ListedUser,
    memberships: Vec<ShownMembership>,
    sessions: Vec<ShownSession>,
    familiar_networks: Vec<ShownNetwork>,
    failed_attempts: Vec<ShownAttempts>,
    messages: Vec<ListedMessage>,
    events: Vec<ListedEvent>,
}

impl From<&UserDetails> for ShownUser {
    fn from(details: &UserDetails) -> Self {
        let memberships = details.memberships.iter().map(|membership| ShownMembership {
            practice: membership.practice.0,
            primary_role: membership.primary_role.as_str().to_owned(),
            roles: membership.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            client: membership.client.as_ref().map(|client| client.as_str().to_owned()),
            has_google_api_key: membership.google_api_key.is_some(),
        });
        let networks = details.familiar_networks.iter();
        let networks = networks
            .map(|(network, at)| ShownNetwork { network: network.to_string(), last_sign_in: at.to_string() });
        Self {
            user: ListedUser::from(&details.profile),
            memberships: memberships.collect(),
            sessions: details.sessions.iter().map(ShownSession::from).collect(),
            familiar_networks: networks.collect(),
            failed_attempts: details.failed_attempts.iter().map(ShownAttempts::from).collect(),
            messages: details.messages.iter().cloned().map(ListedMessage::from).collect(),
            events: details.events.iter().map(ListedEvent::from).collect(),
        }
    }
}

impl ShownUser {
    /// For people.
    pub(super) fn text(&self) -> String {
        let user = &self.user;
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
            let source = own
                .practice
                .map_or(own.source.to_owned(), |practice| format!("imported by practice {practice}"));
            contacts.add_row([own.contact.as_str(), own.contact_type, primary, &source, &own.verified_at]);
        }
        section("Contacts", contacts.render(LEFT));
        if !self.memberships.is_empty() {
            let mut memberships = TextTable::with_header(["PRACTICE", "ROLES", "CLIENT"]);
            for one in &self.memberships {
                let client = one.client.clone().unwrap_or_default();
                memberships.add_row([one.practice.to_string(), one.roles.join(", "), client]);
            }
            section("Memberships", memberships.render(LEFT));
        }
        section("Sessions", sessions_table(&self.sessions));
        if !self.failed_attempts.is_empty() {
            let mut attempts = TextTable::with_header(["FAILED ATTEMPTS", "COUNT", "LAST", "LOCKED"]);
            for one in &self.failed_attempts {
                let last_at = one.last_at.clone().unwrap_or_default();
                attempts.add_row([one.attempted.clone(), one.count.to_string(), last_at, one.locked.clone()]);
            }
            section("Failed attempts", attempts.render(LEFT));
        }
        if !self.messages.is_empty() {
            section("Latest messages", messages_table(&self.messages));
        }
        section("Latest events", events_table(&self.events));
        text
    }
}
