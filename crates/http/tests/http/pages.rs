//! The pages: the start page, and the outbox in development.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::development::{ShownCode, ShownMessage, ShownText};
use asteroid_application::mocks::{MockAccounts, MockDevelopmentOutbox, MockPractices};
use asteroid_http::{HttpSettings, Parts};
use asteroid_kernel::mocks::CountingRandomness;
use asteroid_kernel::{ChallengeId, Contact, Region, StorageError};
use asteroid_messaging::{Content, Message, MessageKind, OutboxState};
use asteroid_verification::mocks::sample_keys;
use asteroid_verification::{Challenge, ChallengeRules, CodeFormat, Purpose};

use crate::harness::{Answer, Ready, ask_from, parts, time};

const HERE: &str = "127.0.0.1:4711";
const PATHS: [&str; 8] = [
    "/dev/outbox",
    "/dev/outbox/",
    "/dev/outbox/messages",
    "/dev/outbox/live.js",
    "/dev/outbox/nothing",
    "/dev/outbox/clear",
    "/dev/outbox/html/019b7ca9-8f2e-7fcd-9d7b-39a820e2f465",
    "/dev/outbox.json",
];

type Whole = Parts<MockAccounts, MockPractices, Ready, MockDevelopmentOutbox>;

fn in_production() -> Whole {
    parts(MockAccounts::new(), HttpSettings::default())
}

/// An application that shows these messages.
fn in_development(messages: Vec<ShownMessage>) -> Whole {
    let mut outbox = MockDevelopmentOutbox::new();
    outbox.expect_latest_messages().returning(move |_| Ok(messages.clone()));
    Parts { development_outbox: Some(Arc::new(outbox)), ..in_production() }
}

fn get(path: &str) -> TestRequest {
    TestRequest::get()
        .uri(path)
        .insert_header(("host", "localhost:8080"))
        .insert_header(("x-request-id", "r-1"))
}

async fn ask_here(parts: &Whole, request: TestRequest) -> Answer {
    ask_from(HERE, parts, request).await
}

/// Messages with markup in every part.
fn message(to: &str, state: OutboxState, code: Option<ShownCode>) -> ShownMessage {
    let (now, randomness) = (time("2016-05-03T11:15:54.950Z"), CountingRandomness::default());
    let content = Content::Code { challenge: ChallengeId::new(now, &randomness), autofill: false };
    let to = Contact::parse(to, Region::US).expect("a contact");
    let expires_at = now + Duration::from_mins(10);
    let message = Message::new(to, MessageKind::SignInCode, content, expires_at, now, &randomness);
    let text = matches!(code, Some(ShownCode::Works { .. })).then(|| ShownText {
        subject: Some("</p><script src=//evil.example></script>".into()),
        body: "\"<b>Asteroid</b>\" & 'Söhne'\n\n    042137".into(),
        html: Some("<!doctype html><p>042137</p><script>alert(1)</script>".into()),
    });
    ShownMessage { message, attempts: 2, state, text, code }
}

fn working_code() -> ShownCode {
    let (now, randomness) = (time("2016-05-03T11:15:54.950Z"), CountingRandomness::default());
    let (rules, keys) = (ChallengeRules::default(), sample_keys());
    let contact = Contact::parse("george@example.com", Region::US).expect("a contact");
    let (format, key) = (CodeFormat::Crockford { length: 5 }, keys.current_id());
    let challenge =
        Challenge::open(contact, Purpose::SignIn, format, &key, None, &[], &rules, now, &randomness);
    ShownCode::Works { code: keys.code(&challenge).expect("a key"), until: challenge.expires_at }
}

fn nasty() -> Vec<ShownMessage> {
    let at = time("2016-05-03T11:15:55.000Z");
    let dead = OutboxState::Failed { at, reason: "<img src=x onerror=alert(1)>".into() };
    vec![
        message("o'reilly&sons{{7*7}}@example.com", OutboxState::Delivered { at }, Some(working_code())),
        message("555-665-4345", OutboxState::Waiting { due_at: at }, Some(ShownCode::Expired)),
        message("george@example.com", dead, None),
    ]
}

