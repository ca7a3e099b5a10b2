//! Notices to all contacts of a user.

use asteroid_kernel::{Contact, Randomness, StorageError, Timestamp};
use asteroid_messaging::{Content, Message, MessageKind, OutboxRepository};

/// Puts a notice to each of these contacts into the outbox.
pub(crate) async fn send_notices<Tx: OutboxRepository>(
    tx: &mut Tx,
    contacts: impl IntoIterator<Item = &Contact> + Send,
    kind: MessageKind,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<(), StorageError> {
    let contacts: Vec<&Contact> = contacts.into_iter().collect();
    for contact in contacts {
        let expires_at = now + Message::NOTICE_LIFE;
        let message = Message::new(contact.clone(), kind, Content::Notice, expires_at, now, randomness);
        tx.enqueue(&message).await?;
    }
    Ok(())
}
