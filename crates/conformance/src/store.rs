//! The store as clauses use it: each call is a unit of work of its own.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use asteroid_audit::*;
use asteroid_clients::*;
use asteroid_identity::*;
use asteroid_kernel::*;
use asteroid_limits::*;
use asteroid_messaging::*;
use asteroid_terms::*;
use asteroid_verification::*;

/// Every repository there is.
pub trait AllRepositories:
    UserRepository
    + UserRegistrationRepository
    + UserAdministrationRepository
    + FamiliarAddressRepository
    + PendingRegistrationRepository
    + SessionRepository
    + ChallengeRepository
    + OutboxRepository
    + LimitRepository
    + AuditRepository
    + TermsRepository
    + PracticeRepository
    + MembershipRepository
    + ClientRepository
{
}

impl<Tx> AllRepositories for Tx where
    Tx: UserRepository
        + UserRegistrationRepository
        + UserAdministrationRepository
        + FamiliarAddressRepository
        + PendingRegistrationRepository
        + SessionRepository
        + ChallengeRepository
        + OutboxRepository
        + LimitRepository
        + AuditRepository
        + TermsRepository
        + PracticeRepository
        + MembershipRepository
        + ClientRepository
{
}

/// A store whose units of work reach every repository.
pub trait CompleteStorage: Storage<Tx: AllRepositories> {}

impl<S: Storage<Tx: AllRepositories>> CompleteStorage for S {}

/// The store under test.
pub(crate) struct Store<S>(Arc<S>);

impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: CompleteStorage> Store<S> {
    pub(crate) fn new(storage: S) -> Self {
        Self(Arc::new(storage))
    }

    pub(crate) fn storage(&self) -> &S {
        &self.0
    }

    /// Runs a unit that may write; the store has to work.
    pub(crate) async fn write<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> UnitFuture<'a, T> + Send + Sync + 'static,
    ) -> T
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        works(self.try_write(context, run).await)
    }

    /// Runs a unit that may write.
    pub(crate) async fn try_write<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> UnitFuture<'a, T> + Send + Sync + 'static,
    ) -> Result<T, StorageError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.0.write(unit_of_work(context, run)).await
    }

    /// Runs a unit that only reads; the store has to work.
    pub(crate) async fn read<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> UnitFuture<'a, T> + Send + Sync + 'static,
    ) -> T
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        works(self.try_read(context, run).await)
    }

    /// Runs a unit that should only read.
    pub(crate) async fn try_read<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> UnitFuture<'a, T> + Send + Sync + 'static,
    ) -> Result<T, StorageError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.0.read(unit_of_work(context, run)).await
    }
}

