//! The users, terms and clients of the API document that clients were written against, on mocks.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::practice::{ClientsSeen, PracticeProfile, TermsAccepted, TermsStatus};
use asteroid_clients::{
    Client, ClientClass, ClientContent, ClientKey, ClientRecord, ClientStatus, ExternalId, Fingerprint,
    Membership, Patient, Practice, PracticeId, Role, SourceId,
};
use asteroid_http::HttpSettings;
use asteroid_http::practice_api::PracticeUseCases;
use asteroid_identity::{ContactSource, ContactType, PersonName, Profile, User, UserContact, UserStatus};
use asteroid_kernel::{Contact, ContactId, Region, UserId};
use asteroid_terms::{TermsVersion, VersionLabel};
use serde_json::Value;

use crate::harness::{Answer, ask_parts, caller, json, parts_of, time, with_token};

const THEN: &str = "2022-12-01T15:50:30.000Z";

/// An example of the API document.
pub(crate) fn seed(name: &str) -> Value {
    let path = format!("{}/tests/http/seeds/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a file for each example");
    serde_json::from_str(&text).expect("JSON")
}

/// The answer of an application with these use cases.
pub(crate) async fn ask<P: PracticeUseCases>(
    accounts: MockAccounts,
    practices: P,
    request: TestRequest,
) -> Answer {
    ask_with(accounts, practices, HttpSettings::default(), request).await
}

/// The answer of an application with these use cases and settings.
pub(crate) async fn ask_with<P: PracticeUseCases>(
    accounts: MockAccounts,
    practices: P,
    settings: HttpSettings,
    request: TestRequest,
) -> Answer {
    ask_parts(&parts_of(accounts, practices, settings), request).await
}

/// Practices that accept every call: the caller is the documented user, who accepted the terms.
pub(crate) fn willing_practices() -> MockPractices {
    let mut practices = admitting_practices();
    practices.expect_practice_profile().returning(|_, _| Ok(Some(profile())));
    practices.expect_terms_status().returning(|_| Ok(Some(terms())));
    practices.expect_accept_terms().returning(|_, _| Ok(()));
    practices.expect_look_at_clients().returning(|_, _| Ok(ClientsSeen::Own(Box::new(client()))));
    practices.expect_find_client().returning(|_, _, _| Ok(client()));
    practices
}

/// Practices whose terms the caller accepted.
pub(crate) fn admitting_practices() -> MockPractices {
    let mut practices = MockPractices::new();
    practices.expect_pass_terms_gate().returning(|caller| Ok(TermsAccepted::assumed(caller)));
    practices
}

/// The proof that the caller accepted the terms.
pub(crate) fn admitted() -> TermsAccepted {
    TermsAccepted::assumed(caller())
}

pub(crate) fn terms() -> TermsStatus {
    let label = VersionLabel::parse("2022-11").expect("a label");
    let current = TermsVersion::new(label, "Be kind to animals.".into(), time(THEN)).expect("terms");
    TermsStatus { current, accepted_at: Some(time("2022-12-02T00:00:00.5Z")) }
}

/// The documented user, without a practice.
pub(crate) fn bare_profile() -> PracticeProfile {
    let user = User {
        id: UserId(25),
        name: PersonName::new("Jeremy", "Mickelson").expect("a name"),
        status: UserStatus::Enabled,
        administrator: false,
        password_hash: None,
        last_login: None,
        created_at: time(THEN),
    };
    let owned = |id, text, primary| UserContact {
        id: ContactId(id),
        contact: Contact::parse(text, Region::US).expect("a contact"),
        contact_type: ContactType::Personal,
        primary,
        source: ContactSource::Verified,
        verified_at: time(THEN),
    };
    let contacts =
        vec![owned(1, "8012223333", true), owned(2, "jeremy@test.com", true), owned(3, "j@test.com", false)];
    PracticeProfile { profile: Profile { user, contacts }, membership: None }
}

/// The documented user.
pub(crate) fn profile() -> PracticeProfile {
    let membership = Membership {
        user: UserId(25),
        practice: PracticeId(1),
        source: SourceId(1),
        primary_role: Role::new("pet"),
        roles: vec![Role::new("client")],
        client: Some(id("1")),
        google_api_key: None,
    };
    let features = [
        "comm_engine",
        "retention_calendar",
        "online_patient_portal",
        "pet_page_app",
        "loyalty_program",
        "html_editor",
        "caller_id",
        "analytics",
        "two_way_texting",
        "net_promoter_score",
        "writebacks",
        "experimental",
        "telemedicine",
    ];
    let practice = Practice {
        id: PracticeId(1),
        source: SourceId(1),
        name: "AllyDVM Test Practice".into(),
        slug: "ally_test".into(),
        pms: Some("Vetter".into()),
        sms: None,
        features: features.map(String::from).into(),
        time_zone: "America/New_York".parse().expect("a time zone"),
        enterprise_ids: vec![1123, 5813, 5827, 2134, 1, 61],
    };
    PracticeProfile { membership: Some((membership, practice)), ..bare_profile() }
}

pub(crate) fn id(text: &str) -> ExternalId {
    ExternalId::parse(text).expect("an id")
}

pub(crate) fn key(text: &str) -> ClientKey {
    ClientKey { source: SourceId(1), id: id(text) }
}

