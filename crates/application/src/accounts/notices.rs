//! Notices to all contacts of a user.

use asteroid_kernel::{Contact, StorageError};
use asteroid_messaging::{Content, Message, MessageKind, OutboxRepository};

use super::RequestContext;

/// Puts a notice to each of these contacts into the outbox.
pub(super) async fn send_notices<Tx: OutboxRepository>(
    tx: &mut Tx,
    contacts: impl IntoIterator<Item = &Contact> + Send,
    kind: MessageKind,
    context: &RequestContext,
) -> Result<(), StorageError> {
    let now = context.now;
    let contacts: Vec<&Contact> = contacts.into_iter().collect();
    for contact in contacts {
        let expires_at = now + Message::NOTICE_LIFE;
        let randomness = context.randomness();
        let message = Message::new(contact.clone(), kind, Content::Notice, expires_at, now, randomness);
        tx.enqueue(&message).await?;
    }
    Ok(())
}
