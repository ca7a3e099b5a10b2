//! Rate limits of sending codes.

use std::time::Duration;

use asteroid_audit::{Action, AuditRepository, Outcome};
use asteroid_identity::{FamiliarAddressRepository, UserRepository};
use asteroid_kernel::{Contact, Storage, StorageError, UnitOfWork, UserId};
use asteroid_limits::{LimitKey, LimitRepository, Quota, SlidingWindow};

use super::audit::audit;
use super::contacts::NO_USER;
use super::send_codes::SendCodesError;
use super::{Accounts, RequestContext};

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

/// A request for codes, as far as its limits matter.
#[derive(Clone)]
pub(super) struct LimitedSends {
    /// Sorted by key: requests lock their limits in one order, so that none waits for another that waits for it.
    pub(super) contacts: Vec<Contact>,
    pub(super) action: Action,
    pub(super) context: RequestContext,
}

/// A limit that a request has to keep, and counts against.
struct Bound {
    key: LimitKey,
    quotas: Vec<Quota>,
    /// How many events the request counts as.
    events: usize,
    /// The contact that the limit lies on; [`None`] if it lies on something else.
    contact: Option<Contact>,
}

/// A limit that a request does not keep.
pub(super) struct Refusal {
    pub(super) retry_after: Duration,
    contact: Option<Contact>,
    /// The key under which it is noted that the trail has this refusal.
    noted: LimitKey,
    /// One entry in the trail for each window of the quota.
    once: Quota,
    is_noted: bool,
}

impl LimitedSends {
    /// Whether codes may be sent to all these contacts now; if so, counts them. Otherwise enters the refusal in the trail,
    /// and counts none.
    ///
    /// The limits lie on the contacts, so that they tell nothing of whose they are.
    pub(super) async fn reserve<Tx>(&self, tx: &mut Tx) -> Result<Result<(), Duration>, StorageError>
    where
        Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository,
    {
        let now = self.context.now;
        match self.admit(tx).await? {
            Err(refusal) => {
                self.note(tx, &refusal).await?;
                Ok(Err(refusal.retry_after))
            }
            Ok(admitted) => {
                for (Bound { key, quotas, events, .. }, mut window) in admitted {
                    for _ in 0..events {
                        window.record(now);
                    }
                    window.prune(&quotas, now);
                    tx.save_window(&key, &window, now + longest_window(&quotas)).await?;
                }
                Ok(Ok(()))
            }
        }
    }

    /// Reads all limits of the request, and stops at the first that it does not keep.
    async fn admit<Tx>(
        &self,
        tx: &mut Tx,
    ) -> Result<Result<Vec<(Bound, SlidingWindow)>, Refusal>, StorageError>
    where
        Tx: UserRepository + FamiliarAddressRepository + LimitRepository,
    {
        let now = self.context.now;
        let mut admitted = Vec::new();
        for bound in self.bounds(tx).await? {
            let window = tx.window(&bound.key).await?;
            let mut before_last = window.clone();
            for _ in 1..bound.events {
                before_last.record(now);
            }
            let next = |quota: &Quota| before_last.next_allowed(std::slice::from_ref(quota), now);
            let refusing =
                bound.quotas.iter().filter(|quota| next(quota) > now).max_by_key(|quota| next(quota));
            let Some(refusing) = refusing else {
                admitted.push((bound, window));
                continue;
            };
            let once = Quota { count: 1, window: refusing.window };
            let refused = format!("{}:{}", once.window.as_secs(), bound.key.as_str());
            let noted = LimitKey::new("refused", refused);
            let is_noted = !tx.window(&noted).await?.allows(&[once], now);
            let retry_after = next(refusing).since(now);
            return Ok(Err(Refusal { retry_after, contact: bound.contact, noted, once, is_noted }));
        }
        Ok(Ok(admitted))
    }

