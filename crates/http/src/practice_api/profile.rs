//! The user as several endpoints answer it.

use asteroid_application::ports::practice::PracticeProfile;
use asteroid_clients::Role;
use asteroid_identity::UserContact;
use asteroid_kernel::ContactKind;
use serde::Serialize;
use utoipa::ToSchema;

/// A user with the membership in a practice. Without a practice, the fields that come from it are null or empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileReply {
    /// Where the user signs in, as a path.
    #[schema(required = true, example = "/pet/ally_test/sign_in")]
    sign_in_path: Option<String>,
    /// The id of the user.
    #[schema(example = 25)]
    id: i64,
    /// First and last name.
    #[schema(example = "Jeremy Mickelson")]
    name: String,
    /// The primary email address.
    #[schema(required = true, example = "jeremy@test.com")]
    email: Option<String>,
    /// A key of the user's for Google's services.
    #[schema(required = true)]
    google_api_key: Option<String>,
    /// The client that the user is.
    #[schema(required = true, example = "1")]
    client_id: Option<String>,
    /// The role that the user acts in first.
    #[schema(required = true, example = "pet")]
    primary_role: Option<String>,
    /// Every role of the user.
    #[schema(example = json!(["client"]))]
    roles: Vec<String>,
    /// The id of the practice.
    #[schema(required = true, example = 1)]
    practice_id: Option<i64>,
    /// What the practice is called.
    #[schema(required = true, example = "AllyDVM Test Practice")]
    practice_name: Option<String>,
    /// The practice's management system.
    #[schema(required = true, example = "Vetter")]
    practice_pms: Option<String>,
    /// The number or provider that the practice sends SMS by.
    #[schema(required = true)]
    practice_sms: Option<String>,
    /// What the practice has switched on.
    #[schema(example = json!([
        "comm_engine", "retention_calendar", "online_patient_portal", "pet_page_app", "loyalty_program",
        "html_editor", "caller_id", "analytics", "two_way_texting", "net_promoter_score", "writebacks",
        "experimental", "telemedicine",
    ]))]
    practice_features: Vec<String>,
    /// Where the practice's records come from.
    #[schema(required = true, example = 1)]
    source_id: Option<i64>,
    /// The practice's time zone, by its name in the IANA list.
    #[schema(required = true, example = "America/New_York")]
    pub(super) time_zone: Option<&'static str>,
    /// The enterprises that the practice belongs to.
    #[schema(example = json!([1123, 5813, 5827, 2134, 1, 61]))]
    enterprise_ids: Vec<i64>,
}

impl From<PracticeProfile> for ProfileReply {
    fn from(PracticeProfile { profile, membership }: PracticeProfile) -> Self {
        let is_email = |contact: &&UserContact| contact.contact.kind() == ContactKind::Email;
        let email = profile.contacts.iter().filter(is_email).find(|contact| contact.primary);
        let user = Self {
            sign_in_path: None,
            id: profile.user.id.0,
            name: profile.user.name.full(),
            email: email.map(|email| email.contact.as_str().to_owned()),
            google_api_key: None,
            client_id: None,
            primary_role: None,
            roles: Vec::new(),
            practice_id: None,
            practice_name: None,
            practice_pms: None,
            practice_sms: None,
            practice_features: Vec::new(),
            source_id: None,
            time_zone: None,
            enterprise_ids: Vec::new(),
        };
        let Some((membership, practice)) = membership else { return user };
        let name = |role: &Role| role.as_str().to_owned();
        let primary_role = name(&membership.primary_role);
        Self {
            sign_in_path: Some(format!("/{primary_role}/{}/sign_in", practice.slug)),
            google_api_key: membership.google_api_key.map(|key| key.expose().to_owned()),
            client_id: membership.client.map(|client| client.to_string()),
            primary_role: Some(primary_role),
            roles: membership.roles.iter().map(name).collect(),
            practice_id: Some(practice.id.0),
            practice_name: Some(practice.name),
            practice_pms: practice.pms,
            practice_sms: practice.sms,
            practice_features: practice.features,
            source_id: Some(membership.source.0),
            time_zone: Some(practice.time_zone.as_str()),
            enterprise_ids: practice.enterprise_ids,
            ..user
        }
    }
}