#[actix_web::test]
async fn the_outbox_shows_every_message_as_escaped_text() {
    let page = ask_here(&in_development(nasty()), get("/dev/outbox")).await;
    insta::assert_snapshot!(page);
    for part in ["<script src=//", "<img", "<b>", "o'reilly"] {
        assert!(!page.body.contains(part), "{part}");
    }
}

#[actix_web::test]
async fn an_empty_outbox_is_described_as_empty() {
    let page = ask_here(&in_development(Vec::new()), get("/dev/outbox")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("There is none yet."), "{}", page.body);
}

#[actix_web::test]
async fn the_outbox_names_why_a_code_is_unusable() {
    let at = time("2016-05-03T11:15:55.000Z");
    let mut answered = Vec::new();
    for code in [ShownCode::Spent, ShownCode::Guessed, ShownCode::Expired, ShownCode::Lost] {
        let message = message("george@example.com", OutboxState::Delivered { at }, Some(code));
        let page = ask_here(&in_development(vec![message]), get("/dev/outbox")).await.body;
        assert!(!page.contains("data-copy"), "there is nothing to copy");
        let (_, line) = page.split_once("<p class=\"gone\">").expect("a line");
        answered.push(line.split_once("</p>").expect("its end").0.to_owned());
    }
    insta::assert_snapshot!(answered.join("\n"), @r"
    The code was used, or ended with another one.
    Too many wrong codes were tried: this one no longer works.
    The code has expired.
    The key of the code is no longer in the key ring.
    ");
}

#[actix_web::test]
async fn unchanged_messages_are_answered_304() {
    let parts = in_development(nasty());
    let first = ask_here(&parts, get("/dev/outbox/messages")).await;
    assert_eq!((first.status.as_u16(), first.header("cache-control")), (200, Some("no-store")));
    assert!(first.body.trim_start().starts_with("<article "), "{}", first.body);
    let version = first.header("etag").expect("a version").to_owned();
    let known = || get("/dev/outbox/messages").insert_header(("if-none-match", version.clone()));
    let again = ask_here(&parts, known()).await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    assert_eq!((again.header("etag"), again.header("cache-control")), (Some(&*version), Some("no-store")));
    let changed = ask_here(&in_development(Vec::new()), known()).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(&*version));
}

#[actix_web::test]
async fn the_outbox_is_not_found_in_production() {
    for path in PATHS {
        let nowhere = ask_here(&in_production(), get("/nowhere")).await;
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let answer = ask_here(&in_production(), get(path).method(method)).await;
            assert_eq!(answer.to_string(), nowhere.to_string(), "{path}");
        }
    }
}

