//! SMTP over TLS: STARTTLS, implicit TLS, and the certificates that are trusted.

use crate::certificates::TestCa;
use crate::messages::email;
use crate::smtp_server::{SmtpAction, SmtpScript, SmtpServer};
use crate::{outcome, transport};

fn url(server: &SmtpServer, scheme: &str, parameters: &str) -> String {
    format!(
        "{scheme}://robot:hunter2@localhost:{}?from=no-reply@asteroid.example&timeout=20{parameters}",
        server.port
    )
}

/// A server that offers STARTTLS, and AUTH only within TLS.
async fn server(authority: &TestCa, host: &str, actions: Vec<(&'static str, SmtpAction)>) -> SmtpServer {
    SmtpServer::start(SmtpScript {
        offers: &["STARTTLS"],
        offers_within_tls: &["AUTH PLAIN"],
        tls: Some(authority.acceptor(host)),
        implicit: false,
        actions,
    })
    .await
}

const DELIVERY_COMMANDS: [&str; 5] = [
    "EHLO asteroid.example",
    "AUTH PLAIN AHJvYm90AGh1bnRlcjI=",
    "MAIL FROM:<no-reply@asteroid.example>",
    "RCPT TO:<George@Example.com>",
    "DATA",
];

#[tokio::test]
async fn starttls_comes_before_authentication_and_message() {
    let authority = TestCa::new();
    for tls in ["", "&tls=required", "&tls=opportunistic"] {
        let server = server(&authority, "localhost", vec![]).await;
        let transport = transport(&url(&server, "smtp", &format!("&ca={}{tls}", authority.path())));
        assert_eq!(outcome(&transport, &email()).await, "delivered");
        let commands = server.commands();
        assert_eq!(commands[..4], ["CONNECT", "EHLO asteroid.example", "STARTTLS", "TLS"], "{tls}");
        assert_eq!(commands[4..], DELIVERY_COMMANDS);
        assert_eq!(outcome(&transport, &email()).await, "delivered");
        assert_eq!((server.count("CONNECT"), server.count("NOOP")), (1, 1));
    }
}

#[tokio::test]
async fn a_reply_without_an_end_is_bounded_within_tls() {
    let authority = TestCa::new();
    for (scheme, implicit) in [("smtp", false), ("smtps", true)] {
        let server = SmtpServer::start(SmtpScript {
            offers: &["STARTTLS"],
            offers_within_tls: &["AUTH PLAIN"],
            tls: Some(authority.acceptor("localhost")),
            implicit,
            actions: vec![("MAIL", SmtpAction::Repeat("2"))],
        })
        .await;
        let transport = transport(&url(&server, scheme, &format!("&ca={}", authority.path())));
        assert_eq!(
            outcome(&transport, &email()).await,
            "passing: MAIL FROM: the reply is longer than 32 KiB",
            "{scheme}"
        );
        assert!(server.repeated() < 16 << 20, "{}", server.repeated());
        assert_eq!(outcome(&transport, &email()).await, "delivered");
    }
}

#[tokio::test]
async fn smtps_uses_implicit_tls() {
    let authority = TestCa::new();
    let server = SmtpServer::start(SmtpScript {
        offers_within_tls: &["AUTH PLAIN"],
        tls: Some(authority.acceptor("localhost")),
        implicit: true,
        ..SmtpScript::default()
    })
    .await;
    let transport = transport(&url(&server, "smtps", &format!("&ca={}", authority.path())));
    assert_eq!(outcome(&transport, &email()).await, "delivered");
    let commands = server.commands();
    assert_eq!(commands[..2], ["CONNECT", "TLS"]);
    assert_eq!(commands[2..], DELIVERY_COMMANDS);
}

#[tokio::test]
async fn a_certificate_can_be_for_an_ip_address() {
    let authority = TestCa::new();
    let server = server(&authority, "127.0.0.1", vec![]).await;
    let url = url(&server, "smtp", &format!("&ca={}", authority.path())).replace("localhost", "127.0.0.1");
    assert_eq!(outcome(&transport(&url), &email()).await, "delivered");
}

#[tokio::test]
async fn a_server_without_starttls_receives_neither_password_nor_message() {
    let server = SmtpServer::start(SmtpScript { offers: &["AUTH PLAIN"], ..SmtpScript::default() }).await;
    for tls in ["", "&tls=required"] {
        assert_eq!(
            outcome(&transport(&url(&server, "smtp", tls)), &email()).await,
            "passing: the server does not offer STARTTLS, and nothing is sent to it unencrypted"
        );
    }
    assert_eq!(server.commands(), ["CONNECT", "EHLO asteroid.example"].repeat(2));
}

#[tokio::test]
async fn opportunistic_tls_is_unencrypted_only_where_starttls_is_not_offered() {
    let clear = SmtpServer::start(SmtpScript { offers: &["AUTH PLAIN"], ..SmtpScript::default() }).await;
    assert_eq!(outcome(&transport(&url(&clear, "smtp", "&tls=opportunistic")), &email()).await, "delivered");

    let authority = TestCa::new();
    let trusting = format!("&tls=opportunistic&ca={}", authority.path());
    let refusing =
        server(&authority, "localhost", vec![("STARTTLS", SmtpAction::Reply("454 4.7.0 not now"))]).await;
    assert_eq!(
        outcome(&transport(&url(&refusing, "smtp", &trusting)), &email()).await,
        "passing: STARTTLS: the server answered 454 4.7.0"
    );
    let breaking = server(&authority, "localhost", vec![("STARTTLS", SmtpAction::HangUp)]).await;
    let result = outcome(&transport(&url(&breaking, "smtp", &trusting)), &email()).await;
    assert!(result.starts_with("passing: STARTTLS: "), "{result}");
    let stranger = server(&authority, "mail.example.com", vec![]).await;
    let result = outcome(&transport(&url(&stranger, "smtp", &trusting)), &email()).await;
    assert!(result.starts_with("passing: STARTTLS: invalid peer certificate"), "{result}");
    for server in [refusing, breaking, stranger] {
        assert_eq!((server.count("AUTH"), server.count("MAIL")), (0, 0));
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_or_of_another_authority_is_rejected() {
    let (authority, other) = (TestCa::new(), TestCa::new());
    for implicit in [false, true] {
        for (host, ca, why) in [
            ("mail.example.com", format!("&ca={}", authority.path()), "not valid for name"),
            ("localhost", format!("&ca={}", other.path()), "certificate"),
            ("localhost", String::new(), "UnknownIssuer"),
        ] {
            let server = SmtpServer::start(SmtpScript {
                offers: &["STARTTLS", "AUTH PLAIN"],
                tls: Some(authority.acceptor(host)),
                implicit,
                ..SmtpScript::default()
            })
            .await;
            let scheme = if implicit { "smtps" } else { "smtp" };
            let result = outcome(&transport(&url(&server, scheme, &ca)), &email()).await;
            let step = if implicit { "connect" } else { "STARTTLS" };
            assert!(result.starts_with(&format!("passing: {step}: invalid peer certificate")), "{result}");
            assert!(result.contains(why), "{result}");
            assert_eq!((server.count("AUTH"), server.count("MAIL")), (0, 0));
        }
    }
}

#[tokio::test]
async fn starttls_response_injection_is_rejected() {
    let authority = TestCa::new();
    let injected = "220 go ahead\r\n250-mail.example.com\r\n250 AUTH PLAIN\r\n235 2.7.0 welcome";
    let server = server(&authority, "localhost", vec![("STARTTLS", SmtpAction::Reply(injected))]).await;
    let transport = transport(&url(&server, "smtp", &format!("&ca={}", authority.path())));
    let result = outcome(&transport, &email()).await;
    assert!(result.starts_with("passing: STARTTLS: "), "{result}");
    assert_eq!((server.count("TLS"), server.count("AUTH"), server.count("MAIL")), (0, 0, 0));
}

#[tokio::test]
async fn an_unreadable_ca_file_is_a_passing_failure_that_an_operator_can_correct() {
    let authority = TestCa::new();
    let server = server(&authority, "localhost", vec![]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let transport = transport(&url(&server, "smtp", &format!("&ca={}", file.display())));
    let result = outcome(&transport, &email()).await;
    assert!(
        result.starts_with(&format!("passing: the certificates in {} cannot be read: ", file.display())),
        "{result}"
    );
    std::fs::copy(authority.path(), &file).expect("copied");
    assert_eq!(outcome(&transport, &email()).await, "delivered");
}
