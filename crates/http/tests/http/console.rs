//! The console: who gets in, which forms it takes, and what pages say.

use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use asteroid_application::accounts::{SignInError, TokenForm};
use asteroid_application::administration::{
    ConsoleSession, CreateUserError, EditUserError, Page, StatusChange, UserDetails,
};
use asteroid_application::mocks::{MockAccounts, MockAdministration};
use asteroid_http::{AdminApi, AdminParts, FirstAdministrator, admin_app};
use asteroid_identity::{
    ContactSource, ContactType, PasswordFlaw, PersonName, Profile, SessionToken, User, UserContact,
    UserCursor, UserStatus,
};
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{Contact, ContactId, Region, UserId};

use crate::admin::admin_parts;
use crate::harness::{Answer, TOKEN, session, signed_in_user, time};

const SESSION: &str = "01540000-0000-7000-8000-000000000001";
const COOKIE: &str = "asteroid_console=48a4034027374be582b936f7d58043af";
/// A name that is not HTML.
const NAME: &str = "<script>alert(1)</script>";

fn profile(id: i64, administrator: bool) -> Profile {
    let user = User {
        id: UserId(id),
        name: PersonName::new(NAME, "Custis").expect("a name"),
        status: UserStatus::Enabled,
        password_hash: None,
        last_login: None,
        created_at: time("2016-05-02T11:15:54.950Z"),
        administrator,
    };
    let contact = UserContact {
        id: ContactId(1),
        contact: Contact::parse("martha@example.com", Region::US).expect("a contact"),
        contact_type: ContactType::Personal,
        primary: true,
        source: ContactSource::Verified,
        verified_at: time("2016-05-02T11:15:54.950Z"),
    };
    Profile { user, contacts: vec![contact] }
}

fn details(id: i64) -> UserDetails {
    UserDetails {
        profile: profile(id, false),
        memberships: Vec::new(),
        sessions: Vec::new(),
        familiar_networks: Vec::new(),
        failed_attempts: Vec::new(),
        messages: Vec::new(),
        events: Vec::new(),
    }
}

/// Administration in which [`COOKIE`] is a session of user 1.
fn signed_in(is_recent: bool) -> MockAdministration {
    let mut administration = MockAdministration::new();
    administration.expect_console_session().returning(move |token| {
        assert_eq!(token.expose(), TOKEN);
        let profile = profile(1, true);
        Ok(Some(ConsoleSession { profile, session: session(SESSION), is_recent }))
    });
    administration.expect_show_user().returning(|user| Ok(user.id().map(|id| details(id.0))));
    administration
}

async fn ask_of(accounts: MockAccounts, administration: MockAdministration, request: TestRequest) -> Answer {
    let api = AdminApi::new(Arc::new(administration), NonZeroU32::MAX);
    let parts = AdminParts { accounts: Arc::new(accounts), ..admin_parts(api) };
    let request = request.insert_header(("x-request-id", "r-1")).insert_header(("host", "127.0.0.1:8081"));
    Answer::of(call_service(&init_service(admin_app(&parts)).await, request.to_request()).await).await
}

async fn ask(administration: MockAdministration, request: TestRequest) -> Answer {
    ask_of(MockAccounts::new(), administration, request).await
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("cookie", COOKIE))
}

/// The token that forms of [`COOKIE`] carry.
fn csrf() -> String {
    SessionToken::parse(TOKEN).expect("a token").form_token()
}

