//! What is administered, as JSON. The command line prints the same objects with `--json`.

use asteroid_application::accounts::{Attempted, FailedAttempts};
use asteroid_application::administration::{UserDetails, UserExport};
use asteroid_audit::AuditEvent;
use asteroid_clients::{Client, Membership, Practice};
use asteroid_identity::{AdminKey, ContactSource, ImportScope, PendingRegistration, Profile, Session};
use asteroid_kernel::{Network, Timestamp};
use asteroid_limits::Admission;
use asteroid_messaging::{OutboxEntry, OutboxState};
use asteroid_terms::{Acceptance, TermsVersion};
use asteroid_verification::Challenge;
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserObject {
    /// The id.
    #[schema(example = 25)]
    pub id: i64,
    /// The first name; empty if unknown.
    #[schema(example = "George")]
    pub first_name: String,
    /// The last name; empty if unknown.
    #[schema(example = "Washington")]
    pub last_name: String,
    /// `enabled` or `disabled`.
    #[schema(example = "enabled")]
    pub status: &'static str,
    /// Whether the user may use the console.
    pub administrator: bool,
    /// Whether the user can sign in by a password.
    pub has_password: bool,
    /// When the user was created.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub created_at: String,
    /// When the user last signed in; null if never.
    #[schema(required = true, format = DateTime, example = "2016-05-02T12:21:25.858Z")]
    pub last_login: Option<String>,
    /// The contacts, primary ones first.
    pub contacts: Vec<ContactObject>,
}

/// A contact of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactObject {
    /// The e-mail address, or the phone number in E.164.
    #[schema(example = "george@example.com")]
    pub contact: String,
    /// `personal` or `work`.
    #[serde(rename = "type")]
    #[schema(example = "personal")]
    pub contact_type: &'static str,
    /// Whether it is the first one of its kind to reach the user by.
    pub primary: bool,
    /// When it was verified, or imported.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub verified_at: String,
    /// `verified`, or `imported`.
    #[schema(example = "verified")]
    pub source: &'static str,
    /// The practice whose import brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub practice: Option<i64>,
}

