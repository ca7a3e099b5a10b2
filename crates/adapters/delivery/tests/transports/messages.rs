//! Messages for the tests.

use asteroid_kernel::{Contact, Region, Timestamp};
use asteroid_messaging::{Channel, MessageKind, OutgoingMessage};

pub(crate) const ID: &str = "01547654-e1c6-7fcd-9d7b-39a820e2f465";
/// The tests' password and auth token, and the private parts of their messages.
pub(crate) const SECRETS: [&str; 6] = ["hunter2", "7G2KD", "042137", "george", "George", "5556654345"];

pub(crate) fn message(to: &str, subject: Option<&str>, body: &str, code: &str) -> OutgoingMessage {
    let to = Contact::parse(to, Region::US).expect("a contact");
    OutgoingMessage {
        id: ID.parse().expect("an id"),
        at: Timestamp::parse("2016-05-03T11:15:54.950123Z").expect("a time"),
        channel: Channel::of(to.kind()),
        to,
        kind: MessageKind::SignInCode,
        subject: subject.map(str::to_owned),
        body: body.to_owned(),
        html: subject.map(|_| html_of(body)),
        code: Some(code.to_owned()),
    }
}

pub(crate) fn email() -> OutgoingMessage {
    email_to("George@Example.com")
}

pub(crate) fn email_to(to: &str) -> OutgoingMessage {
    message(to, Some("7G2KD is your code"), "Grüß Gott,\n\n    7G2KD\n.\n..", "7G2KD")
}

pub(crate) fn sms() -> OutgoingMessage {
    message("555-665-4345", None, "042137 is your code.\n\n@example.com #042137", "042137")
}

/// The same text as minimal HTML.
pub(crate) fn html_of(body: &str) -> String {
    format!("<!doctype html>\n<p>{}</p>\n", body.replace("\n\n", "</p>\n<p>"))
}
