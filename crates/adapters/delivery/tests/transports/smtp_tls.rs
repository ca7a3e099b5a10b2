//! How mail servers are talked to so that nobody else understands.

use crate::certificates::Authority;
use crate::messages::email;
use crate::smtp_server::{Act, Script, SmtpServer};
use crate::{outcome, transport};

fn url(server: &SmtpServer, scheme: &str, parameters: &str) -> String {
    format!(
        "{scheme}://robot:hunter2@localhost:{}?from=no-reply@asteroid.example&timeout=20{parameters}",
        server.port
    )
}

/// A server that offers STARTTLS, and to log in within TLS alone.
async fn server(authority: &Authority, host: &str, acts: Vec<(&'static str, Act)>) -> SmtpServer {
    SmtpServer::start(Script {
        offers: &["STARTTLS"],
        offers_within_tls: &["AUTH PLAIN"],
        tls: Some(authority.acceptor(host)),
        implicit: false,
        acts,
    })
    .await
}

const HANDED_OVER: [&str; 5] = [
    "EHLO asteroid.example",
    "AUTH PLAIN AHJvYm90AGh1bnRlcjI=",
    "MAIL FROM:<no-reply@asteroid.example>",
    "RCPT TO:<George@Example.com>",
    "DATA",
];

#[tokio::test]
async fn starttls_comes_before_anything_else() {
    let authority = Authority::new();
    for tls in ["", "&tls=required", "&tls=opportunistic"] {
        let server = server(&authority, "localhost", vec![]).await;
        let transport = transport(&url(&server, "smtp", &format!("&ca={}{tls}", authority.path())));
        assert_eq!(outcome(&transport, &email()).await, "delivered");
        let heard = server.heard();
        assert_eq!(heard[..4], ["CONNECT", "EHLO asteroid.example", "STARTTLS", "TLS"], "{tls}");
        assert_eq!(heard[4..], HANDED_OVER);
        assert_eq!(outcome(&transport, &email()).await, "delivered");
        assert_eq!((server.count("CONNECT"), server.count("NOOP")), (1, 1));
    }
}

#[tokio::test]
async fn smtps_is_tls_from_the_first_byte() {
    let authority = Authority::new();
    let server = SmtpServer::start(Script {
        offers_within_tls: &["AUTH PLAIN"],
        tls: Some(authority.acceptor("localhost")),
        implicit: true,
        ..Script::default()
    })
    .await;
    let transport = transport(&url(&server, "smtps", &format!("&ca={}", authority.path())));
    assert_eq!(outcome(&transport, &email()).await, "delivered");
    let heard = server.heard();
    assert_eq!(heard[..2], ["CONNECT", "TLS"]);
    assert_eq!(heard[2..], HANDED_OVER);
}

#[tokio::test]
async fn an_address_can_be_certified_too() {
    let authority = Authority::new();
    let server = server(&authority, "127.0.0.1", vec![]).await;
    let url = url(&server, "smtp", &format!("&ca={}", authority.path())).replace("localhost", "127.0.0.1");
    assert_eq!(outcome(&transport(&url), &email()).await, "delivered");
}

#[tokio::test]
async fn a_server_without_starttls_hears_neither_password_nor_message() {
    let server = SmtpServer::start(Script { offers: &["AUTH PLAIN"], ..Script::default() }).await;
    for tls in ["", "&tls=required"] {
        assert_eq!(
            outcome(&transport(&url(&server, "smtp", tls)), &email()).await,
            "passing: the server offers no STARTTLS, and nothing is sent to it in the clear"
        );
    }
    assert_eq!(server.heard(), ["CONNECT", "EHLO asteroid.example"].repeat(2));
}

#[tokio::test]
async fn opportunism_goes_on_in_the_clear_only_where_starttls_is_not_offered() {
    let clear = SmtpServer::start(Script { offers: &["AUTH PLAIN"], ..Script::default() }).await;
    assert_eq!(outcome(&transport(&url(&clear, "smtp", "&tls=opportunistic")), &email()).await, "delivered");

    let authority = Authority::new();
    let trusting = format!("&tls=opportunistic&ca={}", authority.path());
    let refusing = server(&authority, "localhost", vec![("STARTTLS", Act::Say("454 4.7.0 not now"))]).await;
    assert_eq!(
        outcome(&transport(&url(&refusing, "smtp", &trusting)), &email()).await,
        "passing: beginning TLS: the server answered 454 4.7.0"
    );
    let breaking = server(&authority, "localhost", vec![("STARTTLS", Act::HangUp)]).await;
    let told = outcome(&transport(&url(&breaking, "smtp", &trusting)), &email()).await;
    assert!(told.starts_with("passing: beginning TLS: "), "{told}");
    let stranger = server(&authority, "mail.example.com", vec![]).await;
    let told = outcome(&transport(&url(&stranger, "smtp", &trusting)), &email()).await;
    assert!(told.starts_with("passing: beginning TLS: invalid peer certificate"), "{told}");
    for server in [refusing, breaking, stranger] {
        assert_eq!((server.count("AUTH"), server.count("MAIL")), (0, 0));
    }
}

#[tokio::test]
async fn a_certificate_of_another_host_or_authority_is_not_accepted() {
    let (authority, other) = (Authority::new(), Authority::new());
    for implicit in [false, true] {
        for (host, ca, why) in [
            ("mail.example.com", format!("&ca={}", authority.path()), "not valid for name"),
            ("localhost", format!("&ca={}", other.path()), "certificate"),
            ("localhost", String::new(), "UnknownIssuer"),
        ] {
            let server = SmtpServer::start(Script {
                offers: &["STARTTLS", "AUTH PLAIN"],
                tls: Some(authority.acceptor(host)),
                implicit,
                ..Script::default()
            })
            .await;
            let scheme = if implicit { "smtps" } else { "smtp" };
            let told = outcome(&transport(&url(&server, scheme, &ca)), &email()).await;
            let step = if implicit { "connecting" } else { "beginning TLS" };
            assert!(told.starts_with(&format!("passing: {step}: invalid peer certificate")), "{told}");
            assert!(told.contains(why), "{told}");
            assert_eq!((server.count("AUTH"), server.count("MAIL")), (0, 0));
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_smuggled_in_before_tls_is_not_believed() {
    let authority = Authority::new();
    let smuggled = "220 go ahead\r\n250-mail.example.com\r\n250 AUTH PLAIN\r\n235 2.7.0 welcome";
    let server = server(&authority, "localhost", vec![("STARTTLS", Act::Say(smuggled))]).await;
    let transport = transport(&url(&server, "smtp", &format!("&ca={}", authority.path())));
    let told = outcome(&transport, &email()).await;
    assert!(told.starts_with("passing: beginning TLS: "), "{told}");
    assert_eq!((server.count("TLS"), server.count("AUTH"), server.count("MAIL")), (0, 0, 0));
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_for_an_operator_to_set_right() {
    let authority = Authority::new();
    let server = server(&authority, "localhost", vec![]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let transport = transport(&url(&server, "smtp", &format!("&ca={}", file.display())));
    let told = outcome(&transport, &email()).await;
    assert!(
        told.starts_with(&format!("passing: the certificates in {} cannot be read: ", file.display())),
        "{told}"
    );
    std::fs::copy(authority.path(), &file).expect("copied");
    assert_eq!(outcome(&transport, &email()).await, "delivered");
}