impl From<&Profile> for UserObject {
    fn from(Profile { user, contacts }: &Profile) -> Self {
        let contacts = contacts.iter().map(|own| {
            let (source, practice) = match own.source {
                ContactSource::Verified => ("verified", None),
                ContactSource::Imported(ImportScope(practice)) => ("imported", practice),
            };
            ContactObject {
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

impl UserObject {
    /// The first and the last name; empty if neither is known.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// A session of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionObject {
    /// The id.
    #[schema(format = Uuid, example = "01540000-0000-7000-8000-000000000000")]
    pub id: String,
    /// `opaque` or `signed`.
    #[schema(example = "opaque")]
    pub token: &'static str,
    /// When the user signed in.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub created_at: String,
    /// When the session was last used, to the minute.
    #[schema(format = DateTime, example = "2016-05-02T12:21:25.858Z")]
    pub last_used_at: String,
    /// When the session ends at the latest.
    #[schema(format = DateTime, example = "2016-05-03T11:15:54.950Z")]
    pub expires_at: String,
    /// The address from which the user signed in.
    #[schema(required = true, example = "198.51.100.7")]
    pub ip: Option<String>,
    /// The user agent at sign-in.
    #[schema(required = true, example = "Mozilla/5.0")]
    pub user_agent: Option<String>,
}

impl From<&Session> for SessionObject {
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

/// A membership of a user in a practice.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub struct MembershipObject {
    /// The id of the practice.
    #[schema(example = 1)]
    pub practice: i64,
    /// The role that goes before the others.
    #[schema(example = "staff")]
    pub primary_role: String,
    /// The roles.
    pub roles: Vec<String>,
    /// The id of the client that the user is.
    #[schema(required = true, example = "pi")]
    pub client: Option<String>,
    /// Whether the membership has a Google API key.
    pub has_google_api_key: bool,
}

impl From<&Membership> for MembershipObject {
    fn from(membership: &Membership) -> Self {
        Self {
            practice: membership.practice.0,
            primary_role: membership.primary_role.as_str().to_owned(),
            roles: membership.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            client: membership.client.as_ref().map(|client| client.as_str().to_owned()),
            has_google_api_key: membership.google_api_key.is_some(),
        }
    }
}

/// A network that a user signed in from.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FamiliarNetwork)]
pub struct FamiliarNetworkObject {
    /// An IPv4 address, or the /64 of an IPv6 address.
    #[schema(example = "198.51.100.7")]
    pub network: String,
    /// The last sign-in from there.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub last_sign_in: String,
}

impl From<&(Network, Timestamp)> for FamiliarNetworkObject {
    fn from((network, at): &(Network, Timestamp)) -> Self {
        Self { network: network.to_string(), last_sign_in: at.to_string() }
    }
}

/// Failed attempts that are remembered, and what they lock.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FailedAttempts)]
pub struct FailedAttemptsObject {
    /// What was attempted.
    #[schema(example = "password at george@example.com")]
    pub attempted: String,
    /// How many attempts are remembered.
    #[schema(example = 5)]
    pub count: usize,
    /// The last one; null if it is not known.
    #[schema(required = true, format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub last_at: Option<String>,
    /// `no`, `until` a time, or `until unlocked`.
    #[schema(example = "no")]
    pub locked: String,
}

impl From<&FailedAttempts> for FailedAttemptsObject {
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

/// A message of the outbox. Neither its text nor its code is stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageObject {
    /// The id.
    #[schema(format = Uuid, example = "01540000-0000-7000-8000-000000000000")]
    pub id: String,
    /// When it was enqueued.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub created_at: String,
    /// `email` or `sms`.
    #[schema(example = "email")]
    pub channel: &'static str,
    /// The masked recipient.
    #[schema(example = "g…e@example.com")]
    pub to: String,
    /// What it says.
    #[schema(example = "sign_in_code")]
    pub kind: &'static str,
    /// How often its delivery was attempted.
    pub attempts: u32,
    /// `waiting`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    pub state: &'static str,
    /// When a waiting message is tried next; for one in flight, the end of its lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
    /// When it was delivered, or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it becomes useless.
    #[schema(format = DateTime, example = "2016-05-02T11:25:54.950Z")]
    pub expires_at: String,
}

impl From<&OutboxEntry> for MessageObject {
    fn from(OutboxEntry { message, attempts, state }: &OutboxEntry) -> Self {
        let (due_at, completed_at, reason) = match state {
            OutboxState::Waiting { due_at } => (Some(due_at), None, None),
            OutboxState::Delivered { at } => (None, Some(at), None),
            OutboxState::Failed { at, reason } => (None, Some(at), Some(reason.clone())),
        };
        Self {
            id: message.id.to_string(),
            created_at: message.created_at.to_string(),
            channel: message.channel().as_str(),
            to: message.to.masked(),
            kind: message.kind.as_str(),
            attempts: *attempts,
            state: state.kind().as_str(),
            due_at: due_at.map(ToString::to_string),
            completed_at: completed_at.map(ToString::to_string),
            reason,
            expires_at: message.expires_at.to_string(),
        }
    }
}

/// An event of the audit trail.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventObject {
    /// The id. Ids sort by time.
    #[schema(format = Uuid, example = "01540000-0000-7000-8000-000000000000")]
    pub id: String,
    /// When it happened.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub at: String,
    /// What was done or attempted.
    #[schema(example = "sign_in")]
    pub action: &'static str,
    /// `done`, `refused` or `limited`.
    #[schema(example = "done")]
    pub outcome: &'static str,
    /// The user whom it concerns; null if not known.
    #[schema(required = true, example = 25)]
    pub user: Option<i64>,
    /// The masked contact of the request.
    #[schema(required = true, example = "g…e@example.com")]
    pub contact: Option<String>,
    /// The operator who acted, or the program (`key NAME`).
    #[schema(required = true, example = "root")]
    pub operator: Option<String>,
    /// The address that the request came from.
    #[schema(required = true, example = "198.51.100.7")]
    pub ip: Option<String>,
    /// The user agent of the request.
    #[schema(required = true, example = "Mozilla/5.0")]
    pub user_agent: Option<String>,
    /// The id of the request, as in the logs.
    #[schema(required = true, example = "01540000-0000-7000-8000-000000000000")]
    pub request_id: Option<String>,
}

impl From<&AuditEvent> for EventObject {
    fn from(event: &AuditEvent) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_string(),
            action: event.action.as_str(),
            outcome: event.outcome.as_str(),
            user: event.user.map(|user| user.0),
            contact: event.contact.clone(),
            operator: event.operator.clone(),
            ip: event.origin.ip.map(|ip| ip.to_string()),
            user_agent: event.origin.user_agent.clone(),
            request_id: event.origin.request_id.clone(),
        }
    }
}

/// A user with everything that explains whether and why the user can sign in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UserDetails)]
pub struct UserDetailsObject {
    /// The user.
    #[serde(flatten)]
    pub user: UserObject,
    /// The memberships, oldest first.
    pub memberships: Vec<MembershipObject>,
    /// The live sessions, newest first.
    pub sessions: Vec<SessionObject>,
    /// The networks of earlier sign-ins, latest first.
    pub familiar_networks: Vec<FamiliarNetworkObject>,
    /// The failed attempts that are remembered.
    pub failed_attempts: Vec<FailedAttemptsObject>,
    /// The latest messages to the user, newest first.
    pub messages: Vec<MessageObject>,
    /// The latest events that concern the user, newest first.
    pub events: Vec<EventObject>,
}

impl From<&UserDetails> for UserDetailsObject {
    fn from(details: &UserDetails) -> Self {
        Self {
            user: UserObject::from(&details.profile),
            memberships: details.memberships.iter().map(MembershipObject::from).collect(),
            sessions: details.sessions.iter().map(SessionObject::from).collect(),
            familiar_networks: details.familiar_networks.iter().map(FamiliarNetworkObject::from).collect(),
            failed_attempts: details.failed_attempts.iter().map(FailedAttemptsObject::from).collect(),
            messages: details.messages.iter().map(MessageObject::from).collect(),
            events: details.events.iter().map(EventObject::from).collect(),
        }
    }
}

/// Everything that is kept about a user, but for hashes, tokens and keys, of which it says that they are there.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UserExport)]
pub struct UserExportObject {
    /// When it was read.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub exported_at: String,
    /// The user, with all sessions, messages and events.
    #[serde(flatten)]
    pub user: UserDetailsObject,
    /// The acceptances of terms, latest first.
    pub terms_acceptances: Vec<AcceptanceObject>,
    /// The registrations with a contact of the user that were not completed.
    pub registrations: Vec<RegistrationObject>,
    /// The open challenges of the contacts.
    pub codes: Vec<ChallengeObject>,
    /// The networks that asked for codes of the contacts, or registered them, within an hour.
    pub contact_claims: Vec<ContactClaimObject>,
}

/// An acceptance of a version of the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Acceptance)]
pub struct AcceptanceObject {
    /// The name of the version.
    pub version: String,
    /// When it was accepted.
    #[schema(format = DateTime)]
    pub accepted_at: String,
    /// The address that the request came from.
    #[schema(required = true)]
    pub ip: Option<String>,
    /// The user agent of the request.
    #[schema(required = true)]
    pub user_agent: Option<String>,
}

/// A registration that was not completed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Registration)]
pub struct RegistrationObject {
    /// The contact.
    pub contact: String,
    /// `personal` or `work`.
    #[serde(rename = "type")]
    pub contact_type: &'static str,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The network that it came from.
    #[schema(required = true)]
    pub network: Option<String>,
    /// The user agent that it came from.
    #[schema(required = true)]
    pub user_agent: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// An open challenge. Its code is not kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Challenge)]
pub struct ChallengeObject {
    /// The contact.
    pub contact: String,
    /// What its code does.
    pub purpose: &'static str,
    /// The address that asked for it.
    #[schema(required = true)]
    pub requested_from: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// How many wrong codes were tried.
    pub wrong_guesses: u32,
}

/// A network that asked for a code of a contact, or registered it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ContactClaim)]
pub struct ContactClaimObject {
    /// The contact.
    pub contact: String,
    /// The network; null if it is not known.
    #[schema(required = true)]
    pub network: Option<String>,
}

impl From<&Acceptance> for AcceptanceObject {
    fn from(acceptance: &Acceptance) -> Self {
        Self {
            version: acceptance.label.to_string(),
            accepted_at: acceptance.at.to_string(),
            ip: acceptance.origin.ip.map(|ip| ip.to_string()),
            user_agent: acceptance.origin.user_agent.clone(),
        }
    }
}

impl From<&PendingRegistration> for RegistrationObject {
    fn from(registration: &PendingRegistration) -> Self {
        Self {
            contact: registration.contact.as_str().to_owned(),
            contact_type: registration.contact_type.as_str(),
            first_name: registration.name.first().to_owned(),
            last_name: registration.name.last().to_owned(),
            network: registration.network.map(|network| network.to_string()),
            user_agent: registration.user_agent.clone(),
            created_at: registration.created_at.to_string(),
            expires_at: registration.expires_at.to_string(),
        }
    }
}

impl From<&Challenge> for ChallengeObject {
    fn from(challenge: &Challenge) -> Self {
        Self {
            contact: challenge.contact.as_str().to_owned(),
            purpose: challenge.purpose.kind().as_str(),
            requested_from: challenge.asked_from.map(|ip| ip.to_string()),
            created_at: challenge.created_at.to_string(),
            expires_at: challenge.expires_at.to_string(),
            wrong_guesses: challenge.guesses,
        }
    }
}

impl From<&UserExport> for UserExportObject {
    fn from(export: &UserExport) -> Self {
        let claims = export.claims.iter().map(|(contact, network)| ContactClaimObject {
            contact: contact.as_str().to_owned(),
            network: network.map(|network| network.to_string()),
        });
        Self {
            exported_at: export.at.to_string(),
            user: UserDetailsObject::from(&export.details),
            terms_acceptances: export.acceptances.iter().map(AcceptanceObject::from).collect(),
            registrations: export.registrations.iter().map(RegistrationObject::from).collect(),
            codes: export.challenges.iter().map(ChallengeObject::from).collect(),
            contact_claims: claims.collect(),
        }
    }
}

/// A key of a program that administers, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AdminKey)]
pub struct AdminKeyObject {
    /// The id.
    #[schema(format = Uuid, example = "01540000-0000-7000-8000-000000000000")]
    pub id: String,
    /// The name.
    #[schema(example = "CI of the shop")]
    pub name: String,
    /// What it allows.
    pub scopes: Vec<&'static str>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When it was last used, to the minute; null if never.
    #[schema(required = true, format = DateTime)]
    pub last_used_at: Option<String>,
}

impl From<&AdminKey> for AdminKeyObject {
    fn from(key: &AdminKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// A practice.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Practice)]
pub struct PracticeObject {
    /// The id.
    #[schema(example = 1)]
    pub id: i64,
    /// The id of the source of its records.
    #[schema(example = 7)]
    pub source_id: i64,
    /// The name.
    #[schema(example = "Ally Test Practice")]
    pub name: String,
    /// The name in URLs.
    #[schema(example = "ally_test")]
    pub slug: String,
    /// The name of its management system; null if not known.
    #[schema(required = true)]
    pub pms: Option<String>,
    /// The time zone of its calendar.
    #[schema(example = "America/Los_Angeles")]
    pub time_zone: String,
}

impl From<&Practice> for PracticeObject {
    fn from(practice: &Practice) -> Self {
        Self {
            id: practice.id.0,
            source_id: practice.source.0,
            name: practice.name.clone(),
            slug: practice.slug.clone(),
            pms: practice.pms.clone(),
            time_zone: practice.time_zone.as_str().to_owned(),
        }
    }
}

/// A client of a practice, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct ClientObject {
    /// The id within its source.
    #[schema(example = "pi")]
    pub id: String,
    /// The id of the source.
    #[schema(example = 7)]
    pub source_id: i64,
    /// The first name; null if unknown.
    #[schema(required = true, example = "George")]
    pub first_name: Option<String>,
    /// The last name; null if unknown.
    #[schema(required = true, example = "Washington")]
    pub last_name: Option<String>,
    /// The e-mail address, as the practice wrote it.
    #[schema(required = true, example = "george@example.com")]
    pub email: Option<String>,
    /// The phone numbers, as the practice wrote them: mobile, home, work.
    pub phones: Vec<String>,
    /// `active`, `inactive` or `deleted`.
    #[schema(example = "active")]
    pub status: &'static str,
    /// The names of the patients.
    pub patients: Vec<String>,
    /// Whether a user is linked to the client.
    pub has_user: bool,
    /// When the record was last changed.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub updated_at: String,
}

impl From<&Client> for ClientObject {
    fn from(Client { record, has_user, .. }: &Client) -> Self {
        let content = &record.content;
        let phones = [&content.mobile_phone, &content.home_phone, &content.work_phone];
        Self {
            id: record.key.id.as_str().to_owned(),
            source_id: record.key.source.0,
            first_name: content.first_name.clone(),
            last_name: content.last_name.clone(),
            email: content.email.clone(),
            phones: phones.into_iter().flatten().cloned().collect(),
            status: record.status.as_str(),
            patients: record.patients.iter().map(|patient| patient.name.clone()).collect(),
            has_user: *has_user,
            updated_at: record.updated_at.to_string(),
        }
    }
}

impl ClientObject {
    /// The first and the last name; empty if neither is known.
    #[must_use]
    pub fn name(&self) -> String {
        let names = [&self.first_name, &self.last_name].into_iter().flatten();
        names.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// A version of the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TermsVersion)]
pub struct TermsVersionObject {
    /// The name.
    #[schema(example = "2026-11")]
    pub version: String,
    /// When it was published.
    #[schema(format = DateTime, example = "2016-05-02T11:15:54.950Z")]
    pub published_at: String,
    /// The text.
    pub text: String,
}

impl From<&TermsVersion> for TermsVersionObject {
    fn from(version: &TermsVersion) -> Self {
        Self {
            version: version.label.to_string(),
            published_at: version.published_at.to_string(),
            text: version.text.clone(),
        }
    }
}

/// Who accepted a version of the terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UserAcceptance)]
pub struct UserAcceptanceObject {
    /// The id of the user.
    #[schema(example = 25)]
    pub user: i64,
    /// The acceptance.
    #[serde(flatten)]
    pub acceptance: AcceptanceObject,
}

impl From<&Acceptance> for UserAcceptanceObject {
    fn from(acceptance: &Acceptance) -> Self {
        Self { user: acceptance.user.0, acceptance: AcceptanceObject::from(acceptance) }
    }
}
