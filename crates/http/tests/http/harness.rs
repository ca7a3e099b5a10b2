//! An application on mocks, and its complete answers.

pub(crate) mod errors;
pub(crate) mod practice_api;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use asteroid_application::accounts::{AuthenticateError, Caller, SignedIn, SignedInUser};
use asteroid_application::development::DevelopmentOutbox;
use asteroid_application::mocks::{MockAccounts, MockDevelopmentOutbox, MockPractices};
use asteroid_http::practice_api::{AccountUseCases, PracticeUseCases};
use asteroid_http::{HttpSettings, Parts, Readiness, StreamSlots, app, auth};
use asteroid_identity::SessionToken;
use asteroid_kernel::mocks::{CountingRandomness, MockClock};
use asteroid_kernel::{SessionId, StorageError, Timestamp, UserId};
use serde_json::Value;

/// The token that [`signed_in_accounts`] accept.
pub(crate) const TOKEN: &str = "48a4034027374be582b936f7d58043af";
const SESSION: &str = "01540000-0000-7000-8000-000000000001";

/// The use cases of accounts behind all surfaces.
pub(crate) trait Accounts: auth::AuthUseCases + AccountUseCases {}

impl<A: auth::AuthUseCases + AccountUseCases> Accounts for A {}

/// A store that is always available.
pub(crate) struct Ready;

impl Readiness for Ready {
    async fn check(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// The parts of an application. No use case of practices may be called.
pub(crate) fn parts<A>(
    accounts: A,
    settings: HttpSettings,
) -> Parts<A, MockPractices, Ready, MockDevelopmentOutbox> {
    parts_of(accounts, MockPractices::new(), settings)
}

/// The parts of an application in production: without an outbox page.
pub(crate) fn parts_of<A, P>(
    accounts: A,
    practices: P,
    settings: HttpSettings,
) -> Parts<A, P, Ready, MockDevelopmentOutbox> {
    Parts {
        accounts: Arc::new(accounts),
        practices: Arc::new(practices),
        readiness: Arc::new(Ready),
        development_outbox: None,
        clock: Arc::new(MockClock::at("2016-05-02T11:15:54.950Z")),
        randomness: Arc::new(CountingRandomness::default()),
        streams: StreamSlots::new(&settings),
        settings: Arc::new(settings),
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an RFC 3339 time")
}

pub(crate) fn session(text: &str) -> SessionId {
    text.parse().expect("a UUID")
}

/// The caller that [`TOKEN`] authenticates.
pub(crate) fn caller() -> Caller {
    Caller { user: UserId(1), session: session(SESSION) }
}

pub(crate) fn signed_in() -> SignedIn {
    SignedIn {
        token: SessionToken::parse(TOKEN).expect("a token").into(),
        expires_at: time("2016-05-03T11:15:54.950Z"),
        caller: caller(),
    }
}

/// The same with the user of [`profile`](crate::harness::practice_api::profile).
pub(crate) fn signed_in_user() -> SignedInUser {
    SignedInUser { signed_in: signed_in(), profile: crate::harness::practice_api::profile() }
}

/// Accounts that accept [`TOKEN`] as the token of [`caller`], and no other token.
pub(crate) fn signed_in_accounts() -> MockAccounts {
    let mut accounts = MockAccounts::new();
    accounts.expect_authenticate().returning(|token| {
        if token == TOKEN { Ok(caller()) } else { Err(AuthenticateError::Unauthenticated) }
    });
    accounts
}

/// Accounts that accept every call.
pub(crate) fn willing_accounts() -> MockAccounts {
    let mut accounts = signed_in_accounts();
    accounts.expect_register().returning(|_| Ok(()));
    accounts.expect_send_codes().returning(|_| Ok(()));
    accounts.expect_verify_code().returning(|_| Ok(signed_in()));
    accounts.expect_sign_in().returning(|_| Ok(signed_in_user()));
    accounts.expect_change_password().returning(|_| Ok(()));
    accounts.expect_review_password_change().returning(|_| Ok(()));
    accounts.expect_forgot_password().returning(|_| Ok(()));
    accounts.expect_reset_password().returning(|_| Ok(()));
    accounts.expect_sign_out().returning(|_, _| Ok(()));
    accounts.expect_list_sessions().returning(|_| Ok(Vec::new()));
    accounts.expect_revoke_session().returning(|_, _, _| Ok(true));
    accounts.expect_revoke_other_sessions().returning(|_, _| Ok(()));
    accounts
}

/// A complete answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: ServiceResponse<impl MessageBody>) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response).await;
        Self { status, headers, body: String::from_utf8(body.to_vec()).expect("UTF-8") }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("plain text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The `code` of either envelope.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        let code = json.pointer("/error/code").or_else(|| json.pointer("/data/code"));
        code.and_then(Value::as_str).expect("a code").to_owned()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("plain text")))
            .collect();
        headers.sort();
        writeln!(f, "{}\n\n{}", headers.join("\n"), self.body)
    }
}