/// A form that a page of the console sends.
fn post(path: &str, fields: &str) -> TestRequest {
    TestRequest::default()
        .method(Method::POST)
        .uri(path)
        .insert_header(("cookie", COOKIE))
        .insert_header(("origin", "http://127.0.0.1:8081"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(format!("csrf={}&{fields}", csrf()))
}

const PAGES: [&str; 12] = [
    "/admin/",
    "/admin/users",
    "/admin/users/results",
    "/admin/users/25",
    "/admin/users/new",
    "/admin/audit",
    "/admin/audit.csv",
    "/admin/outbox",
    "/admin/practices",
    "/admin/practices/1",
    "/admin/terms",
    "/admin/settings",
];

#[actix_web::test]
async fn every_page_sends_a_stranger_to_the_sign_in_and_back() {
    for path in PAGES {
        for cookie in ["", "asteroid_console=x", "other=48a4034027374be582b936f7d58043af"] {
            let request = TestRequest::get().uri(path).insert_header(("cookie", cookie));
            let answer = ask(MockAdministration::new(), request).await;
            let to = format!("/admin/sign-in?to={}", path.replace('/', "%2F"));
            assert_eq!(
                (answer.status.as_u16(), answer.header("location")),
                (303, Some(&*to)),
                "{path} {cookie}"
            );
        }
        // A session that has ended, or whose user is no administrator any more.
        let mut administration = MockAdministration::new();
        administration.expect_console_session().returning(|_| Ok(None));
        assert_eq!(ask(administration, get(path)).await.status, 303, "{path}");
    }
}

#[actix_web::test]
async fn one_whose_browser_kept_no_cookie_is_told_so() {
    for (referrer, why) in [
        ("http://10.0.0.7:8081/admin/sign-in?to=%2Fadmin%2F", "&why=cookie"),
        ("http://10.0.0.7:8081/admin/users", ""),
        ("http://10.0.0.7:8081/admin/sign-in/x", ""),
        ("http://[", ""),
    ] {
        let request = TestRequest::get().uri("/admin/").insert_header(("referer", referrer));
        let answer = ask(MockAdministration::new(), request).await;
        let to = format!("/admin/sign-in?to=%2Fadmin%2F{why}");
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(&*to)), "{referrer}");
    }
    let request = TestRequest::get().uri("/admin/sign-in?to=%2Fadmin%2F&why=cookie");
    let answer = ask(MockAdministration::new(), request).await;
    assert!(answer.body.contains("did not keep the cookie"), "{}", answer.body);
}

#[actix_web::test]
async fn pages_load_nothing_from_elsewhere_and_are_neither_framed_nor_stored() {
    let mut administration = signed_in(true);
    administration
        .expect_list_users()
        .returning(|_, _, _| Ok(Page { items: vec![profile(25, false)], next: None }));
    let answer = ask(administration, get("/admin/users")).await;
    let policy = answer.header("content-security-policy").expect("a policy");
    for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"] {
        assert!(policy.contains(rule), "{rule}: {policy}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(!answer.body.contains(NAME) && answer.body.contains("&#60;script&#62;"), "{}", answer.body);
    for path in ["/admin/assets/console.css", "/admin/assets/console.js"] {
        assert!(answer.body.contains(path));
        assert_eq!(ask(MockAdministration::new(), TestRequest::get().uri(path)).await.status, 200);
    }
}

#[actix_web::test]
async fn a_page_of_a_listing_links_to_the_next_one_with_the_same_conditions() {
    for (path, next) in [
        ("/admin/users", "/admin/users?cursor=25%3Aw%C3%A1+%26"),
        (
            "/admin/users?search=w%C3%A1+%26&status=&done=delete",
            "/admin/users?search=w%C3%A1+%26&cursor=25%3Aw%C3%A1+%26",
        ),
        ("/admin/users/results?status=disabled", "/admin/users?status=disabled&cursor=25%3Aw%C3%A1+%26"),
    ] {
        let mut administration = signed_in(true);
        administration.expect_list_users().returning(|_, _, _| {
            let next = Some(UserCursor { user: UserId(25), key: Some("wá &".to_owned()) });
            Ok(Page { items: vec![profile(25, false)], next })
        });
        let answer = ask(administration, get(path)).await;
        let link = format!("<a rel=\"next\" href=\"{}\">", next.replace('&', "&#38;"));
        assert!(answer.body.contains(&link), "{path}: {}", answer.body);
    }
}

/// Accounts that sign in for the console.
fn accounts(administrator: bool) -> MockAccounts {
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().times(1).withf(|request| request.token == TokenForm::Console).returning(
        move |_| {
            let mut signed_in = signed_in_user();
            signed_in.profile.profile.user.administrator = administrator;
            Ok(signed_in)
        },
    );
    accounts
}

fn credentials(to: &str) -> TestRequest {
    TestRequest::post()
        .uri("/admin/sign-in")
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(format!("contact=martha@example.com&password=a+fine+long+password&to={to}"))
}

#[actix_web::test]
async fn an_administrator_gets_a_cookie_that_scripts_and_other_sites_do_not() {
    let answer = ask_of(accounts(true), MockAdministration::new(), credentials("/admin/users/25")).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/admin/users/25")));
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert_eq!(cookie, format!("asteroid_console={TOKEN}; HttpOnly; SameSite=Strict; Path=/"));
    // Elsewhere than on this machine, by TLS alone.
    let elsewhere = credentials("//evil.example").insert_header(("host", "asteroid.internal"));
    let api = AdminApi::new(Arc::new(MockAdministration::new()), NonZeroU32::MAX);
    let parts = AdminParts { accounts: Arc::new(accounts(true)), ..admin_parts(api) };
    let response = call_service(&init_service(admin_app(&parts)).await, elsewhere.to_request()).await;
    let answer = Answer::of(response).await;
    assert_eq!(answer.header("location"), Some("/admin/"));
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert_eq!(cookie, format!("__Host-asteroid_console={TOKEN}; HttpOnly; SameSite=Strict; Secure; Path=/"));
}

#[actix_web::test]
async fn a_user_without_the_flag_gets_no_cookie_and_no_session() {
    let mut accounts = accounts(false);
    accounts.expect_sign_out().times(1).returning(|_, _| Ok(()));
    let answer = ask_of(accounts, MockAdministration::new(), credentials("")).await;
    assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, None));
    assert!(answer.body.contains("You are no administrator"), "{}", answer.body);

    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().returning(|_| Err(SignInError::InvalidCredentials));
    let answer = ask_of(accounts, MockAdministration::new(), credentials("")).await;
    assert!(answer.body.contains("The contact or the password is wrong."), "{}", answer.body);
    assert!(!answer.body.contains("a fine long password"));
    // A page of another site does not sign its visitor in.
    let foreign = credentials("").insert_header(("sec-fetch-site", "cross-site"));
    assert_eq!(ask(MockAdministration::new(), foreign).await.status, 403);
}

