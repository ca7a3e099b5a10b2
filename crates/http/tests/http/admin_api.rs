//! `/admin/v1`: who may do what, what is answered, and what is described.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use asteroid_application::administration::{
    AuthenticateAdminKeyError, CreateUserError, EditUserError, EndedSessions, ListUsersError, Page,
    StatusChange, UnlockedUser, UserDetails, UserExport,
};
use asteroid_application::mocks::MockAdministration;
use asteroid_application::{PublishTermsError, RetryRefusal};
use asteroid_clients::{Practice, SourceId};
use asteroid_http::{AdminApi, HttpSettings, admin_app, admin_openapi};
use asteroid_identity::{
    AdminKey, AdminKeyHash, AdminKeyName, PersonName, Profile, Scope, User, UserCursor, UserStatus,
};
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{AdminKeyId, StorageError, UserId};
use asteroid_terms::VersionTaken;
use serde_json::{Value, json};

use crate::admin::admin_parts;
use crate::harness::{Answer, time};
use crate::openapi::resolve;

const SECRET: &str = "ast_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ID: &str = "01540000-0000-7000-8000-000000000001";

/// Administration that knows [`SECRET`] as a key with these scopes.
fn with_key(scopes: impl IntoIterator<Item = Scope>) -> MockAdministration {
    let key = AdminKey {
        id: AdminKeyId::new(time("2016-05-02T11:15:54.950Z"), &CountingRandomness::default()),
        hash: AdminKeyHash([0; 32]),
        name: AdminKeyName::parse("CI").expect("a name"),
        scopes: scopes.into_iter().collect(),
        created_at: time("2016-05-02T11:15:54.950Z"),
        expires_at: time("2017-05-02T11:15:54.950Z"),
        last_used_at: None,
    };
    let mut administration = MockAdministration::new();
    administration.expect_authenticate_admin_key().returning(move |secret| {
        if secret.expose() == SECRET {
            Ok(key.clone())
        } else {
            Err(AuthenticateAdminKeyError::Unauthenticated)
        }
    });
    administration
}

fn george() -> UserDetails {
    let user = User {
        id: UserId(25),
        name: PersonName::new("George", "Washington").expect("a name"),
        status: UserStatus::Enabled,
        password_hash: None,
        last_login: None,
        created_at: time("2016-05-02T11:15:54.950Z"),
        administrator: false,
    };
    UserDetails {
        profile: Profile { user, contacts: Vec::new() },
        memberships: Vec::new(),
        sessions: Vec::new(),
        familiar_networks: Vec::new(),
        failed_attempts: Vec::new(),
        messages: Vec::new(),
        events: Vec::new(),
    }
}

/// Administration that does everything that it is asked for.
fn willing(scopes: impl IntoIterator<Item = Scope>) -> MockAdministration {
    let ended = || EndedSessions { user: UserId(25), count: 1 };
    let mut administration = with_key(scopes);
    administration.expect_list_users().returning(|_, _, _| Ok(Page { items: Vec::new(), next: None }));
    administration.expect_list_events().returning(|_, _, _| Ok(Page { items: Vec::new(), next: None }));
    administration.expect_list_messages().returning(|_, _, _| Ok(Page { items: Vec::new(), next: None }));
    administration.expect_find_user().returning(|_| Ok(Some(UserId(25))));
    administration.expect_show_user().returning(|_| Ok(Some(george())));
    administration.expect_export_user().returning(|_, _| {
        Ok(Some(UserExport {
            at: time("2016-05-02T11:15:54.950Z"),
            details: george(),
            acceptances: Vec::new(),
            registrations: Vec::new(),
            challenges: Vec::new(),
            claims: Vec::new(),
        }))
    });
    administration.expect_create_user().returning(|_, _, _| Ok(UserId(25)));
    administration.expect_rename_user().returning(|_, _, _, _| Ok(Some(UserId(25))));
    administration.expect_delete_user().returning(|_, _| Ok(Some(UserId(25))));
    administration.expect_set_status().returning(|user, _, _| {
        Ok(user.id().map(|user| StatusChange { user, changed: true, ended_sessions: 1 }))
    });
    administration
        .expect_unlock_user()
        .returning(|_, _| Ok(Some(UnlockedUser { user: UserId(25), forgotten: Vec::new() })));
    administration.expect_require_reset().returning(move |_, _| Ok(Some(ended())));
    administration.expect_set_password().returning(move |_, _, _| Ok(Some(ended())));
    administration.expect_end_sessions().returning(move |_, _, _| Ok(Some(ended())));
    administration.expect_retry_message().returning(|_, _| Ok(Ok(())));
    administration.expect_list_practices().returning(|_, _| Ok(Page { items: Vec::new(), next: None }));
    administration.expect_find_practice().returning(|practice| {
        Ok(Some(Practice {
            id: practice,
            source: SourceId(7),
            name: "Harbour Vets".to_owned(),
            slug: "harbour".to_owned(),
            pms: None,
            sms: None,
            features: Vec::new(),
            time_zone: "Europe/Dublin".parse().expect("a time zone"),
            enterprise_ids: Vec::new(),
        }))
    });
    administration.expect_list_clients().returning(|_, _, _| Ok(Page { items: Vec::new(), next: None }));
    administration.expect_list_terms().returning(|| Ok(Vec::new()));
    administration.expect_publish_terms().returning(|_, _, _| Ok(()));
    administration.expect_list_acceptances().returning(|_, _, _| Ok(Page { items: Vec::new(), next: None }));
    administration
}

