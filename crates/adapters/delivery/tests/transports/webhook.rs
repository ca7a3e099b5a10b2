//! Requests to a webhook, and the outcome of each response.

use asteroid_kernel::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::certificates::TestCa;
use crate::http_server::{HttpAction, HttpServer, RecordedRequest};
use crate::messages::{ID, email, sms};
use crate::{outcome, transport};

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ACCEPTED: HttpAction = HttpAction::Respond(204, "", "");

fn url(server: &HttpServer) -> String {
    format!("webhook+http://127.0.0.1:{}/hooks/hunter2?k=v%20w&secret=whsec_{SECRET}", server.port)
}

/// Verifies the request's signature with this key, as a receiver does.
fn is_signed(request: &RecordedRequest, key: &str) -> bool {
    let key = STANDARD.decode(key).expect("base64");
    let signature = request.header("webhook-signature").strip_prefix("v1,").expect("version 1");
    let signature = STANDARD.decode(signature).expect("base64");
    let signed =
        format!("{}.{}.{}", request.header("webhook-id"), request.header("webhook-timestamp"), request.body);
    Hmac::<Sha256>::new_from_slice(&key).expect("a key").chain_update(signed).verify_slice(&signature).is_ok()
}

#[tokio::test]
async fn messages_of_both_channels_are_sent_and_signed() {
    let server = HttpServer::start([ACCEPTED, HttpAction::Respond(200, "", "{}")], None).await;
    let transport = transport(&url(&server));
    assert_eq!(outcome(&transport, &email()).await, "delivered");
    assert_eq!(outcome(&transport, &sms()).await, "delivered");
    let requests = server.requests();
    for request in &requests {
        assert_eq!(request.line, "POST /hooks/hunter2?k=v%20w HTTP/1.1");
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.header("webhook-id"), ID);
        assert_eq!(request.header("webhook-timestamp"), "1462274154");
        assert!(is_signed(request, SECRET) && !is_signed(request, "Tm90IHRoZSBrZXkgdGhhdCBzaWduZWQgaXQ="));
        let forged = RecordedRequest { body: request.body.replace("code", "c0de"), ..request.clone() };
        assert!(!is_signed(&forged, SECRET));
    }
    let bodies: Vec<Value> =
        requests.iter().map(|request| serde_json::from_str(&request.body).expect("JSON")).collect();
    assert_eq!(
        bodies,
        [
            json!({
                "id": ID,
                "at": "2016-05-03T11:15:54.950Z",
                "channel": "email",
                "to": "George@Example.com",
                "kind": "sign_in_code",
                "subject": "7G2KD is your code",
                "body": "Grüß Gott,\n\n    7G2KD\n.\n..",
                "code": "7G2KD",
                "html": email().html,
            }),
            json!({
                "id": ID,
                "at": "2016-05-03T11:15:54.950Z",
                "channel": "sms",
                "to": "+15556654345",
                "kind": "sign_in_code",
                "subject": null,
                "body": "042137 is your code.\n\n@example.com #042137",
                "code": "042137",
            }),
        ]
    );
}

#[tokio::test]
async fn the_signature_follows_standard_webhooks() {
    // Computed with Python's hmac module.
    let server = HttpServer::start([ACCEPTED], None).await;
    assert_eq!(outcome(&transport(&url(&server)), &sms()).await, "delivered");
    assert_eq!(
        server.requests()[0].header("webhook-signature"),
        "v1,NZgxVa/NyVohndQIhNjnC8GNET/oOUdYPm1oQOuVfmk="
    );
}

#[tokio::test]
async fn a_message_that_the_endpoint_rejects_is_a_permanent_failure() {
    for status in [400, 410, 422] {
        let server = HttpServer::start([HttpAction::Respond(status, "", "7G2KD")], None).await;
        assert_eq!(
            outcome(&transport(&url(&server)), &email()).await,
            format!("permanent: the webhook answered {status}")
        );
    }
}

#[tokio::test]
async fn every_other_response_is_a_passing_failure_to_retry() {
    for status in [401, 403, 404, 409, 413, 429, 500, 502, 503, 504] {
        let server = HttpServer::start([HttpAction::Respond(status, "retry-after: 1\r\n", "")], None).await;
        assert_eq!(
            outcome(&transport(&url(&server)), &email()).await,
            format!("passing: the webhook answered {status}")
        );
    }
    for status in [301, 302, 303, 307, 308] {
        let server =
            HttpServer::start([HttpAction::Respond(status, "location: /elsewhere\r\n", "")], None).await;
        assert_eq!(
            outcome(&transport(&url(&server)), &email()).await,
            format!("passing: the webhook answered {status}: redirects are not followed")
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_retry_after_a_lost_response_has_the_same_id_and_a_new_timestamp() {
    let server = HttpServer::start([HttpAction::HangUp, ACCEPTED], None).await;
    let transport = transport(&url(&server));
    let result = outcome(&transport, &email()).await;
    assert!(result.starts_with("passing: the request was not answered: "), "{result}");
    let mut again = email();
    again.at = Timestamp::parse("2016-05-03T11:15:56Z").expect("a time");
    assert_eq!(outcome(&transport, &again).await, "delivered");
    let requests = server.requests();
    assert_eq!([0, 1].map(|index| requests[index].header("webhook-id")), [ID, ID]);
    let times = [0, 1].map(|index| requests[index].header("webhook-timestamp"));
    assert_eq!(times, ["1462274154", "1462274156"]);
    assert!(requests.iter().all(|request| is_signed(request, SECRET)));
}

#[tokio::test]
async fn tls_requires_a_certificate_for_the_host_from_a_trusted_authority() {
    let (authority, other) = (TestCa::new(), TestCa::new());
    for (host, ca, accepted) in [
        ("localhost", format!("&ca={}", authority.path()), true),
        ("hooks.example.com", format!("&ca={}", authority.path()), false),
        ("localhost", format!("&ca={}", other.path()), false),
        ("localhost", String::new(), false),
    ] {
        let server = HttpServer::start([ACCEPTED], Some(authority.acceptor(host))).await;
        let url = format!("webhook+https://localhost:{}/?secret=whsec_{SECRET}{ca}", server.port);
        let result = outcome(&transport(&url), &sms()).await;
        assert_eq!(server.requests().len(), usize::from(accepted), "{result}");
        if accepted {
            assert_eq!(result, "delivered");
        } else {
            assert!(result.starts_with("passing: the request was not answered: "), "{result}");
            assert!(result.contains("invalid peer certificate"), "{result}");
        }
    }
}
