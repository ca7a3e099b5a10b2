//! SMTP sessions, and the outcome of each reply.

use std::time::{Duration, Instant};

use crate::messages::{ID, email, email_to, sms};
use crate::smtp_server::{SmtpAction, SmtpScript, SmtpServer};
use crate::{outcome, transport};

/// A server without TLS.
async fn server(actions: Vec<(&'static str, SmtpAction)>) -> SmtpServer {
    SmtpServer::start(SmtpScript { actions, offers: &["AUTH PLAIN LOGIN"], ..SmtpScript::default() }).await
}

fn url(server: &SmtpServer, login: &str) -> String {
    format!(
        "smtp://{login}127.0.0.1:{}?tls=none&from=Asteroid%20<no-reply@asteroid.example>&timeout=20",
        server.port
    )
}

async fn outcome_with(actions: Vec<(&'static str, SmtpAction)>) -> String {
    let server = server(actions).await;
    outcome(&transport(&url(&server, "")), &email()).await
}

/// What a server is asked in a delivery, and the step that the error of a failure names.
const STEPS: [(&str, &str); 7] = [
    ("CONNECT", "connect"),
    ("EHLO", "connect"),
    ("AUTH", "AUTH"),
    ("MAIL", "MAIL FROM"),
    ("RCPT", "RCPT TO"),
    ("DATA", "DATA"),
    ("CONTENT", "message"),
];

#[tokio::test]
async fn a_message_is_delivered() {
    let server = server(vec![]).await;
    assert_eq!(outcome(&transport(&url(&server, "")), &email()).await, "delivered");
    assert_eq!(
        server.commands(),
        [
            "CONNECT",
            "EHLO asteroid.example",
            "MAIL FROM:<no-reply@asteroid.example>",
            "RCPT TO:<George@Example.com>",
            "DATA"
        ]
    );
    let mails = server.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let (headers, body) = mail.split_once("\r\n\r\n").expect("headers and a body");
    let headers: Vec<&str> = headers.split("\r\n").collect();
    assert_eq!(
        headers,
        [
            format!("Message-ID: <{ID}@asteroid.example>").as_str(),
            "Date: Tue, 03 May 2016 11:15:54 +0000",
            "From: Asteroid <no-reply@asteroid.example>",
            "To: George@Example.com",
            "Subject: 7G2KD is your code",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;",
            format!(" boundary=\"=_{ID}\"").as_str(),
        ]
    );
    // Dot-stuffing: a line of one dot does not end the message.
    let [before, text, html, after] = body.split(&format!("--=_{ID}")).collect::<Vec<_>>()[..] else {
        panic!("{body}")
    };
    assert_eq!((before, after.trim_end()), ("", "--"));
    let encoding = "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable";
    assert_eq!(
        text,
        format!(
            "\r\nContent-Type: text/plain; {encoding}\r\n\r\nGr=C3=BC=C3=9F Gott,\r\n\r\n    7G2KD\r\n.\r\n..\r\n"
        )
    );
    assert_eq!(
        html,
        format!(
            "\r\nContent-Type: text/html; {encoding}\r\n\r\n<!doctype html>\r\n<p>Gr=C3=BC=C3=9F Gott,</p>\r\n\
             <p>    7G2KD\r\n.\r\n..</p>\r\n\r\n"
        )
    );
}

#[tokio::test]
async fn connections_are_reused() {
    let server = server(vec![]).await;
    let transport = transport(&url(&server, "robot:hunter2@"));
    for _ in 0..3 {
        assert_eq!(outcome(&transport, &email()).await, "delivered");
    }
    let counts = ["CONNECT", "EHLO", "AUTH", "NOOP", "MAIL", "DATA"].map(|start| server.count(start));
    assert_eq!(counts, [1, 1, 1, 2, 3, 3]);
    assert_eq!(server.mails().len(), 3);
}

#[tokio::test]
async fn concurrent_messages_have_a_connection_each() {
    let server = server(vec![]).await;
    let transport = std::sync::Arc::new(transport(&url(&server, "")));
    let deliveries: Vec<_> = (0..10)
        .map(|number| {
            let transport = std::sync::Arc::clone(&transport);
            tokio::spawn(async move {
                outcome(&transport, &email_to(&format!("george{number}@example.com"))).await
            })
        })
        .collect();
    for delivery in deliveries {
        assert_eq!(delivery.await.expect("no panic"), "delivered");
    }
    let mut to: Vec<String> =
        server.mails().iter().map(|mail| mail.split("\r\n").nth(3).expect("To").to_owned()).collect();
    to.sort();
    assert_eq!(to, (0..10).map(|number| format!("To: george{number}@example.com")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    for act in [SmtpAction::Reply("421 4.4.2 idle for too long"), SmtpAction::HangUp, SmtpAction::Stall] {
        let server = server(vec![("NOOP", act)]).await;
        let transport = transport(&url(&server, ""));
        for _ in 0..2 {
            assert_eq!(outcome(&transport, &email()).await, "delivered");
        }
        assert_eq!((server.count("CONNECT"), server.mails().len()), (2, 2));
    }
}

#[tokio::test]
async fn authentication_uses_a_mechanism_that_the_server_offers() {
    for (offers, commands) in [
        (["AUTH PLAIN LOGIN"].as_slice(), ["AUTH PLAIN AHLDtmJvdABodW50ZXIy"].as_slice()),
        (&["AUTH XOAUTH2 LOGIN"], &["AUTH LOGIN", "csO2Ym90", "aHVudGVyMg=="]),
    ] {
        let server = SmtpServer::start(SmtpScript { offers, ..SmtpScript::default() }).await;
        let url = url(&server, "r%C3%B6bot:hunter2@");
        assert_eq!(outcome(&transport(&url), &email()).await, "delivered");
        let said = server.commands();
        assert_eq!(said[2..2 + commands.len()], *commands, "{said:?}");
    }
    let server = SmtpServer::start(SmtpScript { offers: &["AUTH CRAM-MD5"], ..SmtpScript::default() }).await;
    assert_eq!(
        outcome(&transport(&url(&server, "robot:hunter2@")), &email()).await,
        "passing: the server offers no supported AUTH mechanism: PLAIN or LOGIN"
    );
}

#[tokio::test]
async fn wrong_credentials_are_a_passing_failure_that_an_operator_can_correct() {
    let server = server(vec![("AUTH", SmtpAction::Reply("535 5.7.8 hunter2 is no password of robot"))]).await;
    let transport = transport(&url(&server, "robot:hunter2@"));
    assert_eq!(
        outcome(&transport, &email()).await,
        "passing: AUTH: the server answered 535 5.7.8 (check the user name and the password)"
    );
    assert_eq!(outcome(&transport, &email()).await, "delivered");
    let asked = outcome_with(vec![("MAIL", SmtpAction::Reply("530 5.7.0 Authentication required"))]).await;
    assert_eq!(
        asked,
        "passing: MAIL FROM: the server answered 530 5.7.0 (check the user name and the password)"
    );
}

#[tokio::test]
async fn a_transient_reply_is_a_passing_failure_to_retry() {
    for (asked, answer, result) in [
        ("CONNECT", "421 4.3.2 too many connections", "connect: the server answered 421 4.3.2"),
        ("CONNECT", "554 5.7.1 not you", "connect: the server answered 554 5.7.1"),
        ("EHLO", "550 who are you", "connect: the server answered 550"),
        ("MAIL", "451 4.3.0 later", "MAIL FROM: the server answered 451 4.3.0"),
        ("RCPT", "450-4.2.0 greylisted\r\n450 4.2.0 george", "RCPT TO: the server answered 450 4.2.0"),
        ("RCPT", "452 4.5.3", "RCPT TO: the server answered 452 4.5.3"),
        ("DATA", "451 4.7.1.2 no status", "DATA: the server answered 451"),
        ("CONTENT", "421 4.4.2 going down", "message: the server answered 421 4.4.2"),
    ] {
        assert_eq!(
            outcome_with(vec![(asked, SmtpAction::Reply(answer))]).await,
            format!("passing: {result}")
        );
    }
}

#[tokio::test]
async fn a_permanent_reply_is_a_permanent_failure() {
    for (asked, answer, result) in [
        ("MAIL", "553 5.1.8 no such sender", "MAIL FROM: the server answered 553 5.1.8"),
        ("RCPT", "550 5.1.1 <George@Example.com>: unknown", "RCPT TO: the server answered 550 5.1.1"),
        ("RCPT", "550 George@Example.com is unknown", "RCPT TO: the server answered 550"),
        ("DATA", "554 5.5.1 no", "DATA: the server answered 554 5.5.1"),
        ("CONTENT", "554 5.7.1 spam: 7G2KD", "message: the server answered 554 5.7.1"),
    ] {
        assert_eq!(
            outcome_with(vec![(asked, SmtpAction::Reply(answer))]).await,
            format!("permanent: {result}")
        );
    }
}

#[tokio::test]
async fn an_invalid_reply_is_a_passing_failure_to_retry() {
    for (asked, answer) in
        [("CONNECT", "SSH-2.0-OpenSSH"), ("RCPT", "999 george"), ("DATA", "250 2.0.0 accepted")]
    {
        let result = outcome_with(vec![(asked, SmtpAction::Reply(answer))]).await;
        let why = ": the connection was closed, or the reply was not valid SMTP";
        assert!(result.starts_with("passing: ") && result.ends_with(why), "{answer}: {result}");
    }
    // A positive reply of the wrong kind: the message was not accepted.
    assert_eq!(
        outcome_with(vec![("CONTENT", SmtpAction::Reply("354 go on"))]).await,
        "passing: message: the connection was closed, or the reply was not valid SMTP"
    );
}

#[tokio::test]
async fn a_retry_after_a_broken_connection_has_the_same_message_id() {
    for asked in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"] {
        let server = server(vec![(asked, SmtpAction::HangUp)]).await;
        let transport = transport(&url(&server, ""));
        let result = outcome(&transport, &email()).await;
        assert!(result.starts_with("passing: "), "{asked}: {result}");
        assert_eq!(outcome(&transport, &email()).await, "delivered");
        let mails = server.mails();
        // If only the reply was lost, the server has the message twice, with one id.
        assert_eq!(mails.len(), if asked == "CONTENT" { 2 } else { 1 });
        for mail in mails {
            assert!(mail.starts_with(&format!("Message-ID: <{ID}@asteroid.example>\r\n")), "{mail}");
        }
    }
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let cases = STEPS.map(|(asked, result)| {
        tokio::spawn(async move {
            let server = server(vec![(asked, SmtpAction::Stall)]).await;
            let url = url(&server, "robot:hunter2@").replace("timeout=20", "timeout=2");
            let (transport, start) = (transport(&url), Instant::now());
            assert_eq!(
                outcome(&transport, &email()).await,
                format!("passing: {result}: there was no answer within 2 s")
            );
            assert!(start.elapsed() < Duration::from_secs(5), "{asked}: {:?}", start.elapsed());
            // The connection is not reused: a late reply would count for the next message.
            assert_eq!(outcome(&transport, &email()).await, "delivered");
            assert_eq!(server.count("CONNECT"), 2);
        })
    });
    for case in cases {
        case.await.expect("no panic");
    }
}

/// What a server may hold back or repeat at any step: the connection ends, and little of it is kept.
#[tokio::test]
async fn a_reply_without_an_end_is_a_passing_failure_of_bounded_size() {
    for (asked, step) in STEPS {
        let server = server(vec![(asked, SmtpAction::Repeat("2"))]).await;
        let transport = transport(&url(&server, "robot:hunter2@"));
        assert_eq!(
            outcome(&transport, &email()).await,
            format!("passing: {step}: the reply is longer than 32 KiB")
        );
        // What the sockets of both sides hold is in it.
        assert!(server.repeated() < 16 << 20, "{asked}: {}", server.repeated());
        assert_eq!(outcome(&transport, &email()).await, "delivered");

        let server = self::server(vec![(asked, SmtpAction::Truncate("250-half an ans"))]).await;
        let transport = self::transport(&url(&server, "robot:hunter2@"));
        let result = outcome(&transport, &email()).await;
        assert!(result.starts_with(&format!("passing: {step}: ")), "{asked}: {result}");
        assert_eq!(outcome(&transport, &email()).await, "delivered");
    }
}

#[tokio::test]
async fn a_byte_at_a_time_does_not_prolong_an_attempt() {
    let cases = [("CONNECT", "connect"), ("EHLO", "connect"), ("MAIL", "MAIL FROM"), ("CONTENT", "message")];
    let cases = cases.map(|(asked, step)| {
        tokio::spawn(async move {
            let server = server(vec![(asked, SmtpAction::Drip)]).await;
            let transport = transport(&url(&server, "").replace("timeout=20", "timeout=2"));
            let result = outcome(&transport, &email()).await;
            assert_eq!(result, format!("passing: {step}: there was no answer within 2 s"));
        })
    });
    for case in cases {
        case.await.expect("no panic");
    }
}

#[tokio::test]
async fn an_unreachable_server_is_a_passing_failure_to_retry() {
    let server = server(vec![]).await;
    let url = url(&server, "").replace(&server.port.to_string(), "1");
    let result = outcome(&transport(&url), &email()).await;
    assert!(result.starts_with("passing: connect: Connection refused"), "{result}");
    let result = outcome(&transport(&url.replace("127.0.0.1", "mail.invalid")), &email()).await;
    assert!(result.starts_with("passing: connect: "), "{result}");
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_with_smtputf8() {
    let offers = &["8BITMIME", "SMTPUTF8"];
    let server = SmtpServer::start(SmtpScript { offers, ..SmtpScript::default() }).await;
    assert_eq!(outcome(&transport(&url(&server, "")), &email_to("jürgen@müller.example")).await, "delivered");
    let commands = server.commands();
    assert_eq!(
        commands[2..4],
        [
            "MAIL FROM:<no-reply@asteroid.example> SMTPUTF8 BODY=8BITMIME",
            "RCPT TO:<jürgen@xn--mller-kva.example>"
        ]
    );
    assert!(server.mails()[0].contains("\r\nTo: jürgen@xn--mller-kva.example\r\n"));

    let server = SmtpServer::start(SmtpScript { offers: &["8BITMIME"], ..SmtpScript::default() }).await;
    let transport = transport(&url(&server, ""));
    assert_eq!(
        outcome(&transport, &email_to("jürgen@müller.example")).await,
        "permanent: the address has characters beyond ASCII, and the server does not offer SMTPUTF8"
    );
    assert_eq!(server.count("MAIL"), 0);
    // A domain has an ASCII form.
    assert_eq!(outcome(&transport, &email_to("info@müller.example")).await, "delivered");
    assert_eq!(server.count("RCPT TO:<info@xn--mller-kva.example>"), 1);
}

#[tokio::test]
async fn command_and_header_injection_are_not_possible() {
    let server = server(vec![]).await;
    let transport = transport(&url(&server, ""));
    let mut message = email();
    message.subject =
        Some("7G2KD\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>".to_owned());
    message.body = "a\r\n.\r\nMAIL FROM:<eve@example.com>\n.\nRCPT TO:<eve@example.com>\r.\rDATA".to_owned();
    message.html = Some(message.body.replace('a', "<p>"));
    assert_eq!(outcome(&transport, &message).await, "delivered");
    assert_eq!([server.count("MAIL"), server.count("RCPT"), server.count("DATA")], [1, 1, 1]);
    let mails = server.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert!(
        !mail.contains("\r\nBcc:") && mail.contains("\r\n.\r\nRCPT TO:<eve@example.com>\r\n.\r\n"),
        "{mail}"
    );
}

#[tokio::test]
async fn a_phone_number_is_a_permanent_failure() {
    let server = server(vec![]).await;
    assert_eq!(
        outcome(&transport(&url(&server, "")), &sms()).await,
        "permanent: an e-mail goes to an e-mail address"
    );
    assert_eq!(server.commands(), [""; 0]);
}
