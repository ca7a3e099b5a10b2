//! What is handed to a mail server.

use std::time::{Duration, SystemTime};

use asteroid_kernel::{BoxError, Contact};
use asteroid_messaging::OutgoingMessage;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, MultiPartKind, SinglePart};

use crate::address;

/// A message as a mail server takes it.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) from: Address,
    pub(super) to: Address,
    /// Headers and body (RFC 5322).
    pub(super) content: Vec<u8>,
}

/// Why a message is no e-mail.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("an e-mail goes to an e-mail address")]
    NoEmail,
    #[error("mail servers know no address of this form")]
    Address,
    #[error("the message cannot be put into the form of an e-mail")]
    Form(#[source] lettre::error::Error),
}

impl Mail {
    pub(super) fn compose(message: &OutgoingMessage, from: &Mailbox) -> Result<Self, Unfit> {
        let Contact::Email(to) = &message.to else { return Err(Unfit::NoEmail) };
        let to = address::mailable(to.as_given()).ok_or(Unfit::Address)?;
        let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]).map_err(Unfit::Form)?;
        // It is one line, whatever it is made of.
        let subject = message.subject.as_deref().unwrap_or_default().replace(char::is_control, " ");
        let text = part(ContentType::TEXT_PLAIN, &message.body);
        let builder = Message::builder()
            .message_id(Some(format!("<{}@{}>", message.id, from.email.domain())))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(message.at.unix_millis()))
            .from(from.clone())
            .to(to.clone().into())
            // Else it is read from the headers, by rules that refuse the combining marks of many scripts.
            .envelope(envelope)
            .subject(subject)
            .header(AutoSubmitted);
        let content = match &message.html {
            Some(html) => {
                // Not by chance, so that it is the same over all tries. No part has it: each would need the id.
                let boundary = format!("=_{}", message.id);
                // RFC 2046, 5.1.4: the plainest first, what is liked best last.
                let both = MultiPart::builder().kind(MultiPartKind::Alternative).boundary(boundary);
                builder.multipart(both.singlepart(text).singlepart(part(ContentType::TEXT_HTML, html)))
            }
            None => builder.singlepart(text),
        };
        Ok(Self { from: from.email.clone(), to, content: content.map_err(Unfit::Form)?.formatted() })
    }
}

