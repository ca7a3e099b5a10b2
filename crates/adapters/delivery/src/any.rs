use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};

use crate::{ConsoleTransport, DeliveryUrl, FileTransport, SmtpTransport, TwilioTransport, WebhookTransport};

/// Whichever transport a [`DeliveryUrl`] names.
#[derive(Debug)]
pub enum AnyTransport {
    /// To standard output.
    Console(ConsoleTransport),
    /// To a file.
    File(FileTransport),
    /// To a mail server.
    Smtp(SmtpTransport),
    /// To Twilio.
    Twilio(TwilioTransport),
    /// To a webhook.
    Webhook(WebhookTransport),
}

impl From<DeliveryUrl> for AnyTransport {
    fn from(url: DeliveryUrl) -> Self {
        match url {
            DeliveryUrl::Console => Self::Console(ConsoleTransport::stdout()),
            DeliveryUrl::File(path) => Self::File(FileTransport::new(path)),
            DeliveryUrl::Smtp(url) => Self::Smtp(SmtpTransport::new(*url)),
            DeliveryUrl::Twilio(url) => Self::Twilio(TwilioTransport::new(&url)),
            DeliveryUrl::Webhook(url) => Self::Webhook(WebhookTransport::new(&url)),
        }
    }
}

impl MessageTransport for AnyTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        match self {
            Self::Console(transport) => transport.deliver(message).await,
            Self::File(transport) => transport.deliver(message).await,
            Self::Smtp(transport) => transport.deliver(message).await,
            Self::Twilio(transport) => transport.deliver(message).await,
            Self::Webhook(transport) => transport.deliver(message).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[tokio::test]
    async fn a_url_makes_the_transport_that_it_names() {
        assert!(matches!(AnyTransport::from(DeliveryUrl::Console), AnyTransport::Console(_)));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("messages.ndjson");
        let transport = AnyTransport::from(DeliveryUrl::File(path.clone()));
        transport.deliver(&samples::sms()).await.expect("delivered");
        assert_eq!(std::fs::read_to_string(path).expect("a file").lines().count(), 1);
    }
}