#[actix_web::test]
async fn a_form_of_another_page_changes_nothing() {
    let path = "/admin/users/25/disable";
    let without_token = post(path, "").set_payload("status=disabled");
    let other_token = post(path, "").set_payload(format!("csrf={}", "0".repeat(32)));
    let other_origin = post(path, "").insert_header(("origin", "http://evil.example"));
    let no_origin = post(path, "").insert_header(("origin", "null"));
    let cross_site = post(path, "").insert_header(("sec-fetch-site", "cross-site"));
    let same_site = post(path, "").insert_header(("sec-fetch-site", "same-site"));
    for request in [without_token, other_token, other_origin, no_origin, cross_site, same_site] {
        let answer = ask(signed_in(true), request).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(answer.body.contains("Nothing was changed."), "{}", answer.body);
    }
    // An action is no page: it cannot be linked to.
    assert_eq!(ask(signed_in(true), get(path)).await.status, 405);

    let mut administration = signed_in(false);
    administration
        .expect_set_status()
        .times(1)
        .withf(|user, status, operator| {
            user.id() == Some(UserId(25)) && *status == UserStatus::Disabled && operator.name == "user 1"
        })
        .returning(|_, _, _| Ok(Some(StatusChange { user: UserId(25), changed: true, ended_sessions: 1 })));
    let answer = ask(administration, post(path, "")).await;
    assert_eq!(answer.header("location"), Some("/admin/users/25?done=disable"));
}

#[actix_web::test]
async fn what_cannot_be_undone_needs_a_recent_sign_in() {
    for action in ["delete", "require-reset", "set-password", "grant-admin"] {
        let answer = ask(signed_in(false), post(&format!("/admin/users/25/{action}"), "confirm=25")).await;
        let to = "/admin/sign-in?to=%2Fadmin%2Fusers%2F25&why=again";
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(to)), "{action}");
    }
    let again = ask(signed_in(false), get("/admin/sign-in?to=%2Fadmin%2Fusers%2F25&why=again")).await;
    assert!(again.body.contains("Sign in again"), "{}", again.body);
    // One who is signed in needs no sign-in otherwise.
    let answer = ask(signed_in(false), get("/admin/sign-in?to=%2Fadmin%2Fusers%2F25")).await;
    assert_eq!(answer.header("location"), Some("/admin/users/25"));
}

