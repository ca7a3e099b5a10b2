//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use asteroid_kernel::{MessageId, StorageError, Timestamp};

use crate::{
    Channel, Claim, DeliveryError, DeliverySignal, Message, MessageTransport, OutboxEntry, OutboxFilter,
    OutboxRepository, OutboxState, OutgoingMessage,
};

mockall::mock! {
    /// Every repository of this crate.
    pub MessagingTx {}

    impl OutboxRepository for MessagingTx {
        async fn enqueue(&mut self, message: &Message) -> Result<(), StorageError>;
        async fn claim_due(&mut self, channel: Channel, now: Timestamp, lease_until: Timestamp, at_most: usize) -> Result<Vec<Claim>, StorageError>;
        async fn complete(&mut self, id: MessageId, attempt: u32, state: &OutboxState) -> Result<bool, StorageError>;
        async fn find_entry(&mut self, id: MessageId) -> Result<Option<OutboxEntry>, StorageError>;
        async fn list_entries(&mut self, filter: &OutboxFilter, before: Option<MessageId>, at_most: usize) -> Result<Vec<OutboxEntry>, StorageError>;
        async fn requeue(&mut self, id: MessageId, now: Timestamp) -> Result<bool, StorageError>;
        async fn next_due(&mut self, channel: Channel) -> Result<Option<Timestamp>, StorageError>;
        async fn remove_completed(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}

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