#[actix_web::test]
async fn the_outbox_is_not_found_for_clients_on_other_machines() {
    let parts = in_development(nasty());
    let nowhere = ask_here(&parts, get("/nowhere")).await.to_string();
    for path in PATHS {
        for peer in ["203.0.113.9:4711", "10.0.0.1:4711", "[2001:db8::1]:4711", "[::ffff:10.0.0.1]:4711"] {
            for method in [Method::GET, Method::HEAD, Method::POST] {
                let answer = ask_from(peer, &parts, get(path).method(method)).await;
                assert_eq!(answer.to_string(), nowhere, "{path} asked from {peer}");
            }
        }
        for (name, value) in [
            ("host", "rebound.example.com:8080"),
            ("host", "localhost.example.com"),
            ("host", "192.0.2.1:8080"),
            ("origin", "https://evil.example.com"),
            ("origin", "null"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
        ] {
            let answer = ask_here(&parts, get(path).insert_header((name, value))).await;
            assert_eq!(answer.to_string(), nowhere, "{path} with {name}: {value}");
        }
        let two_hosts = get(path).append_header(("host", "rebound.example.com"));
        assert_eq!(ask_here(&parts, two_hosts).await.to_string(), nowhere, "{path}");
        let no_host = TestRequest::get().uri(path).insert_header(("x-request-id", "r-1"));
        assert_eq!(ask_here(&parts, no_host).await.to_string(), nowhere, "{path}");
    }
}

#[actix_web::test]
async fn the_outbox_is_served_under_every_loopback_name() {
    for peer in [HERE, "[::1]:4711", "[::ffff:127.0.0.1]:4711"] {
        for host in ["localhost", "127.0.0.1:8080", "[::1]:8080", "app.localhost"] {
            let request = get("/dev/outbox").insert_header(("host", host));
            let answer = ask_from(peer, &in_development(Vec::new()), request).await;
            assert_eq!(answer.status, 200, "{host} asked from {peer}");
        }
    }
    let of_http2 = TestRequest::get().uri("http://localhost:8080/dev/outbox");
    assert_eq!(ask_here(&in_development(Vec::new()), of_http2).await.status, 200);
}

#[actix_web::test]
async fn pages_answer_only_get_and_head() {
    let parts = in_development(Vec::new());
    for path in ["/", "/dev/outbox", "/dev/outbox/messages", "/dev/outbox/live.js", "/pages/page.css"] {
        let whole = ask_here(&parts, get(path)).await;
        let head = ask_here(&parts, get(path).method(Method::HEAD)).await;
        assert_eq!((head.status.as_u16(), head.header("content-type")), (200, whole.header("content-type")));
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let refused = ask_here(&parts, get(path).method(method)).await;
            assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, Some("GET, HEAD")));
            assert_eq!(refused.code(), "METHOD_NOT_ALLOWED");
        }
    }
}

#[actix_web::test]
async fn a_storage_error_of_the_outbox_is_answered_as_an_error() {
    let mut outbox = MockDevelopmentOutbox::new();
    outbox.expect_latest_messages().times(2).returning(|_| Err(StorageError::Unavailable("10.0.0.7".into())));
    let parts = Parts { development_outbox: Some(Arc::new(outbox)), ..in_production() };
    for path in ["/dev/outbox", "/dev/outbox/messages"] {
        let answer = ask_here(&parts, get(path)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
    }
}

/// The recipients in the JSON of the outbox with this query.
async fn recipients(parts: &Whole, query: &str) -> Vec<String> {
    let answer = ask_here(parts, get(&format!("/dev/outbox.json{query}"))).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, Some("no-store")));
    let list: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let messages = list["messages"].as_array().expect("a list").clone();
    messages.iter().map(|message| message["to"].as_str().expect("text").to_owned()).collect()
}

#[actix_web::test]
async fn the_outbox_as_json_has_every_field_of_a_message() {
    let answer = ask_here(&in_development(nasty()), get("/dev/outbox.json?limit=2")).await;
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    let list: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let [first, second] = list["messages"].as_array().expect("a list").as_slice() else { panic!("{list}") };
    let (id, code) = (&first["id"], &first["code"]);
    assert!(id.is_string() && code.as_str().is_some_and(|code| code.len() == 5), "{first}");
    assert_eq!(
        *first,
        serde_json::json!({
            "id": id, "created_at": "2016-05-03T11:15:54.950Z", "channel": "email",
            "to": "o'reilly&sons{{7*7}}@example.com", "kind": "sign_in_code", "state": "delivered", "attempts": 2,
            "reason": null, "code": code, "code_works_until": first["code_works_until"],
            "subject": "</p><script src=//evil.example></script>",
            "text": "\"<b>Asteroid</b>\" & 'Söhne'\n\n    042137",
            "html": "<!doctype html><p>042137</p><script>alert(1)</script>",
        })
    );
    assert_eq!((&second["code"], &second["text"]), (&serde_json::Value::Null, &serde_json::Value::Null));
}

