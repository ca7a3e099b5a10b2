//! Messages for the tests.

use asteroid_kernel::{Contact, Region, Timestamp};
use asteroid_messaging::{Channel, MessageKind, OutgoingMessage};

fn message(
    to: &str,
    kind: MessageKind,
    subject: Option<&str>,
    body: &str,
    code: Option<&str>,
) -> OutgoingMessage {
    let to = Contact::parse(to, Region::US).expect("a contact");
    OutgoingMessage {
        id: "01547654-e1c6-7fcd-9d7b-39a820e2f465".parse().expect("an id"),
        at: Timestamp::parse("2016-05-03T11:15:54.950123Z").expect("a time"),
        channel: Channel::of(to.kind()),
        to,
        kind,
        subject: subject.map(str::to_owned),
        body: body.to_owned(),
        html: subject.map(|_| html_of(body)),
        code: code.map(str::to_owned),
    }
}

pub(crate) fn email() -> OutgoingMessage {
    message(
        "George@Example.com",
        MessageKind::RegistrationCode,
        Some("7G2KD is your \"Asteroid\" code"),
        "Grüß Gott,\n\nuse this code:\n\n    7G2KD\n\nDo not share it.",
        Some("7G2KD"),
    )
}

pub(crate) fn sms() -> OutgoingMessage {
    message(
        "555-665-4345",
        MessageKind::SignInCode,
        None,
        "042137 is your code.\n\n@example.com #042137",
        Some("042137"),
    )
}

pub(crate) fn notice() -> OutgoingMessage {
    message("555-665-4345", MessageKind::PasswordChanged, None, "Your password was changed.", None)
}

/// The same text as minimal HTML.
pub(crate) fn html_of(body: &str) -> String {
    format!("<!doctype html>\n<p>{}</p>\n", body.replace("\n\n", "</p>\n<p>"))
}
