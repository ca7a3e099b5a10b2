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
const PATHS: [&str; 5] =
    ["/dev/outbox", "/dev/outbox/", "/dev/outbox/messages", "/dev/outbox/live.js", "/dev/outbox/nothing"];

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
        let is_asset = |part: &&str| part.starts_with("/pages/") || part.starts_with("/dev/outbox/");
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