#[actix_web::test]
async fn the_outbox_is_filtered_by_text_channel_state_and_limit() {
    let parts = in_development(nasty());
    let [reilly, phone, george] = ["o'reilly&sons{{7*7}}@example.com", "+15556654345", "george@example.com"];
    for (query, expected) in [
        ("", &[reilly, phone, george][..]),
        ("?q=", &[reilly, phone, george]),
        ("?q=GEORGE", &[george]),
        ("?q=042137", &[reilly]),
        ("?q=%3Cb%3Easteroid", &[reilly]),
        ("?q=sign_in", &[reilly, phone, george]),
        ("?q=nothing+like+it", &[]),
        ("?channel=sms", &[phone]),
        ("?channel=email&state=failed", &[george]),
        ("?state=waiting", &[phone]),
        ("?channel=pigeon", &[]),
        ("?limit=1", &[reilly]),
        ("?limit=x", &[reilly, phone, george]),
    ] {
        assert_eq!(recipients(&parts, query).await, expected, "{query}");
        let page = ask_here(&parts, get(&format!("/dev/outbox{query}"))).await.body;
        assert_eq!(page.matches("<article ").count(), expected.len(), "{query}");
        let polled = ask_here(&parts, get(&format!("/dev/outbox/messages{query}"))).await.body;
        assert_eq!(polled.matches("<article ").count(), expected.len(), "{query}");
    }
    let page = ask_here(&parts, get("/dev/outbox?q=%22%3E%3Cscript%3E&state=failed")).await.body;
    assert!(page.contains("value=\"failed\" selected") && !page.contains("\"><script>"), "{page}");
}

#[actix_web::test]
async fn more_than_fifty_messages_are_shown() {
    let at = time("2016-05-03T11:15:55.000Z");
    let messages = vec![message("george@example.com", OutboxState::Delivered { at }, None); 300];
    let parts = in_development(messages);
    assert_eq!(recipients(&parts, "").await.len(), 200);
    assert_eq!(recipients(&parts, "?limit=1000").await.len(), 300);
}