#[actix_web::test]
async fn a_deletion_needs_the_user_named() {
    let mut administration = signed_in(true);
    administration.expect_find_user().returning(|user| Ok(user.id()));
    let answer = ask(administration, post("/admin/users/25/delete", "confirm=26")).await;
    assert!(answer.body.contains("nothing was deleted"), "{}", answer.body);
    let mut administration = signed_in(true);
    administration.expect_find_user().returning(|user| Ok(user.id()));
    administration.expect_delete_user().times(1).returning(|user, _| Ok(user.id()));
    let answer = ask(administration, post("/admin/users/25/delete", "confirm=25")).await;
    assert_eq!(answer.header("location"), Some("/admin/users?done=delete"));
}

#[actix_web::test]
async fn an_edit_of_a_user_who_was_changed_meanwhile_is_shown_and_not_saved() {
    let mut administration = signed_in(true);
    administration
        .expect_rename_user()
        .times(1)
        .withf(|_, _, expected, _| *expected == Some(profile(25, false).version()))
        .returning(|_, _, _, _| Err(EditUserError::Stale));
    let fields = format!("version={}&first_name=Martha&last_name=", profile(25, false).version());
    let answer = ask(administration, post("/admin/users/25/edit", &fields)).await;
    assert!(answer.body.contains("The user was changed meanwhile"), "{}", answer.body);
}

#[actix_web::test]
async fn wrong_conditions_are_named_on_the_page() {
    for (path, problem) in [
        ("/admin/users?status=x", "A status is enabled or disabled."),
        ("/admin/users?practice=x", "A practice is named by its id."),
        ("/admin/audit?action=dance", "The field action must be one of the list."),
        ("/admin/audit?since=yesterday", "The field since must be a time like"),
        ("/admin/audit?user=Martha", "The user must be an id"),
    ] {
        let answer = ask(signed_in(true), get(path)).await;
        assert!(answer.status == 200 && answer.body.contains(problem), "{path}: {}", answer.body);
    }
    let unknown = ask(signed_in(true), get("/admin/users/x")).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
}

#[actix_web::test]
async fn signing_out_ends_the_session_and_the_cookie() {
    let mut accounts = MockAccounts::new();
    accounts
        .expect_sign_out()
        .times(1)
        .withf(|caller, _| caller.user == UserId(1) && caller.session == session(SESSION))
        .returning(|_, _| Ok(()));
    let answer = ask_of(accounts, signed_in(true), post("/admin/sign-out", "")).await;
    assert_eq!(answer.header("location"), Some("/admin/sign-in"));
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("asteroid_console=;") && cookie.contains("Max-Age=0"), "{cookie}");
}

#[actix_web::test]
async fn terms_are_published_after_a_preview_and_the_name_typed() {
    let mut administration = signed_in(true);
    administration.expect_list_terms().returning(|| Ok(Vec::new()));
    let fields = "label=v2&text=Be+%3Ckind%3E.%0D%0ATwice.";
    let preview = ask(administration, post("/admin/terms/publish", fields)).await;
    assert!(preview.body.contains("Publish version v2?"), "{}", preview.body);
    assert!(preview.body.contains("Be &#60;kind&#62;.\nTwice."), "{}", preview.body);
    let mut administration = signed_in(true);
    administration.expect_list_terms().returning(|| Ok(Vec::new()));
    let other = ask(administration, post("/admin/terms/publish", &format!("{fields}&confirm=v1"))).await;
    assert!(other.body.contains("nothing was published"), "{}", other.body);
    let answer = ask(signed_in(false), post("/admin/terms/publish", &format!("{fields}&confirm=v2"))).await;
    assert_eq!(answer.header("location"), Some("/admin/sign-in?to=%2Fadmin%2Fterms&why=again"));
    let mut administration = signed_in(true);
    administration
        .expect_publish_terms()
        .times(1)
        .withf(|label, text, operator| {
            label.as_str() == "v2" && text == "Be <kind>.\nTwice." && operator.name == "user 1"
        })
        .returning(|_, _, _| Ok(()));
    let answer = ask(administration, post("/admin/terms/publish", &format!("{fields}&confirm=v2"))).await;
    assert_eq!(answer.header("location"), Some("/admin/terms?done=publish"));
}

