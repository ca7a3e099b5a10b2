use asteroid_messaging::OutgoingMessage;
use serde::Serialize;

/// The JSON of a message in a file or a webhook's request. Its fields and their order are a public format.
#[derive(Serialize)]
pub(crate) struct MessageRecord<'a> {
    id: String,
    at: String,
    channel: &'a str,
    to: &'a str,
    kind: &'a str,
    subject: Option<&'a str>,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// For webhooks, which may send the e-mail on. Files go without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
}

impl<'a> MessageRecord<'a> {
    /// With the HTML of an e-mail.
    pub(crate) fn with_html(message: &'a OutgoingMessage) -> Self {
        Self { html: message.html.as_deref(), ..Self::from(message) }
    }

    /// As JSON, on one line.
    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings are JSON")
    }
}

impl<'a> From<&'a OutgoingMessage> for MessageRecord<'a> {
    fn from(message: &'a OutgoingMessage) -> Self {
        Self {
            id: message.id.to_string(),
            at: message.at.to_string(),
            channel: message.channel.as_str(),
            to: message.to.as_str(),
            kind: message.kind.as_str(),
            subject: message.subject.as_deref(),
            body: &message.body,
            code: message.code.as_deref(),
            html: None,
        }
    }
}