#[actix_web::test]
async fn html_of_an_email_is_shown_in_a_sandbox() {
    let messages = nasty();
    let ids: Vec<String> = messages.iter().map(|shown| shown.message.id.to_string()).collect();
    let parts = in_development(messages[..1].to_vec());
    let page = ask_here(&parts, get("/dev/outbox")).await;
    let path = format!("/dev/outbox/html/{}", ids[0]);
    assert!(page.body.contains(&format!("<iframe sandbox src=\"{path}\"")), "{}", page.body);
    let email = ask_here(&parts, get(&path)).await;
    assert_eq!(email.body, "<!doctype html><p>042137</p><script>alert(1)</script>");
    let policy = email.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("sandbox; default-src 'none'; ") && !policy.contains("allow-"), "{policy}");
    assert_eq!(email.header("cache-control"), Some("no-store"));
    let none = in_development(messages[1..].to_vec());
    for id in [ids[1].as_str(), "nothing", "..%2f"] {
        let answer = ask_here(&none, get(&format!("/dev/outbox/html/{id}"))).await;
        assert_eq!(answer.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn the_outbox_is_cleared_by_its_own_form_and_by_programs_only() {
    let parts = |times: usize| {
        let mut outbox = MockDevelopmentOutbox::new();
        outbox.expect_clear().times(times).returning(|| Ok(()));
        Parts { development_outbox: Some(Arc::new(outbox)), ..in_production() }
    };
    let form = || get("/dev/outbox/clear").method(Method::POST);
    let own = form().insert_header(("origin", "http://localhost:8080"));
    let cleared = ask_here(&parts(1), own).await;
    assert_eq!((cleared.status.as_u16(), cleared.header("location")), (303, Some("/dev/outbox")));
    assert_eq!(ask_here(&parts(1), form()).await.status, 303);
    let delete = || get("/dev/outbox.json").method(Method::DELETE);
    let deleted = ask_here(&parts(1), delete()).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    for origin in ["https://evil.example.com", "null", "http://localhost:8081", "https://localhost:8080"] {
        for request in [form(), delete()] {
            let refused = ask_here(&parts(0), request.insert_header(("origin", origin))).await;
            assert_eq!(refused.status, 404, "{origin}");
        }
    }
    let rebound = form()
        .insert_header(("host", "evil.example.com"))
        .insert_header(("origin", "http://evil.example.com"));
    assert_eq!(ask_here(&parts(0), rebound).await.status, 404);
    assert_eq!(ask_here(&parts(0), get("/dev/outbox/clear")).await.status, 405);
}

#[actix_web::test]
async fn pages_can_be_switched_off() {
    let settings = || HttpSettings { pages: false, ..HttpSettings::default() };
    let off = parts(MockAccounts::new(), settings());
    let nowhere = ask_here(&off, get("/nowhere")).await.to_string();
    for path in ["/", "/docs", "/docs/", "/docs/page.js", "/openapi.json", "/pages/page.css", "/dev/outbox"] {
        assert_eq!(ask_here(&off, get(path)).await.to_string(), nowhere, "{path}");
    }
    assert_eq!(ask_here(&off, get("/healthz")).await.status, 200);
    // The outbox of a development server stays, with the assets that it needs.
    let development = Parts { development_outbox: in_development(nasty()).development_outbox, ..off };
    for path in ["/dev/outbox", "/pages/page.css", "/dev/outbox.json"] {
        assert_eq!(ask_here(&development, get(path)).await.status, 200, "{path}");
    }
    assert_eq!(ask_here(&development, get("/")).await.status, 404);
}

#[actix_web::test]
async fn the_start_page_in_production_only_links_to_the_api_description() {
    let local = ask_here(&in_production(), get("/")).await.to_string();
    insta::assert_snapshot!(local);
    let from_afar = ask_from("203.0.113.9:4711", &in_production(), get("/")).await.to_string();
    assert_eq!(from_afar, local);
    let rebound = get("/").insert_header(("host", "rebound.example.com"));
    let rebound = ask_here(&in_development(Vec::new()), rebound).await.to_string();
    assert_eq!(rebound, local, "nor does that of development to others");
}

#[actix_web::test]
async fn the_start_page_in_development_has_the_commands_of_the_readme() {
    const README: &str = include_str!("../../../../README.md");
    let page = ask_here(&in_development(Vec::new()), get("/")).await.body;
    let (_, walk) = README.split_once("\n## A walkthrough").expect("the README has a walkthrough");
    let blocks = walk.split("```sh\n").skip(1).map(|block| block.split("\n```").next().unwrap_or_default());
    for block in blocks.take(2) {
        assert!(page.contains(block), "{block}\n\n{page}");
    }
    assert!(page.contains("href=\"/dev/outbox\""));
}

#[actix_web::test]
async fn pages_load_nothing_from_other_origins_and_have_nothing_inline() {
    let parts = in_development(nasty());
    for path in ["/", "/dev/outbox"] {
        let page = ask_here(&parts, get(path)).await.body;
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/") && script.contains("></script>"), "{script}");
        }
        for part in page.split(['"', '>']) {
            assert!(!part.starts_with("http") && !part.starts_with("//"), "{part}");
        }
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains(" onload"));
        let is_asset =
            |part: &&str| part.starts_with('/') && [".css", ".js"].iter().any(|end| part.ends_with(end));
        let assets: Vec<&str> = page.split('"').filter(is_asset).collect();
        assert!(assets.len() >= 2, "a style and a script: {assets:?}");
        for asset in assets {
            let answer = ask_here(&parts, get(asset)).await;
            assert_eq!(answer.status, 200, "{asset}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(!answer.body.contains("://"), "{asset}");
        }
    }
}
