//! The network transports against servers in the same process: what they send, and how each response, timeout and
//! broken connection ends.

mod certificates;
mod connection;
mod http_server;
mod messages;
mod smtp;
mod smtp_server;
mod smtp_tls;
mod twilio;
mod webhook;

use std::error::Error;

use asteroid_delivery::AnyTransport;
use asteroid_messaging::{DeliveryError, MessageTransport as _, OutgoingMessage};

/// The transport that this URL selects.
fn transport(url: &str) -> AnyTransport {
    url.parse::<asteroid_delivery::DeliveryUrl>().unwrap_or_else(|error| panic!("{url}: {error}")).into()
}

/// The outcome of a check of the connection: what was tried, or `failed` with the reasons.
async fn checked(transport: &AnyTransport) -> String {
    let error = match transport.check_connection().await {
        Ok(tried) => return tried.to_owned(),
        Err(error) => error,
    };
    let first: &(dyn Error + 'static) = &*error;
    let reasons: Vec<String> =
        std::iter::successors(Some(first), |error| (*error).source()).map(ToString::to_string).collect();
    let outcome = format!("failed: {}", reasons.join(": "));
    for secret in messages::SECRETS {
        assert!(!outcome.contains(secret) && !format!("{error:?}").contains(secret), "{outcome} {error:?}");
    }
    outcome
}

/// The outcome of an attempt to deliver: `delivered`, or the kind of the failure with its reasons, as in the outbox.
async fn outcome(transport: &AnyTransport, message: &OutgoingMessage) -> String {
    let (kind, error) = match transport.deliver(message).await {
        Ok(()) => return "delivered".to_owned(),
        Err(DeliveryError::Passing(error)) => ("passing", error),
        Err(DeliveryError::Permanent(error)) => ("permanent", error),
    };
    let first: &(dyn Error + 'static) = &*error;
    let reasons: Vec<String> =
        std::iter::successors(Some(first), |error| (*error).source()).map(ToString::to_string).collect();
    let outcome = format!("{kind}: {}", reasons.join(": "));
    // No reason contains what only the recipient and the provider may know.
    for secret in messages::SECRETS {
        assert!(!outcome.contains(secret) && !format!("{error:?}").contains(secret), "{outcome} {error:?}");
    }
    outcome
}
