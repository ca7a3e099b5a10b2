use std::sync::Arc;

use asteroid_messaging::{Channel, DeliverySignal};
use tokio::sync::Notify;

/// Wakes the delivery workers when a message is enqueued. Clones wake the same workers.
#[derive(Clone, Debug, Default)]
pub struct OutboxNotifier {
    email: Arc<Notify>,
    sms: Arc<Notify>,
}

impl OutboxNotifier {
    pub(crate) fn of(&self, channel: Channel) -> Arc<Notify> {
        Arc::clone(match channel {
            Channel::Email => &self.email,
            Channel::Sms => &self.sms,
        })
    }
}

impl DeliverySignal for OutboxNotifier {
    fn outbox_filled(&self) {
        // The signal does not name a channel: a needless wake-up costs one read.
        self.email.notify_one();
        self.sms.notify_one();
    }
}