async fn ask(administration: MockAdministration, request: TestRequest) -> Answer {
    let api = AdminApi::new(Arc::new(administration), NonZeroU32::MAX);
    let request = request.insert_header(("x-request-id", "r-1"));
    Answer::of(call_service(&init_service(admin_app(&admin_parts(api))).await, request.to_request()).await)
        .await
}

/// A request with the key.
fn with_secret(method: Method, uri: &str) -> TestRequest {
    TestRequest::with_uri(uri).method(method).insert_header(("authorization", format!("Bearer {SECRET}")))
}

fn document() -> Value {
    serde_json::to_value(admin_openapi::<MockAdministration>(&HttpSettings::default())).expect("JSON")
}

/// A method of a path, and its description.
struct Operation {
    method: Method,
    path: String,
    description: Value,
}

impl Operation {
    /// The scope that it requires.
    fn scope(&self) -> Scope {
        let scope = self.description["security"][0]["bearer"][0].as_str().expect("one scope");
        Scope::parse(scope).unwrap_or_else(|| panic!("{scope} is a scope"))
    }

    /// A request that succeeds.
    fn request(&self) -> TestRequest {
        let id = if self.path.contains("/messages/") { ID } else { "25" };
        let path = self
            .path
            .replace("{id}", id)
            .replace("{session}", ID)
            .replace("{practice}", "1")
            .replace("{version}", "v1");
        let confirm = if self.method == Method::DELETE { "?confirm=25" } else { "" };
        let request = with_secret(self.method.clone(), &format!("{path}{confirm}"));
        let request = request.insert_header(("if-match", "*"));
        match self.description.pointer("/requestBody/content/application~1json/schema") {
            None => request,
            Some(schema) => {
                let document = document();
                let example = &resolve(&document, schema)["example"];
                assert!(example.is_object(), "{}: the schema has an example", self.path);
                request.insert_header(("content-type", "application/json")).set_payload(example.to_string())
            }
        }
    }
}

fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, description) in item.as_object().expect("operations") {
            let method = method.to_uppercase().parse().expect("a method");
            operations.push(Operation { method, path: path.clone(), description: description.clone() });
        }
    }
    assert!(operations.len() > 10, "the surface has operations");
    operations
}

#[actix_web::test]
async fn every_operation_needs_its_scope_and_no_other() {
    for operation in operations() {
        let at = format!("{} {}", operation.method, operation.path);
        for scope in Scope::ALL {
            let answer = ask(willing([scope]), operation.request()).await;
            let is_let_in = scope == operation.scope();
            assert_eq!(
                answer.status.is_success(),
                is_let_in,
                "{at} with {}: {}",
                scope.as_str(),
                answer.body
            );
            if !is_let_in {
                assert_eq!(
                    (answer.status.as_u16(), &answer.json()["code"]),
                    (403, &json!("MISSING_SCOPE")),
                    "{at}"
                );
            }
            let status = answer.status.as_str();
            assert!(operation.description["responses"][status].is_object(), "{at} describes {status}");
        }
        let all_others = Scope::ALL.into_iter().filter(|scope| *scope != operation.scope());
        assert_eq!(ask(willing(all_others), operation.request()).await.status, 403, "{at}");
    }
}

#[actix_web::test]
async fn no_operation_lets_in_without_a_live_key() {
    for operation in operations() {
        for authorization in [None, Some("Basic YTpi"), Some("Bearer x"), Some(&SECRET.replace('0', "f")[..])]
        {
            let mut request = operation.request();
            request = match authorization {
                None => {
                    let bare = request.to_srv_request();
                    TestRequest::with_uri(&bare.uri().to_string()).method(bare.method().clone())
                }
                Some(text) => request.insert_header(("authorization", text)),
            };
            let answer = ask(willing(Scope::ALL), request).await;
            assert_eq!(answer.status, 401, "{} {}: {}", operation.method, operation.path, answer.body);
            assert!(answer.header("www-authenticate").is_some_and(|field| field.starts_with("Bearer")));
        }
    }
}

