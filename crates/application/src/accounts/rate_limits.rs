//! Rate limits of sending codes.

use std::time::Duration;

use asteroid_identity::FamiliarAddressRepository;
use asteroid_kernel::{Contact, StorageError, UserId};
use asteroid_limits::{LimitKey, LimitRepository, Quota};

use super::RequestContext;
use super::contacts::NO_USER;

pub(super) fn longest_window(quotas: &[Quota]) -> Duration {
    quotas.iter().map(|quota| quota.window).max().unwrap_or_default()
}

/// Whether the request comes from an address that the contact's owner signed in from. If the address is not known, nobody
/// can be told apart, and everybody counts as the owner. It costs the same for a contact without an owner.
pub(super) async fn is_from_familiar_address<Tx: FamiliarAddressRepository>(
    tx: &mut Tx,
    owner: Option<UserId>,
    context: &RequestContext,
) -> Result<bool, StorageError> {
    let Some(network) = context.origin.network() else { return Ok(true) };
    let since = context.now - context.rules().limits.familiar_for;
    tx.is_familiar_address(owner.unwrap_or(NO_USER), network, since).await
}

/// Whether codes may be sent to all these contacts now; if so, counts one for each. Otherwise says how long to wait,
/// and counts none.
///
/// The limit lies on the contact, so that it tells nothing of whose it is.
pub(super) async fn reserve_sends<Tx: LimitRepository>(
    tx: &mut Tx,
    contacts: &[Contact],
    context: &RequestContext,
) -> Result<Result<(), Duration>, StorageError> {
    let limits = &context.rules().limits;
    if !limits.enabled {
        return Ok(Ok(()));
    }
    let now = context.now;
    let mut admitted = Vec::new();
    for contact in contacts {
        let key = sends_key(contact);
        let window = tx.window(&key).await?;
        let next = window.next_allowed(&limits.sends, now);
        if next > now {
            return Ok(Err(next.since(now)));
        }
        admitted.push((key, window));
    }
    for (key, mut window) in admitted {
        window.record(now);
        window.prune(&limits.sends, now);
        tx.save_window(&key, &window, now + longest_window(&limits.sends)).await?;
    }
    Ok(Ok(()))
}

pub(super) fn sends_key(contact: &Contact) -> LimitKey {
    LimitKey::new("sends", contact.key().as_str())
}
