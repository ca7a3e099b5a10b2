//! Requests to Twilio, and the outcome of each response.

use std::time::{Duration, Instant};

use crate::http_server::{HttpAction, HttpServer};
use crate::messages::{ID, email, sms};
use crate::{outcome, transport};

const ACCEPTED: HttpAction = HttpAction::Respond(201, "", r#"{"sid": "SM01", "status": "queued"}"#);

fn url(server: &HttpServer, sender: &str) -> String {
    format!("twilio+http://AC01:hunter2@127.0.0.1:{}?{sender}", server.port)
}

async fn outcome_with(act: HttpAction) -> String {
    let server = HttpServer::start([act], None).await;
    outcome(&transport(&url(&server, "from=%2B15005550006")), &sms()).await
}

#[tokio::test]
async fn an_sms_is_sent_with_credentials_and_an_idempotency_token() {
    for (sender, field) in [
        ("from=%2B15005550006", "From=%2B15005550006"),
        ("messaging_service_sid=MG01", "MessagingServiceSid=MG01"),
    ] {
        let server = HttpServer::start([ACCEPTED], None).await;
        assert_eq!(outcome(&transport(&url(&server, sender)), &sms()).await, "delivered");
        let requests = server.requests();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        assert_eq!(request.line, "POST /2010-04-01/Accounts/AC01/Messages.json HTTP/1.1");
        assert_eq!(request.header("authorization"), "Basic QUMwMTpodW50ZXIy");
        assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
        assert_eq!(request.header("i-twilio-idempotency-token"), ID);
        assert!(request.header("user-agent").starts_with("asteroid/"));
        assert_eq!(
            request.body,
            format!("To=%2B15556654345&{field}&Body=042137+is+your+code.%0A%0A%40example.com+%23042137")
        );
    }
}

#[tokio::test]
async fn connections_are_reused() {
    let server = HttpServer::start([ACCEPTED; 3], None).await;
    let transport = transport(&url(&server, "from=Asteroid"));
    for _ in 0..3 {
        assert_eq!(outcome(&transport, &sms()).await, "delivered");
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn an_unreachable_phone_number_is_a_permanent_failure() {
    let text = |status, code| {
        format!(
            "permanent: Twilio answered {status} (error {code}, see https://www.twilio.com/docs/api/errors/{code})"
        )
    };
    for (status, code, body) in [
        (
            400,
            21211,
            r#"{"code": 21211, "message": "The 'To' number +15556654345 is not a valid phone number."}"#,
        ),
        (400, 21265, r#"{"code": 21265}"#),
        (400, 21268, r#"{"code": 21268}"#),
        (400, 21610, r#"{"code": 21610, "message": "Attempt to send to unsubscribed recipient"}"#),
        (400, 21614, r#"{"code": 21614}"#),
        (404, 21635, r#"{"code": 21635}"#),
    ] {
        assert_eq!(outcome_with(HttpAction::Respond(status, "", body)).await, text(status, code));
    }
}

#[tokio::test]
async fn every_other_response_is_a_passing_failure_to_retry() {
    for (status, headers, body, text) in [
        (429, "retry-after: 7\r\n", "", "429: too many requests; retry after 7 s"),
        (429, "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "", "429: too many requests"),
        (500, "", "042137", "500"),
        (503, "retry-after: 1\r\n", "<html>", "503; retry after 1 s"),
        (400, "", "hunter2", "400"),
        (
            400,
            "",
            r#"{"code": 21606, "message": "The From number is not yours"}"#,
            "400 (error 21606, see https://www.twilio.com/docs/api/errors/21606)",
        ),
        (
            401,
            "",
            r#"{"code": 20003, "message": "Authenticate"}"#,
            "401: check the account SID, its token, and the account's permissions (error 20003, see \
             https://www.twilio.com/docs/api/errors/20003)",
        ),
        (403, "", "", "403: check the account SID, its token, and the account's permissions"),
        (
            404,
            "",
            r#"{"code": 20404}"#,
            "404 (error 20404, see https://www.twilio.com/docs/api/errors/20404)",
        ),
        (307, "location: https://example.com/\r\n", "", "307: redirects are not followed"),
        (
            500,
            "",
            r#"{"code": 21211}"#,
            "500 (error 21211, see https://www.twilio.com/docs/api/errors/21211)",
        ),
    ] {
        let outcome = outcome_with(HttpAction::Respond(status, headers, body)).await;
        assert_eq!(outcome, format!("passing: Twilio answered {text}"));
    }
}

#[tokio::test]
async fn a_retry_after_a_lost_response_has_the_same_idempotency_token() {
    let server = HttpServer::start([HttpAction::HangUp, ACCEPTED], None).await;
    let transport = transport(&url(&server, "from=Asteroid"));
    let lost = outcome(&transport, &sms()).await;
    assert!(lost.starts_with("passing: the request was not answered: "), "{lost}");
    assert_eq!(outcome(&transport, &sms()).await, "delivered");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[1].header("i-twilio-idempotency-token"), ID);
}

#[tokio::test]
async fn a_truncated_response_body_does_not_change_the_outcome() {
    assert_eq!(outcome_with(HttpAction::Truncate(201)).await, "delivered");
    assert_eq!(outcome_with(HttpAction::Truncate(500)).await, "passing: Twilio answered 500");
}

#[tokio::test]
async fn a_response_body_is_read_up_to_64_kib() {
    for (length, outcome) in [
        (
            64 * 1024,
            "permanent: Twilio answered 400 (error 21211, see https://www.twilio.com/docs/api/errors/21211)",
        ),
        (64 * 1024 + 1, "passing: Twilio answered 400"),
    ] {
        let error = r#"{"code": 21211}"#;
        let body: &'static str = (error.to_owned() + &" ".repeat(length - error.len())).leak();
        assert_eq!(outcome_with(HttpAction::Respond(400, "", body)).await, outcome);
    }
}

#[tokio::test]
async fn a_response_body_that_stalls_is_a_timeout() {
    assert_eq!(outcome_with(HttpAction::StallInBody(201)).await, "passing: there was no answer within 10 s");
}

#[tokio::test]
async fn a_silent_or_unreachable_server_is_a_timeout_or_a_passing_failure() {
    let server = HttpServer::start([HttpAction::Stall], None).await;
    let (silent, start) = (transport(&url(&server, "from=Asteroid")), Instant::now());
    assert_eq!(outcome(&silent, &sms()).await, "passing: there was no answer within 10 s");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let gone = url(&server, "from=Asteroid").replace(&server.port.to_string(), "1");
    let lost = outcome(&transport(&gone), &sms()).await;
    assert!(
        lost.starts_with("passing: the request was not answered: ") && lost.contains("refused"),
        "{lost}"
    );
}

#[tokio::test]
async fn an_email_address_is_a_permanent_failure() {
    let server = HttpServer::start([], None).await;
    assert_eq!(
        outcome(&transport(&url(&server, "from=Asteroid")), &email()).await,
        "permanent: an SMS goes to a phone number"
    );
    assert_eq!(server.connections(), 0);
}