/// The answer of an application with these accounts.
pub(crate) async fn ask<A: Accounts>(accounts: A, request: TestRequest) -> Answer {
    ask_with(accounts, HttpSettings::default(), request).await
}

/// The answer of an application with these accounts and settings.
pub(crate) async fn ask_with<A: Accounts>(
    accounts: A,
    settings: HttpSettings,
    request: TestRequest,
) -> Answer {
    ask_parts(&parts(accounts, settings), request).await
}

/// The answer of an application of these parts.
pub(crate) async fn ask_parts<A: Accounts, P: PracticeUseCases, R: Readiness, O: DevelopmentOutbox>(
    parts: &Parts<A, P, R, O>,
    request: TestRequest,
) -> Answer {
    ask_from("203.0.113.9:4711", parts, request).await
}

/// The answer to a client with this address.
pub(crate) async fn ask_from<A: Accounts, P: PracticeUseCases, R: Readiness, O: DevelopmentOutbox>(
    peer: &str,
    parts: &Parts<A, P, R, O>,
    request: TestRequest,
) -> Answer {
    let peer: SocketAddr = peer.parse().expect("an address");
    let service = init_service(app(parts)).await;
    let request = request.peer_addr(peer).to_request();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let response = call_service(&service, request).await;
    crate::openapi::assert_described(&method, &path, response.status());
    Answer::of(response).await
}

/// A request with a JSON body.
pub(crate) fn json(method: &Method, path: &str, body: impl Into<String>) -> TestRequest {
    TestRequest::default()
        .method(method.clone())
        .uri(path)
        .insert_header(("content-type", "application/json"))
        .set_payload(body.into())
}

/// The same request, with the token of [`caller`].
pub(crate) fn with_token(request: TestRequest) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {TOKEN}")))
}

/// A route of the auth API, with a body that it accepts.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) needs_token: bool,
    /// The fields of the body and their values, which are texts.
    pub(crate) fields: Vec<(String, String)>,
}

impl Route {
    /// The body with this JSON value of a field; [`None`] leaves the field out.
    pub(crate) fn body_with(&self, name: &str, value: Option<&str>) -> String {
        let own = self.fields.iter().filter(|(field, _)| field != name);
        let own = own.map(|(field, value)| format!("\"{field}\": \"{value}\""));
        let other = value.map(|value| format!("\"{name}\": {value}"));
        format!("{{{}}}", own.chain(other).collect::<Vec<_>>().join(", "))
    }

    /// A body that is accepted.
    pub(crate) fn body(&self) -> String {
        self.body_with("", None)
    }

    /// A request of this route with this body, and with a token if it needs one.
    pub(crate) fn request(&self, body: impl Into<String>) -> TestRequest {
        let request = json(&self.method, &self.path, body);
        if self.needs_token { with_token(request) } else { request }
    }
}

/// Every route of the auth API that reads a body, with the example of the OpenAPI document, and the registration by e-mail.
/// Those without a body: [`bodiless_requests`](crate::openapi::bodiless_requests).
pub(crate) static BODIES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let mut routes = crate::openapi::routes_with_bodies();
    let by_phone = routes.iter().find(|route| route.path.ends_with("register")).expect("a route");
    let fields = by_phone.fields.iter().filter(|(name, _)| name != "phone").cloned();
    let email = ("email".to_owned(), "gw@example.com".to_owned());
    let by_email = Route {
        method: by_phone.method.clone(),
        path: by_phone.path.clone(),
        needs_token: by_phone.needs_token,
        fields: fields.chain([email]).collect(),
    };
    routes.push(by_email);
    routes
});
