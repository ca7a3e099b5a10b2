//! `asteroid user export`: everything that is kept about a user, as JSON.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use asteroid_application::administration::UserExport;
use asteroid_identity::PendingRegistration;
use asteroid_terms::Acceptance;
use asteroid_verification::Challenge;
use serde::Serialize;

use super::show::ShownUser;

/// Everything that is kept about a user, but for hashes, tokens and keys, of which it says that they are there.
#[derive(Serialize)]
pub(super) struct ExportedUser {
    exported_at: String,
    #[serde(flatten)]
    user: ShownUser,
    terms_acceptances: Vec<ExportedAcceptance>,
    registrations: Vec<ExportedRegistration>,
    codes: Vec<ExportedCode>,
    contact_claims: Vec<ExportedClaim>,
}

#[derive(Serialize)]
struct ExportedAcceptance {
    version: String,
    accepted_at: String,
    ip: Option<String>,
    user_agent: Option<String>,
}

/// A registration with a contact of the user that was not completed.
#[derive(Serialize)]
struct ExportedRegistration {
    contact: String,
    #[serde(rename = "type")]
    contact_type: &'static str,
    first_name: String,
    last_name: String,
    network: Option<String>,
    user_agent: Option<String>,
    created_at: String,
    expires_at: String,
}

/// An open challenge. Its code is not kept.
#[derive(Serialize)]
struct ExportedCode {
    contact: String,
    purpose: &'static str,
    requested_from: Option<String>,
    created_at: String,
    expires_at: String,
    wrong_guesses: u32,
}

/// A network that asked for a code of the contact, or registered it.
#[derive(Serialize)]
struct ExportedClaim {
    contact: String,
    network: Option<String>,
}

impl From<&Acceptance> for ExportedAcceptance {
    fn from(acceptance: &Acceptance) -> Self {
        Self {
            version: acceptance.label.to_string(),
            accepted_at: acceptance.at.to_string(),
            ip: acceptance.origin.ip.map(|ip| ip.to_string()),
            user_agent: acceptance.origin.user_agent.clone(),
        }
    }
}

impl From<&PendingRegistration> for ExportedRegistration {
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

impl From<&Challenge> for ExportedCode {
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

impl From<&UserExport> for ExportedUser {
    fn from(export: &UserExport) -> Self {
        let claims = export.claims.iter().map(|(contact, network)| ExportedClaim {
            contact: contact.as_str().to_owned(),
            network: network.map(|network| network.to_string()),
        });
        Self {
            exported_at: export.at.to_string(),
            user: ShownUser::from(&export.details),
            terms_acceptances: export.acceptances.iter().map(ExportedAcceptance::from).collect(),
            registrations: export.registrations.iter().map(ExportedRegistration::from).collect(),
            codes: export.challenges.iter().map(ExportedCode::from).collect(),
            contact_claims: claims.collect(),
        }
    }
}

/// Writes an export to a new file that its owner alone may read.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
