//! The metrics of background tasks.

use asteroid_application::{Completed, DeliveryOutcome};
use asteroid_messaging::Channel;
use metrics::{counter, describe_counter};

const DELIVERIES: &str = "asteroid_message_deliveries_total";
const CODES_SENT: &str = "asteroid_codes_sent_total";

/// Describes the metrics to the recorder, and starts those whose labels are known at zero, so that their first increase is
/// seen.
pub fn describe() {
    describe_counter!(
        DELIVERIES,
        "Attempts to deliver a message, by `channel` and `outcome`. `refused` and `given_up` are failures of the \
         provider, `retrying` is tried again, and the other outcomes but `delivered` were never handed to it."
    );
    describe_counter!(CODES_SENT, "Codes that a provider accepted, by `channel`.");
    for channel in Channel::ALL.map(Channel::as_str) {
        counter!(CODES_SENT, "channel" => channel).increment(0);
        for outcome in DeliveryOutcome::ALL.map(DeliveryOutcome::as_str) {
            counter!(DELIVERIES, "channel" => channel, "outcome" => outcome).increment(0);
        }
    }
}

/// Counts an attempt to deliver a message.
pub(crate) fn record_delivery(completed: &Completed) {
    let (channel, outcome) = (completed.channel.as_str(), completed.outcome);
    counter!(DELIVERIES, "channel" => channel, "outcome" => outcome.as_str()).increment(1);
    if outcome == DeliveryOutcome::Delivered && completed.kind.carries_code() {
        counter!(CODES_SENT, "channel" => channel).increment(1);
    }
}