    /// The limits of the request, in the order in which they are locked: the network, each contact, prefixes of numbers,
    /// and the total of a day, which is held the shortest because all SMS share it.
    async fn bounds<Tx>(&self, tx: &mut Tx) -> Result<Vec<Bound>, StorageError>
    where
        Tx: UserRepository + FamiliarAddressRepository,
    {
        let limits = &self.context.rules().limits;
        let network = self.context.origin.network();
        let mut bounds = Vec::new();
        if !limits.enabled {
            return Ok(bounds);
        }
        let mut add = |key, quotas: &[Quota], events, contact: Option<&Contact>| {
            bounds.push(Bound { key, quotas: quotas.to_vec(), events, contact: contact.cloned() });
        };
        if let Some(network) = network {
            if self.action == Action::Register {
                let key = LimitKey::new("registrations-from", network);
                add(key, &limits.registrations_per_network, 1, None);
            }
            let key = LimitKey::new("sends-from", network);
            add(key, &limits.sends_per_network, self.contacts.len(), None);
        }
        let mut phones = Vec::new();
        for contact in &self.contacts {
            let key = contact.key();
            let owner = tx.find_user_by_contact(&key).await?.map(|user| user.id);
            add(LimitKey::new("sends", key.as_str()), &limits.sends, 1, Some(contact));
            if let Some(network) = network
                && !is_from_familiar_address(tx, owner, &self.context).await?
            {
                // All strangers together leave the owner's part. Where there is no owner, each network leaves a part to
                // the others: one of them may be the owner's.
                let key = match owner {
                    Some(_) => LimitKey::new("strangers-sends", key.as_str()),
                    None => LimitKey::new("strangers-sends", format_args!("{}:{network}", key.as_str())),
                };
                add(key, &limits.for_strangers(&limits.sends), 1, Some(contact));
            }
            if let Contact::Phone(phone) = contact {
                phones.push((phone, owner.is_some()));
            }
        }
        for (phone, is_verified) in &phones {
            let e164 = phone.e164();
            let key = LimitKey::new("sms-prefix", &e164[..e164.len().saturating_sub(4)]);
            let quotas = &limits.sms_per_prefix;
            let strangers = limits.for_strangers(quotas);
            add(key, if *is_verified { quotas } else { &strangers }, 1, None);
        }
        if !phones.is_empty() {
            let quotas = &limits.sms;
            let strangers = limits.for_strangers(quotas);
            let all_verified = phones.iter().all(|(_, is_verified)| *is_verified);
            add(
                LimitKey::new("sms", "all"),
                if all_verified { quotas } else { &strangers },
                phones.len(),
                None,
            );
        }
        Ok(bounds)
    }

    /// Enters a refusal in the trail, if it is the first one by this quota within its window: a flood of requests leaves
    /// few entries.
    async fn note<Tx>(&self, tx: &mut Tx, refusal: &Refusal) -> Result<(), StorageError>
    where
        Tx: LimitRepository + AuditRepository,
    {
        let Refusal { noted, once, .. } = refusal;
        let now = self.context.now;
        let mut window = tx.window(noted).await?;
        if !window.allows(&[*once], now) {
            return Ok(());
        }
        window.record(now);
        window.prune(&[*once], now);
        tx.save_window(noted, &window, now + once.window).await?;
        let contact = refusal.contact.as_ref().or(self.contacts.first());
        audit(tx, self.action, Outcome::Limited, None, contact, &self.context).await
    }
}

/// Looks at the limits, and counts nothing: a request that is refused costs no transaction that writes.
struct CheckSends(LimitedSends);

impl<Tx> UnitOfWork<Tx> for CheckSends
where
    Tx: UserRepository + FamiliarAddressRepository + LimitRepository + Send,
{
    type Output = Option<Refusal>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Refusal>, StorageError> {
        Ok(self.0.admit(tx).await?.err())
    }
}

/// Enters a refusal in the trail.
struct NoteRefusal(LimitedSends, Refusal);

impl<Tx: LimitRepository + AuditRepository + Send> UnitOfWork<Tx> for NoteRefusal {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        self.0.note(tx, &self.1).await
    }
}

impl<S, H> Accounts<S, H>
where
    S: Storage,
    S::Tx: UserRepository + FamiliarAddressRepository + LimitRepository + AuditRepository,
{
    /// Refuses a request that does not keep its limits, before anything that costs more. The limits are checked again, and
    /// counted, by [`LimitedSends::reserve`].
    pub(super) async fn check_sends(&self, sends: &LimitedSends) -> Result<(), SendCodesError> {
        let rules = sends.context.rules();
        if !rules.limits.enabled {
            return Ok(());
        }
        for contact in &sends.contacts {
            rules.sms_countries.check(contact)?;
        }
        let Some(refusal) = self.storage.read(CheckSends(sends.clone())).await? else { return Ok(()) };
        let retry_after = refusal.retry_after;
        if !refusal.is_noted {
            self.storage.write(NoteRefusal(sends.clone(), refusal)).await?;
        }
        Err(SendCodesError::TooManyCodes { retry_after })
    }
}
