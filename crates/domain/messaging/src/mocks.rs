//! Mocks of this crate's ports, made with mockall: an unexpected call fails the test.

use crate::{DeliveryError, DeliverySignal, MessageTransport, OutgoingMessage};

mockall::mock! {
    /// A mock transport.
    pub Transport {}

    impl MessageTransport for Transport {
        async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError>;
    }
}

mockall::mock! {
    /// A mock signal.
    pub Signal {}

    impl DeliverySignal for Signal {
        fn outbox_filled(&self);
    }
}