/// What clauses ask for often.
impl<S: CompleteStorage> Store<S> {
    /// Keeps challenges in one unit.
    pub(crate) async fn insert_challenges(&self, challenges: &[Challenge]) {
        self.write(challenges.to_vec(), |challenges, tx| {
            Box::pin(async move {
                for challenge in challenges {
                    tx.insert_challenge(challenge).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    /// The contact's live challenges, by the default rules.
    pub(crate) async fn live_challenges_of(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Vec<Challenge> {
        self.live_challenges(&contact.key(), purposes, &ChallengeRules::default(), now).await
    }

    /// Counts a guess against the contact's challenges, by the default rules.
    pub(crate) async fn count_guess_of(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        guesser: Guesser,
        now: Timestamp,
    ) -> Vec<Challenge> {
        self.count_guess(&contact.key(), purposes, guesser, &ChallengeRules::default(), now).await
    }

    /// Puts messages into the outbox in one unit.
    pub(crate) async fn enqueue_all(&self, messages: &[Message]) {
        self.write(messages.to_vec(), |messages, tx| {
            Box::pin(async move {
                for message in messages {
                    tx.enqueue(message).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    pub(crate) async fn claim_emails(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        at_most: usize,
    ) -> Vec<Claim> {
        self.claim_due(Channel::Email, now, lease_until, at_most).await
    }

    pub(crate) async fn next_email_due(&self) -> Option<Timestamp> {
        self.next_due(Channel::Email).await
    }

    /// Records events in one unit.
    pub(crate) async fn record_events(&self, events: &[AuditEvent]) {
        self.write(events.to_vec(), |events, tx| {
            Box::pin(async move {
                for event in events {
                    tx.record_event(event).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    /// In the order of the keys.
    pub(crate) async fn sorted_fingerprints(&self, keys: &[ClientKey]) -> Vec<(ClientKey, Fingerprint)> {
        let mut found = self.fingerprints(keys).await;
        found.sort_unstable();
        found
    }

    /// In the order of the keys.
    pub(crate) async fn sorted_patients_of(&self, keys: &[ClientKey]) -> Vec<(ClientKey, Vec<Patient>)> {
        let mut found = self.patients_of(keys).await;
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    pub(crate) async fn put_client(&self, record: &ClientRecord) {
        self.put_clients(std::slice::from_ref(record)).await;
    }

    /// All that the filter wants, page by page. Each page is behind the one before, or the walk would never end.
    pub(crate) async fn walk_clients(&self, filter: &ClientFilter, page: usize) -> Vec<Client> {
        let mut all: Vec<Client> = Vec::new();
        loop {
            let after = all.last().map(|client| client.record.key.clone());
            let next = self.list_clients(filter, after.as_ref(), page).await;
            let is_last = next.len() < page;
            let is_behind =
                |client: &Client| all.last().is_none_or(|last| last.record.key < client.record.key);
            assert!(next.first().is_none_or(is_behind), "a page begins behind the one before");
            all.extend(next);
            if is_last {
                return all;
            }
        }
    }
}

/// What came of a unit that nothing stands in the way of.
#[track_caller]
pub(crate) fn works<T, E: fmt::Debug>(answer: Result<T, E>) -> T {
    answer.expect("the store works")
}

/// An argument of a repository's method, as a unit of work keeps it and lends it each time that it runs.
pub(crate) trait Argument<'a> {
    type Kept: Send + Sync + 'static;

    fn keep(&self) -> Self::Kept;
    fn lend(kept: &'a Self::Kept) -> Self;
}

impl<'a, T: Clone + Send + Sync + 'static> Argument<'a> for &'a T {
    type Kept = T;

    fn keep(&self) -> T {
        T::clone(self)
    }

    fn lend(kept: &'a T) -> Self {
        kept
    }
}

impl<'a, T: Clone + Send + Sync + 'static> Argument<'a> for &'a [T] {
    type Kept = Vec<T>;

    fn keep(&self) -> Vec<T> {
        self.to_vec()
    }

    fn lend(kept: &'a Vec<T>) -> Self {
        kept
    }
}

impl<'a, T: Clone + Send + Sync + 'static> Argument<'a> for Option<&'a T> {
    type Kept = Option<T>;

    fn keep(&self) -> Option<T> {
        self.cloned()
    }

    fn lend(kept: &'a Option<T>) -> Self {
        kept.as_ref()
    }
}

/// Arguments that are passed by value.
macro_rules! by_value {
    ($($type:ty),+ $(,)?) => {
        $(
            impl Argument<'_> for $type {
                type Kept = Self;

                fn keep(&self) -> Self {
                    *self
                }

                fn lend(kept: &Self) -> Self {
                    *kept
                }
            }
        )+
    };
}

by_value! {
    usize, u32, IpAddr, Timestamp,
    UserId, SessionId, RegistrationId, ChallengeId, MessageId, PracticeId,
    Option<SessionId>, Option<MessageId>, Option<PracticeId>,
    ContactType, ContactSource, UserStatus, Channel, Guesser, ConsecutiveFailures,
}

/// What a repository's method returns of a store that works.
pub(crate) trait Works {
    type Value;
}

impl<T> Works for Result<T, StorageError> {
    type Value = T;
}

/// Gives the [`Store`] each method of a port, as a unit of work of its own.
macro_rules! each_alone {
    ([] $port:ident {$(
        $kind:ident $method:ident [$($life:tt)*] [mut] ($(, $arg:ident: $type:ty)* $(,)?) [$output:ty]
    )*}) => {
        #[allow(dead_code, reason = "clauses write some things several at once")]
        impl<S: CompleteStorage> Store<S> {$(
            pub(crate) async fn $method $($life)* (&self $(, $arg: $type)*) -> <$output as Works>::Value {
                self.$kind(($(Argument::keep(&$arg),)*), |($($arg,)*), tx| {
                    Box::pin(tx.$method($(Argument::lend($arg)),*))
                })
                .await
            }
        )*}
    };
}

UserRepository! { each_alone, [] }
UserRegistrationRepository! { each_alone, [] }
UserAdministrationRepository! { each_alone, [] }
FamiliarAddressRepository! { each_alone, [] }
PendingRegistrationRepository! { each_alone, [] }
SessionRepository! { each_alone, [] }
ChallengeRepository! { each_alone, [] }
OutboxRepository! { each_alone, [] }
LimitRepository! { each_alone, [] }
AuditRepository! { each_alone, [] }
TermsRepository! { each_alone, [] }
PracticeRepository! { each_alone, [] }
MembershipRepository! { each_alone, [] }
ClientRepository! { each_alone, [] }