#[actix_web::test]
async fn the_link_of_the_first_administrator_works_once_and_while_there_is_none() {
    let (first, path) = FirstAdministrator::new(&CountingRandomness::default());
    let first = Arc::new(first);
    let token = path.rsplit_once('=').expect("a token").1.to_owned();
    let ask = async |administration, request: TestRequest| {
        let api = AdminApi::new(Arc::new(administration), NonZeroU32::MAX);
        let parts = AdminParts { first: Arc::clone(&first), ..admin_parts(api) };
        let request = request.insert_header(("host", "127.0.0.1:8081")).to_request();
        Answer::of(call_service(&init_service(admin_app(&parts)).await, request).await).await
    };
    let without = || {
        let mut administration = MockAdministration::new();
        administration.expect_has_administrator().returning(|| Ok(false));
        administration
    };
    let other = format!("/admin/first?token={}", "0".repeat(32));
    for wrong in ["/admin/first", &other, "/admin/first?token="] {
        assert_eq!(
            ask(MockAdministration::new(), TestRequest::get().uri(wrong)).await.status,
            404,
            "{wrong}"
        );
    }
    assert!(ask(without(), TestRequest::get().uri(&path)).await.body.contains(&token));
    let create = |password: &str| {
        TestRequest::post()
            .uri("/admin/first")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(format!("token={token}&contact=martha@example.com&password={password}"))
    };
    let mut administration = without();
    administration
        .expect_create_user()
        .returning(|_, _, _| Err(CreateUserError::WeakPassword(vec![PasswordFlaw::TooShort { min: 8 }])));
    let weak = ask(administration, create("short")).await;
    assert!(weak.body.contains("The password is refused"), "{}", weak.body);
    let mut administration = without();
    administration.expect_create_user().times(1).returning(|_, _, _| Ok(UserId(1)));
    administration
        .expect_set_administrator()
        .times(1)
        .withf(|user, flag, _| user.id() == Some(UserId(1)) && *flag)
        .returning(|user, _, _| Ok(user.id()));
    let made = ask(administration, create("a+fine+long+password")).await;
    assert_eq!(made.header("location"), Some("/admin/sign-in?why=first"));
    assert_eq!(
        ask(MockAdministration::new(), create("a+fine+long+password")).await.status,
        404,
        "it is spent"
    );
}

#[actix_web::test]
async fn the_link_of_the_first_administrator_ends_when_there_is_one() {
    let (first, path) = FirstAdministrator::new(&CountingRandomness::default());
    let mut administration = MockAdministration::new();
    administration.expect_has_administrator().times(1).returning(|| Ok(true));
    let api = AdminApi::new(Arc::new(administration), NonZeroU32::MAX);
    let parts = AdminParts { first: Arc::new(first), ..admin_parts(api) };
    let app = init_service(admin_app(&parts)).await;
    for _ in 0..2 {
        assert_eq!(call_service(&app, TestRequest::get().uri(&path).to_request()).await.status(), 404);
    }
}

#[actix_web::test]
async fn a_user_is_created_with_the_contacts_of_each_line() {
    let fields =
        "first_name=Uma&last_name=&contacts=uma%40example.com%0D%0A%0D%0A+555-665-4345&type=work&password=";
    let mut administration = signed_in(false);
    administration
        .expect_create_user()
        .times(1)
        .withf(|account, request, operator| {
            let contacts: Vec<&str> = account.contacts.iter().map(Contact::as_str).collect();
            contacts == ["uma@example.com", "+15556654345"]
                && (account.contact_type, account.password.is_none()) == (ContactType::Work, true)
                && account.name.full() == "Uma"
                && request.is_none()
                && operator.name == "user 1"
        })
        .returning(|_, _, _| Ok(UserId(30)));
    let answer = ask(administration, post("/admin/users/new", fields)).await;
    assert_eq!(answer.header("location"), Some("/admin/users/30?done=create"));
    for (fields, problem) in [
        ("contacts=Uma", "Uma is no contact: not a phone number."),
        ("contacts=uma%40example.com&first_name=%07", "The name is refused"),
    ] {
        let answer = ask(signed_in(false), post("/admin/users/new", fields)).await;
        assert!(answer.body.contains(problem), "{}", answer.body);
    }
    let mut administration = signed_in(false);
    administration
        .expect_create_user()
        .returning(|account, _, _| Err(CreateUserError::ContactTaken(account.contacts[0].clone())));
    let answer =
        ask(administration, post("/admin/users/new", "contacts=uma%40example.com&first_name=Uma")).await;
    assert!(answer.body.contains("uma@example.com belongs to a user already"), "{}", answer.body);
    assert!(answer.body.contains("value=\"Uma\""), "what was typed stays");
}
