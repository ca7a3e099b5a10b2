//! Checks of the connection to a provider, which send no message.

use crate::certificates::TestCa;
use crate::http_server::{HttpAction, HttpServer};
use crate::smtp_server::{SmtpAction, SmtpScript, SmtpServer};
use crate::{checked, transport};

#[tokio::test]
async fn transport_without_a_server_has_nothing_to_connect_to() {
    for url in ["console:", "file:no/such/folder/messages", "none:"] {
        assert_eq!(checked(&transport(url)).await, "there is nothing to connect to", "{url}");
    }
    assert!(!std::path::Path::new("no/such").exists());
}

fn smtp_url(server: &SmtpServer, login: &str, parameters: &str) -> String {
    format!("smtp://{login}localhost:{}?from=no-reply@asteroid.example{parameters}", server.port)
}

#[tokio::test]
async fn smtp_check_opens_an_authenticated_session_and_ends_it() {
    let authority = TestCa::new();
    let server = SmtpServer::start(SmtpScript {
        offers: &["STARTTLS"],
        offers_within_tls: &["AUTH PLAIN"],
        tls: Some(authority.acceptor("localhost")),
        ..SmtpScript::default()
    })
    .await;
    let parameters = format!("&ca={}", authority.path());
    let with_login = transport(&smtp_url(&server, "robot:hunter2@", &parameters));
    assert_eq!(
        checked(&with_login).await,
        "the server accepts the user name and the password; no e-mail was sent"
    );
    assert_eq!(
        server.commands(),
        [
            "CONNECT",
            "EHLO asteroid.example",
            "STARTTLS",
            "TLS",
            "EHLO asteroid.example",
            "AUTH PLAIN AHJvYm90AGh1bnRlcjI=",
            "QUIT"
        ]
    );
    let without = transport(&smtp_url(&server, "", &parameters));
    assert_eq!(checked(&without).await, "the server answers; no e-mail was sent");
    let untrusted = transport(&smtp_url(&server, "", ""));
    assert!(checked(&untrusted).await.starts_with("failed: STARTTLS: invalid peer certificate: "));
}

#[tokio::test]
async fn smtp_check_reports_the_step_that_fails() {
    for (offers, actions, login, failure) in [
        (
            &["AUTH PLAIN"][..],
            vec![("AUTH", SmtpAction::Reply("535 5.7.8 hunter2 is wrong"))],
            "robot:hunter2@",
            "failed: AUTH: the server answered 535 5.7.8 (check the user name and the password)",
        ),
        (
            &[],
            vec![],
            "robot:hunter2@",
            "failed: the server offers no supported AUTH mechanism: PLAIN or LOGIN",
        ),
    ] {
        let server = SmtpServer::start(SmtpScript { offers, actions, ..SmtpScript::default() }).await;
        assert_eq!(checked(&transport(&smtp_url(&server, login, "&tls=none"))).await, failure);
        let required = checked(&transport(&smtp_url(&server, login, ""))).await;
        assert_eq!(
            required,
            "failed: the server does not offer STARTTLS, and nothing is sent to it unencrypted"
        );
        assert_eq!(server.mails(), [""; 0]);
    }
    let nowhere = checked(&transport("smtp://127.0.0.1:1?from=a@b.example&tls=none")).await;
    assert!(nowhere.starts_with("failed: ") && nowhere.contains("Connection refused"), "{nowhere}");
}

#[tokio::test]
async fn twilio_check_reads_the_account() {
    const NOT_ALLOWED: &str = "failed: Twilio answered 401: check the account SID, its token, and the account's \
                               permissions (error 20003, see https://www.twilio.com/docs/api/errors/20003)";
    for (action, outcome) in [
        (
            HttpAction::Respond(200, "", r#"{"sid": "AC01", "status": "active"}"#),
            "the credentials are valid; no SMS was sent",
        ),
        (
            HttpAction::Respond(200, "", r#"{"status": "suspended"}"#),
            "failed: the account is not active: it is suspended or closed",
        ),
        (HttpAction::Respond(401, "", r#"{"code": 20003}"#), NOT_ALLOWED),
        (HttpAction::Respond(500, "", ""), "failed: Twilio answered 500"),
    ] {
        let server = HttpServer::start([action], None).await;
        let url = format!("twilio+http://AC01:hunter2@127.0.0.1:{}?from=%2B15005550006", server.port);
        assert_eq!(checked(&transport(&url)).await, outcome);
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].line, "GET /2010-04-01/Accounts/AC01.json HTTP/1.1");
        assert_eq!(requests[0].header("authorization"), "Basic QUMwMTpodW50ZXIy");
    }
}

#[tokio::test]
async fn webhook_check_connects_and_sends_no_request() {
    let secret = "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let server = HttpServer::start([], None).await;
    let plain = transport(&format!("webhook+http://127.0.0.1:{}/hunter2?{secret}", server.port));
    assert_eq!(checked(&plain).await, "connected; no request was sent");

    let authority = TestCa::new();
    let tls = HttpServer::start([], Some(authority.acceptor("localhost"))).await;
    let url = |ca: &str| transport(&format!("webhook+https://localhost:{}/hunter2?{secret}{ca}", tls.port));
    let trusted = url(&format!("&ca={}", authority.path()));
    assert_eq!(checked(&trusted).await, "connected with TLS; no request was sent");
    let untrusted = checked(&url("")).await;
    assert!(untrusted.starts_with("failed: cannot connect: invalid peer certificate: "), "{untrusted}");
    let missing = checked(&url("&ca=no/such.pem")).await;
    assert!(missing.starts_with("failed: the certificates in no/such.pem cannot be read: "), "{missing}");
    let closed = checked(&transport(&format!("webhook+http://127.0.0.1:1?{secret}"))).await;
    assert_eq!(closed, "failed: cannot connect: Connection refused (os error 111)");
    assert_eq!((server.requests().len(), tls.requests().len()), (0, 0));
}
