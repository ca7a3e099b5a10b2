//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use crate::{DeliveryError, DeliverySignal, MessageTransport, OutgoingMessage};

mockall::mock! {
    /// A transport of which a test says what it may be given.
    pub Transport {}

    impl MessageTransport for Transport {
        async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError>;
    }
}

mockall::mock! {
    /// A signal of which a test says whether it may be given.
    pub Signal {}

    impl DeliverySignal for Signal {
        fn outbox_filled(&self);
    }
}
