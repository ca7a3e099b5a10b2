//! What a mail server is told, and what becomes of its answers.

use std::time::{Duration, Instant};

use crate::messages::{ID, email, email_to, sms};
use crate::smtp_server::{Act, Script, SmtpServer};
use crate::{outcome, transport};

/// A server in the clear.
async fn server(acts: Vec<(&'static str, Act)>) -> SmtpServer {
    SmtpServer::start(Script { acts, offers: &["AUTH PLAIN LOGIN"], ..Script::default() }).await
}

fn url(server: &SmtpServer, login: &str) -> String {
    format!(
        "smtp://{login}127.0.0.1:{}?tls=none&from=Asteroid%20<no-reply@asteroid.example>&timeout=20",
        server.port
    )
}

async fn outcome_with(acts: Vec<(&'static str, Act)>) -> String {
    let server = server(acts).await;
    outcome(&transport(&url(&server, "")), &email()).await
}

#[tokio::test]
async fn a_message_is_handed_over() {
    let server = server(vec![]).await;
    assert_eq!(outcome(&transport(&url(&server, "")), &email()).await, "delivered");
    assert_eq!(
        server.heard(),
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
    // A dot alone on a line does not end the message.
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
async fn a_connection_is_kept_for_the_next_message() {
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
async fn messages_side_by_side_each_have_a_connection() {
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
async fn a_connection_that_the_server_has_ended_is_replaced() {
    for act in [Act::Say("421 4.4.2 idle for too long"), Act::HangUp, Act::Stall] {
        let server = server(vec![("NOOP", act)]).await;
        let transport = transport(&url(&server, ""));
        for _ in 0..2 {
            assert_eq!(outcome(&transport, &email()).await, "delivered");
        }
        assert_eq!((server.count("CONNECT"), server.mails().len()), (2, 2));
    }
}

#[tokio::test]
async fn the_server_is_logged_in_at_with_what_it_offers() {
    for (offers, heard) in [
        (["AUTH PLAIN LOGIN"].as_slice(), ["AUTH PLAIN AHLDtmJvdABodW50ZXIy"].as_slice()),
        (&["AUTH XOAUTH2 LOGIN"], &["AUTH LOGIN", "csO2Ym90", "aHVudGVyMg=="]),
    ] {
        let server = SmtpServer::start(Script { offers, ..Script::default() }).await;
        let url = url(&server, "r%C3%B6bot:hunter2@");
        assert_eq!(outcome(&transport(&url), &email()).await, "delivered");
        let said = server.heard();
        assert_eq!(said[2..2 + heard.len()], *heard, "{said:?}");
    }
    let server = SmtpServer::start(Script { offers: &["AUTH CRAM-MD5"], ..Script::default() }).await;
    assert_eq!(
        outcome(&transport(&url(&server, "robot:hunter2@")), &email()).await,
        "passing: the server offers no way to log in that is known here: PLAIN or LOGIN"
    );
}

#[tokio::test]
async fn a_wrong_password_is_for_an_operator_to_set_right() {
    let server = server(vec![("AUTH", Act::Say("535 5.7.8 hunter2 is no password of robot"))]).await;
    let transport = transport(&url(&server, "robot:hunter2@"));
    assert_eq!(
        outcome(&transport, &email()).await,
        "passing: logging in: the server answered 535 5.7.8 (check the user name and the password)"
    );
    assert_eq!(outcome(&transport, &email()).await, "delivered");
    let asked = outcome_with(vec![("MAIL", Act::Say("530 5.7.0 Authentication required"))]).await;
    assert_eq!(
        asked,
        "passing: naming the sender: the server answered 530 5.7.0 (check the user name and the password)"
    );
}

#[tokio::test]
async fn what_the_server_cannot_do_now_is_tried_again() {
    for (asked, answer, told) in [
        ("CONNECT", "421 4.3.2 too many connections", "connecting: the server answered 421 4.3.2"),
        ("CONNECT", "554 5.7.1 not you", "connecting: the server answered 554 5.7.1"),
        ("EHLO", "550 who are you", "connecting: the server answered 550"),
        ("MAIL", "451 4.3.0 later", "naming the sender: the server answered 451 4.3.0"),
        (
            "RCPT",
            "450-4.2.0 greylisted\r\n450 4.2.0 george",
            "naming the recipient: the server answered 450 4.2.0",
        ),
        ("RCPT", "452 4.5.3", "naming the recipient: the server answered 452 4.5.3"),
        ("DATA", "451 4.7.1.2 no status", "announcing the message: the server answered 451"),
        ("CONTENT", "421 4.4.2 going down", "handing the message over: the server answered 421 4.4.2"),
    ] {
        assert_eq!(outcome_with(vec![(asked, Act::Say(answer))]).await, format!("passing: {told}"));
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_not_tried_again() {
    for (asked, answer, told) in [
        ("MAIL", "553 5.1.8 no such sender", "naming the sender: the server answered 553 5.1.8"),
        (
            "RCPT",
            "550 5.1.1 <George@Example.com>: unknown",
            "naming the recipient: the server answered 550 5.1.1",
        ),
        ("RCPT", "550 George@Example.com is unknown", "naming the recipient: the server answered 550"),
        ("DATA", "554 5.5.1 no", "announcing the message: the server answered 554 5.5.1"),
        ("CONTENT", "554 5.7.1 spam: 7G2KD", "handing the message over: the server answered 554 5.7.1"),
    ] {
        assert_eq!(outcome_with(vec![(asked, Act::Say(answer))]).await, format!("permanent: {told}"));
    }
}

#[tokio::test]
async fn what_is_no_smtp_is_tried_again() {
    for (asked, answer) in
        [("CONNECT", "SSH-2.0-OpenSSH"), ("RCPT", "999 george"), ("DATA", "250 2.0.0 taken")]
    {
        let told = outcome_with(vec![(asked, Act::Say(answer))]).await;
        let why = ": the connection ended, or the answer was none that SMTP knows";
        assert!(told.starts_with("passing: ") && told.ends_with(why), "{answer}: {told}");
    }
    // A good answer that is none to the message: it was not taken on.
    assert_eq!(
        outcome_with(vec![("CONTENT", Act::Say("354 go on"))]).await,
        "passing: handing the message over: the connection ended, or the answer was none that SMTP knows"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again_with_the_same_message_id() {
    for asked in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"] {
        let server = server(vec![(asked, Act::HangUp)]).await;
        let transport = transport(&url(&server, ""));
        let told = outcome(&transport, &email()).await;
        assert!(told.starts_with("passing: "), "{asked}: {told}");
        assert_eq!(outcome(&transport, &email()).await, "delivered");
        let mails = server.mails();
        // The server has it twice if only its answer was lost, and can tell that it is one.
        assert_eq!(mails.len(), if asked == "CONTENT" { 2 } else { 1 });
        for mail in mails {
            assert!(mail.starts_with(&format!("Message-ID: <{ID}@asteroid.example>\r\n")), "{mail}");
        }
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let cases = [
        ("CONNECT", "connecting"),
        ("EHLO", "connecting"),
        ("AUTH", "logging in"),
        ("MAIL", "naming the sender"),
        ("RCPT", "naming the recipient"),
        ("DATA", "announcing the message"),
        ("CONTENT", "handing the message over"),
    ]
    .map(|(asked, told)| {
        tokio::spawn(async move {
            let server = server(vec![(asked, Act::Stall)]).await;
            let url = url(&server, "robot:hunter2@").replace("timeout=20", "timeout=2");
            let (transport, start) = (transport(&url), Instant::now());
            assert_eq!(
                outcome(&transport, &email()).await,
                format!("passing: {told}: there was no answer within 2 s")
            );
            assert!(start.elapsed() < Duration::from_secs(5), "{asked}: {:?}", start.elapsed());
            // The connection is not used again: a late answer would be taken for the next message's.
            assert_eq!(outcome(&transport, &email()).await, "delivered");
            assert_eq!(server.count("CONNECT"), 2);
        })
    });
    for case in cases {
        case.await.expect("no panic");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let server = server(vec![]).await;
    let url = url(&server, "").replace(&server.port.to_string(), "1");
    let told = outcome(&transport(&url), &email()).await;
    assert!(told.starts_with("passing: connecting: Connection refused"), "{told}");
    let told = outcome(&transport(&url.replace("127.0.0.1", "mail.invalid")), &email()).await;
    assert!(told.starts_with("passing: connecting: "), "{told}");
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let offers = &["8BITMIME", "SMTPUTF8"];
    let server = SmtpServer::start(Script { offers, ..Script::default() }).await;
    assert_eq!(outcome(&transport(&url(&server, "")), &email_to("jürgen@müller.example")).await, "delivered");
    let heard = server.heard();
    assert_eq!(
        heard[2..4],
        [
            "MAIL FROM:<no-reply@asteroid.example> SMTPUTF8 BODY=8BITMIME",
            "RCPT TO:<jürgen@xn--mller-kva.example>"
        ]
    );
    assert!(server.mails()[0].contains("\r\nTo: jürgen@xn--mller-kva.example\r\n"));

    let server = SmtpServer::start(Script { offers: &["8BITMIME"], ..Script::default() }).await;
    let transport = transport(&url(&server, ""));
    assert_eq!(
        outcome(&transport, &email_to("jürgen@müller.example")).await,
        "permanent: the address has characters beyond ASCII, and the server does not offer SMTPUTF8"
    );
    assert_eq!(server.count("MAIL"), 0);
    // A domain can be written in ASCII.
    assert_eq!(outcome(&transport, &email_to("info@müller.example")).await, "delivered");
    assert_eq!(server.count("RCPT TO:<info@xn--mller-kva.example>"), 1);
}

#[tokio::test]
async fn no_command_and_no_header_can_be_smuggled_in() {
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
async fn a_phone_number_is_refused() {
    let server = server(vec![]).await;
    assert_eq!(
        outcome(&transport(&url(&server, "")), &sms()).await,
        "permanent: an e-mail goes to an e-mail address"
    );
    assert_eq!(server.heard(), [""; 0]);
}