#[actix_web::test]
async fn a_user_is_answered_with_the_version() {
    insta::assert_snapshot!(
        ask(willing([Scope::UsersRead]), with_secret(Method::GET, "/admin/v1/users/25")).await
    );
}

#[actix_web::test]
async fn a_page_links_to_the_next_one_with_the_same_conditions() {
    let mut administration = with_key([Scope::UsersRead]);
    administration
        .expect_list_users()
        .times(1)
        .withf(|filter, after, at_most| {
            filter.status == Some(UserStatus::Disabled)
                && *after == Some(UserCursor { user: UserId(30), key: None })
                && *at_most == 1
        })
        .returning(|_, _, _| {
            let next = Some(UserCursor { user: UserId(25), key: Some("wáshington &=".to_owned()) });
            Ok(Page { items: vec![george().profile], next })
        });
    let request = with_secret(Method::GET, "/admin/v1/users?status=disabled&limit=1&cursor=30&search=");
    let answer = ask(administration, request).await;
    let link = answer.header("link").expect("a link").to_owned();
    assert_eq!(
        link,
        "</admin/v1/users?status=disabled&limit=1&search=&cursor=25%3Aw%C3%A1shington+%26%3D>; rel=\"next\""
    );
    assert_eq!(answer.json()["next"], "25:wáshington &=");
    assert_eq!(answer.json()["data"][0]["first_name"], "George");
}

#[actix_web::test]
async fn wrong_parameters_are_named_all_at_once() {
    let uri = "/admin/v1/events?user=George&action=dance&outcome=x&ip=1.2.3&since=yesterday&until=1&limit=201&cursor=x";
    insta::assert_snapshot!(ask(with_key([Scope::AuditRead]), with_secret(Method::GET, uri)).await);
    let mut administration = with_key([Scope::UsersRead]);
    administration.expect_list_users().returning(|_, _, _| Err(ListUsersError::ForeignCursor));
    let answer = ask(administration, with_secret(Method::GET, "/admin/v1/users?cursor=25")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (422, &json!("cursor")));
}

#[actix_web::test]
async fn an_edit_needs_the_version_that_the_caller_knows() {
    let edit = || {
        with_secret(Method::PATCH, "/admin/v1/users/25")
            .insert_header(("content-type", "application/json"))
            .set_payload(r#"{"last_name": "Custis"}"#)
    };
    let answer = ask(with_key([Scope::UsersWrite]), edit()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (428, &json!("IF_MATCH_REQUIRED")));

    let version = george().profile.version();
    let mut administration = with_key([Scope::UsersWrite]);
    administration
        .expect_rename_user()
        .times(1)
        .withf(move |_, _, expected, operator| *expected == Some(version) && operator.name == "key CI")
        .returning(|_, _, _, _| Err(EditUserError::Stale));
    let current = edit().insert_header(("if-match", format!("\"{version}\"")));
    let answer = ask(administration, current).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (412, &json!("STALE")));
    // Tags that are no version, and weak ones, match nothing.
    for tag in ["\"x\"".to_owned(), format!("W/\"{version}\""), version.to_string()] {
        let answer = ask(with_key([Scope::UsersWrite]), edit().insert_header(("if-match", tag))).await;
        assert_eq!(answer.status, 412);
    }
}

#[actix_web::test]
async fn a_deletion_needs_the_user_named_twice() {
    for (confirm, finds) in [("", None), ("?confirm=", None), ("?confirm=x", None), ("?confirm=26", Some(26))]
    {
        let mut administration = with_key([Scope::UsersWrite]);
        administration.expect_find_user().returning(move |user| {
            Ok(if user.id() == Some(UserId(25)) { Some(UserId(25)) } else { finds.map(UserId) })
        });
        let uri = format!("/admin/v1/users/25{confirm}");
        let answer = ask(administration, with_secret(Method::DELETE, &uri)).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!("confirm")),
            "{uri}"
        );
    }
}