/// The documented client.
pub(crate) fn client() -> Client {
    let text = |text: &str| Some(text.to_owned());
    let content = ClientContent {
        client_class: Some(id("cool_clients")),
        display_id: text("1"),
        first_name: text("Jeremy"),
        last_name: text("Mickelson"),
        address: text("Address"),
        city: text("City"),
        state: text("CA"),
        postal_code: text("12345"),
        email: text("jeremy@test.com"),
        home_phone: text("9096480002"),
        work_phone: text("9096480003"),
        mobile_phone: text("8012223333"),
        balance_due: 23871,
        communications_disabled: text("enabled"),
        email_verification_status: text("verified"),
        email_verification_response: "{}".into(),
        full_address_prior: text(""),
        ..ClientContent::default()
    };
    let patients = [
        ("pi", "Pi", None, "active"),
        ("xzy-abc-12345-00001", "Brownie", Some("2022-12-01"), "active"),
        ("12000", "Oreo", None, "active"),
        ("12001", "Dusty", None, "active"),
        ("12002", "Goldilocks", None, "inactive"),
        ("12003", "Tweets", None, "active"),
        ("12004", "Name", None, "active"),
    ];
    let patient = |(own, name, deceased, status): (&str, &str, Option<&str>, &str)| Patient {
        source: SourceId(1),
        id: id(own),
        practice: PracticeId(1),
        name: name.to_owned(),
        display_id: None,
        deceased_date: deceased.map(|date| date.parse().expect("a date")),
        status: status.to_owned(),
    };
    let class = ClientClass {
        source: SourceId(1),
        id: id("cool_clients"),
        description: text("Cool Clients"),
        communications_disabled: text("enabled"),
    };
    let record = ClientRecord {
        key: key("1"),
        practice: PracticeId(1),
        status: ClientStatus::Active,
        content,
        patients: patients.map(patient).into(),
        fingerprint: Fingerprint::new(1).expect("a fingerprint"),
        first_synced_at: time(THEN),
        stored_at: time(THEN),
        last_synced_at: time(THEN),
        created_at: time(THEN),
        updated_at: time(THEN),
    };
    Client { record, class: Some(class), practice_name: "AllyDVM Test Practice".into(), has_user: true }
}

/// A client of the same practice, by its id.
pub(crate) fn client_of_id(text: &str) -> Client {
    let mut client = client();
    client.record.key = key(text);
    client
}

/// A request with a form as its body.
pub(crate) fn form(method: &Method, path: &str, body: impl Into<String>) -> TestRequest {
    TestRequest::default()
        .method(method.clone())
        .uri(path)
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(body.into())
}

/// The ids of the clients in an answer.
pub(crate) fn ids(answer: &Answer) -> Vec<String> {
    let Value::Array(clients) = answer.json() else { panic!("not an array: {answer}") };
    clients.iter().map(|client| client["clientId"].as_str().expect("an id").to_owned()).collect()
}

/// A route of this surface.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// A JSON body that it accepts, if it reads a body.
    pub(crate) body: Option<&'static str>,
}

const fn route(method: Method, path: &'static str, body: Option<&'static str>) -> Route {
    Route { method, path, body }
}

pub(crate) const SIGN_IN: &str = r#"{"user": {"email": "jeremy@test.com", "password": "5VphcVNdGhJi"}}"#;
pub(crate) const CHANGE: &str = r#"{"user": {"current_password": "oldpassword", "password": "newpassword", "password_confirmation": "newpassword"}}"#;

/// Every route of this surface.
pub(crate) const ROUTES: [Route; 8] = [
    route(Method::POST, "/users/sign_in", Some(SIGN_IN)),
    route(Method::DELETE, "/users/sign_out", None),
    route(Method::PUT, "/users", Some(CHANGE)),
    route(Method::GET, "/users/current", None),
    route(Method::GET, "/terms", None),
    route(Method::POST, "/terms", Some(r#"{"terms": {"accept": true}}"#)),
    route(Method::GET, "/clients", None),
    route(Method::GET, "/clients/1", None),
];

impl Route {
    pub(crate) fn needs_token(&self) -> bool {
        self.path != "/users/sign_in"
    }

    /// A request that is accepted.
    pub(crate) fn request(&self) -> TestRequest {
        let request = match self.body {
            Some(body) => json(&self.method, self.path, body),
            None => TestRequest::default().method(self.method.clone()).uri(self.path),
        };
        if self.needs_token() { with_token(request) } else { request }
    }
}

pub(crate) fn route_at(path: &str) -> &'static Route {
    const { &ROUTES }.iter().find(|route| route.path == path).expect("a route")
}

/// The answers to each of these errors of one use case of accounts.
macro_rules! answers_to_account_errors {
    ($path:literal, $expect:ident, [$($error:expr),* $(,)?]) => {{
        let mut table = String::new();
        $(
            let mut accounts = $crate::harness::signed_in_accounts();
            accounts.$expect().once().returning(|_| Err($error));
            let request = $crate::harness::practice_api::route_at($path).request();
            let practices = asteroid_application::mocks::MockPractices::new();
            let answer = $crate::harness::practice_api::ask(accounts, practices, request).await;
            table += &$crate::harness::errors::summary(&answer);
        )*
        table
    }};
}

pub(crate) use answers_to_account_errors;
