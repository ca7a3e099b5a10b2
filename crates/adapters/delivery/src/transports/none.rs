//! No transport: a channel that a deployment does not offer.

use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};

/// Delivers nothing: every message fails permanently.
///
/// A server offers no contacts of such a channel, but users may have some from before it was switched off.
#[derive(Clone, Copy, Debug)]
pub struct NoTransport;

/// A message of a channel that is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this channel is switched off: its URL is `none:`")]
pub struct ChannelOff;

impl MessageTransport for NoTransport {
    async fn deliver(&self, _: &OutgoingMessage) -> Result<(), DeliveryError> {
        Err(DeliveryError::Permanent(ChannelOff.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[tokio::test]
    async fn message_of_a_channel_that_is_off_fails_permanently() {
        for message in [samples::email(), samples::sms()] {
            let Err(DeliveryError::Permanent(error)) = NoTransport.deliver(&message).await else {
                panic!("a permanent failure")
            };
            assert_eq!(error.to_string(), "this channel is switched off: its URL is `none:`");
        }
    }
}
