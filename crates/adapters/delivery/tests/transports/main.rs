//! The transports that talk to servers, against servers in the same process: what goes over the wire, and what
//! becomes of every answer, and of none.

mod certificates;
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

/// The transport that this URL names.
fn transport(url: &str) -> AnyTransport {
    url.parse::<asteroid_delivery::DeliveryUrl>().unwrap_or_else(|error| panic!("{url}: {error}")).into()
}

/// What became of a delivery: that it was taken on, or how it failed and why, as the outbox notes it.
async fn outcome(transport: &AnyTransport, message: &OutgoingMessage) -> String {
    let (how, error) = match transport.deliver(message).await {
        Ok(()) => return "delivered".to_owned(),
        Err(DeliveryError::Passing(error)) => ("passing", error),
        Err(DeliveryError::Permanent(error)) => ("permanent", error),
    };
    let first: &(dyn Error + 'static) = &*error;
    let reasons: Vec<String> =
        std::iter::successors(Some(first), |error| (*error).source()).map(ToString::to_string).collect();
    let told = format!("{how}: {}", reasons.join(": "));
    // Whatever happens, no reason tells what only the recipient and the provider may know.
    for secret in messages::SECRETS {
        assert!(!told.contains(secret) && !format!("{error:?}").contains(secret), "{told} {error:?}");
    }
    told
}