#[actix_web::test]
async fn a_refused_creation_says_why() {
    let create = |body: &str| {
        with_secret(Method::POST, "/admin/v1/users")
            .insert_header(("content-type", "application/json"))
            .set_payload(body.to_owned())
    };
    let body = r#"{"first_name": "a\u0000", "contacts": ["George", "george@example.com"], "type": "home"}"#;
    insta::assert_snapshot!(ask(with_key([Scope::UsersWrite]), create(body)).await);
    for (body, status) in [("", 422), ("[]", 400), ("{\"contacts\": 5}", 422), ("{", 400)] {
        assert_eq!(ask(with_key([Scope::UsersWrite]), create(body)).await.status, status, "{body}");
    }
    let mut administration = with_key([Scope::UsersWrite]);
    administration.expect_create_user().times(1).returning(|account, request, _| {
        assert!(request.is_none());
        Err(CreateUserError::ContactTaken(account.contacts[0].clone()))
    });
    let taken = create(r#"{"contacts": ["george@example.com"]}"#);
    let answer = ask(administration, taken).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (409, &json!("CONTACT_TAKEN")));
    for key in ["", "\"\"", &"k".repeat(256)] {
        let request =
            create(r#"{"contacts": ["george@example.com"]}"#).insert_header(("idempotency-key", key));
        let answer = ask(with_key([Scope::UsersWrite]), request).await;
        assert_eq!(answer.json()["errors"][0]["field"], "Idempotency-Key", "{key:?}");
    }
}

#[actix_web::test]
async fn a_message_that_is_not_tried_again_is_a_conflict() {
    for (refusal, status) in
        [(RetryRefusal::Unknown, 404), (RetryRefusal::Delivered, 409), (RetryRefusal::CodeGone, 409)]
    {
        let mut administration = with_key([Scope::OutboxWrite]);
        administration.expect_retry_message().returning(move |_, _| Ok(Err(refusal)));
        let uri = format!("/admin/v1/messages/{ID}/retry");
        assert_eq!(ask(administration, with_secret(Method::POST, &uri)).await.status.as_u16(), status);
    }
    let malformed = with_secret(Method::POST, "/admin/v1/messages/x/retry");
    assert_eq!(ask(with_key([Scope::OutboxWrite]), malformed).await.status, 404);
}

#[actix_web::test]
async fn a_program_that_asks_too_often_waits() {
    let api = AdminApi::new(Arc::new(willing([Scope::UsersRead])), NonZeroU32::new(2).expect("not 0"));
    let app = init_service(admin_app(&admin_parts(api))).await;
    let ask = async |scope| {
        let request = with_secret(Method::GET, scope).to_request();
        Answer::of(call_service(&app, request).await).await
    };
    for status in [200, 200, 429] {
        assert_eq!(ask("/admin/v1/users").await.status.as_u16(), status);
    }
    // A request without the scope counts, too.
    let limited = ask("/admin/v1/events").await;
    assert_eq!(limited.status, 429);
    let retry_after: u64 = limited.header("retry-after").expect("a time").parse().expect("seconds");
    assert!(Duration::from_secs(retry_after) <= Duration::from_secs(30), "{retry_after}");
}

#[actix_web::test]
async fn a_store_that_fails_is_answered_with_problem_details() {
    let mut administration = MockAdministration::new();
    administration
        .expect_authenticate_admin_key()
        .returning(|_| Err(AuthenticateAdminKeyError::Storage(StorageError::Busy)));
    let answer = ask(administration, with_secret(Method::GET, "/admin/v1/users")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (503, Some("application/problem+json"))
    );
    assert!(answer.header("retry-after").is_some());
}

#[actix_web::test]
async fn the_description_is_served() {
    let served = ask(MockAdministration::new(), TestRequest::get().uri("/admin/openapi.json")).await.json();
    assert_eq!(served["paths"], document()["paths"]);
    assert_eq!(served["openapi"], "3.1.0");
}

#[actix_web::test]
async fn a_publication_needs_the_version_named_twice_and_a_free_name() {
    let publish = |body: &str| {
        with_secret(Method::POST, "/admin/v1/terms")
            .insert_header(("content-type", "application/json"))
            .set_payload(body.to_owned())
    };
    for (body, field) in [
        (r#"{"version": "v1", "text": "Be kind.", "confirm": "v2"}"#, "confirm"),
        (r#"{"version": "", "text": "Be kind.", "confirm": ""}"#, "version"),
        (r#"{"version": "v1", "confirm": "v1"}"#, "text"),
    ] {
        let answer = ask(with_key([Scope::TermsWrite]), publish(body)).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!(field)),
            "{body}"
        );
    }
    let mut administration = with_key([Scope::TermsWrite]);
    administration.expect_publish_terms().returning(|_, _, _| Err(PublishTermsError::Taken(VersionTaken)));
    let answer =
        ask(administration, publish(r#"{"version": "v1", "text": "Be kind.", "confirm": "v1"}"#)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (409, &json!("VERSION_TAKEN")));
}

#[actix_web::test]
async fn the_clients_of_an_unknown_practice_are_not_found() {
    let mut administration = with_key([Scope::PracticesRead]);
    administration.expect_find_practice().returning(|_| Ok(None));
    let answer = ask(administration, with_secret(Method::GET, "/admin/v1/practices/9/clients")).await;
    assert_eq!(answer.status, 404);
    let wrong = with_secret(Method::GET, "/admin/v1/practices/1/clients?status=x&cursor=x");
    let answer = ask(with_key([Scope::PracticesRead]), wrong).await;
    assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(2));
}