/// One line after another, whatever the text is made of; encoded as it needs.
fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Keeps vacation notices and the like from being answered with (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::{Region, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn from(name: Option<&str>) -> Mailbox {
        Mailbox::new(name.map(str::to_owned), "no-reply@example.com".parse().expect("an address"))
    }

    fn composed(message: &OutgoingMessage, name: Option<&str>) -> String {
        let mail = Mail::compose(message, &from(name)).expect("an e-mail");
        String::from_utf8(mail.content).expect("UTF-8")
    }

    fn headers(content: &str) -> Vec<&str> {
        content.split("\r\n\r\n").next().expect("headers").split("\r\n").collect()
    }

    /// A message without HTML.
    fn plain() -> OutgoingMessage {
        OutgoingMessage { html: None, ..samples::email() }
    }

    fn with_subject(subject: &str) -> OutgoingMessage {
        OutgoingMessage { subject: Some(subject.to_owned()), ..samples::email() }
    }

    #[test]
    fn an_email_is_a_text_and_the_same_in_html() {
        let expected = "\
Message-ID: <01547654-e1c6-7fcd-9d7b-39a820e2f465@example.com>
Date: Tue, 03 May 2016 11:15:54 +0000
From: Asteroid <no-reply@example.com>
To: George@Example.com
Subject: 7G2KD is your \"Asteroid\" code
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative;
 boundary=\"=_01547654-e1c6-7fcd-9d7b-39a820e2f465\"

--=_01547654-e1c6-7fcd-9d7b-39a820e2f465
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9F Gott,

use this code:

    7G2KD

Tell it to nobody.
--=_01547654-e1c6-7fcd-9d7b-39a820e2f465
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<!doctype html>
<p>Gr=C3=BC=C3=9F Gott,</p>
<p>use this code:</p>
<p>    7G2KD</p>
<p>Tell it to nobody.</p>

--=_01547654-e1c6-7fcd-9d7b-39a820e2f465--
";
        assert_eq!(composed(&samples::email(), Some("Asteroid")), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn every_try_gives_the_same_email_but_for_its_date() {
        let first = samples::email();
        let later = OutgoingMessage {
            at: Timestamp::parse("2016-05-03T11:16:54Z").expect("a time"),
            ..samples::email()
        };
        let without_date = |message: &OutgoingMessage| -> Vec<String> {
            let content = composed(message, None);
            content.split("\r\n").filter(|line| !line.starts_with("Date: ")).map(str::to_owned).collect()
        };
        assert_eq!(without_date(&first), without_date(&later));
        assert_ne!(composed(&first, None), composed(&later, None));
    }

    #[test]
    fn a_message_has_all_the_headers_that_an_email_needs() {
        let expected = "\
Message-ID: <01547654-e1c6-7fcd-9d7b-39a820e2f465@example.com>
Date: Tue, 03 May 2016 11:15:54 +0000
From: Asteroid <no-reply@example.com>
To: George@Example.com
Subject: 7G2KD is your \"Asteroid\" code
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9F Gott,

use this code:

    7G2KD

Tell it to nobody.
";
        assert_eq!(composed(&plain(), Some("Asteroid")), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn what_is_beyond_ascii_is_encoded() {
        let content = composed(&with_subject("Ihr Code für Ökoströme"), Some("Jürgen"));
        let headers = headers(&content);
        assert!(headers.contains(&"From: =?utf-8?b?SsO8cmdlbg==?= <no-reply@example.com>"), "{content}");
        assert!(headers.contains(&"Subject: Ihr Code =?utf-8?b?ZsO8ciDDlmtvc3Ryw7ZtZQ==?="), "{content}");
        assert!(content.is_ascii());
    }

    #[test]
    fn an_ascii_text_is_left_as_it_is_with_whole_lines() {
        let message = OutgoingMessage { body: "a\nb\r\nc\rd\n.\ne".to_owned(), ..plain() };
        let content = composed(&message, None);
        assert!(headers(&content).contains(&"Content-Transfer-Encoding: 7bit"), "{content}");
        assert!(content.ends_with("\r\n\r\na\r\nb\r\nc\r\nd\r\n.\r\ne\r\n"), "{content:?}");
    }

    #[test]
    fn no_line_is_longer_than_mail_servers_take() {
        let message = OutgoingMessage {
            body: "word ".repeat(1000),
            html: Some(format!("<p style='{}'>{}</p>", "color: black; ".repeat(20), "word".repeat(1000))),
            ..with_subject(&"Straße ".repeat(100))
        };
        let content = composed(&message, Some(&"name ".repeat(30)));
        // RFC 5322, 2.1.1.
        assert!(content.split("\r\n").all(|line| line.len() <= 78), "{content}");
    }

    #[test]
    fn no_header_can_be_smuggled_in() {
        let names =
            ["message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type"];
        for evil in [
            "a\r\nBcc: eve@example.com",
            "a\nBcc: eve@example.com",
            "a\rBcc: eve@example.com",
            "a\r\n\r\n<html>",
            "ü\r\nBcc: eve@example.com\r\n",
            "\r\n.\r\nMAIL FROM:<eve@example.com>",
            "a\0\u{85}\u{2028}Bcc: eve@example.com",
            "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?=",
        ] {
            // A name comes without control characters: the URL that it stands in may hold none.
            let content = composed(&with_subject(evil), Some(&evil.replace(char::is_control, "")));
            let found: Vec<String> = headers(&content)
                .into_iter()
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().unwrap_or_default().to_ascii_lowercase())
                .collect();
            assert_eq!(found, names, "{evil:?}: {content}");
            let bare = content.replace("\r\n", "");
            assert!(!bare.contains(['\r', '\n']), "{evil:?}: {content:?}");
        }
    }

    #[test]
    fn the_domain_is_put_into_ascii_and_the_local_part_left_as_it_is() {
        let to = Contact::parse("jürgen@müller.example", Region::US).expect("an address");
        let mail =
            Mail::compose(&OutgoingMessage { to, ..samples::email() }, &from(None)).expect("an e-mail");
        assert_eq!(mail.to.to_string(), "jürgen@xn--mller-kva.example");
        let content = String::from_utf8(mail.content).expect("UTF-8");
        assert!(headers(&content).contains(&"To: jürgen@xn--mller-kva.example"), "{content}");
    }

    #[test]
    fn a_local_part_with_combining_marks_is_composed() {
        let to = Contact::parse("संपर्क@डाटामेल.भारत", Region::US).expect("an address");
        let mail =
            Mail::compose(&OutgoingMessage { to, ..samples::email() }, &from(None)).expect("an e-mail");
        assert_eq!(mail.to.to_string(), "संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c");
        let content = String::from_utf8(mail.content).expect("UTF-8");
        assert!(headers(&content).contains(&"To: संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c"), "{content}");
    }

    proptest! {
        #[test]
        fn whatever_a_message_says_it_becomes_an_email(
            subject in any::<String>(), body in any::<String>(), html in any::<Option<String>>(), name in "\\PC*",
        ) {
            let parts = 1 + 2 * usize::from(html.is_some());
            let message = OutgoingMessage { body, html, ..with_subject(&subject) };
            let content = composed(&message, Some(&name));
            prop_assert!(content.is_ascii() && !content.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(headers(&content).len() >= 9);
            prop_assert_eq!(content.matches("\r\nContent-Type: ").count(), parts);
        }
    }

    #[test]
    fn a_phone_number_gets_no_email() {
        assert!(matches!(Mail::compose(&samples::sms(), &from(None)), Err(Unfit::NoEmail)));
    }
}
