//! The store under test, with every repository method as a method that runs in a unit of work of its own.
//!
//! A repository method needs a transaction, so a test would have to write a unit of work around every call. Instead,
//! [`Store`] has one method for each method of each port: `store.insert_user(&user).await` runs
//! [`UserRegistrationRepository::insert_user`] in [`Storage::write`] and panics if the store fails.
//!
//! These methods are generated. [`repository!`](asteroid_kernel::repository) declares a port as a trait, and also
//! defines a macro of the port's name that passes the signatures of its methods to another macro. At the end of this
//! file, each port passes them to `store_methods!`, which turns
//!
//! ```ignore
//! read fn find_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError>;
//! ```
//!
//! into
//!
//! ```ignore
//! async fn find_profile(&self, user: UserId) -> Option<Profile> {
//!     self.read((user.to_stored(),), |(user,), tx| Box::pin(tx.find_profile(UnitArgument::lend(user)))).await
//! }
//! ```
//!
//! A new method of a port therefore needs no change here. Only a new type of parameter that is passed by value is added
//! to `copy_arguments!`.

#![cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the generated methods name the types of every port")
)]

use std::fmt;
use std::sync::Arc;

use asteroid_audit::*;
use asteroid_clients::*;
use asteroid_identity::*;
use asteroid_kernel::*;
use asteroid_limits::*;
use asteroid_messaging::*;
use asteroid_terms::*;
use asteroid_verification::*;

asteroid_kernel::port_alias! {
    /// Every repository.
    pub trait AllRepositories:
        UserRepository +
        UserRegistrationRepository +
        UserAdministrationRepository +
        FamiliarAddressRepository +
        PendingRegistrationRepository +
        SessionRepository +
        TombstoneRepository +
        AdminKeyRepository +
        IdempotencyRepository +
        ChallengeRepository +
        KeyRepository +
        OutboxRepository +
        LimitRepository +
        AuditRepository +
        EventCountRepository +
        TermsRepository +
        PracticeRepository +
        MembershipRepository +
        ClientRepository;
}

/// A store whose units of work can use every repository.
pub trait CompleteStorage: Storage<Tx: AllRepositories> {}

impl<S: Storage<Tx: AllRepositories>> CompleteStorage for S {}

/// The store under test. Clones share it.
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

    /// Runs a unit of work that may write, and panics if the store fails.
    pub(crate) async fn write<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> UnitFuture<'a, T> + Send + Sync + 'static,
    ) -> T
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        expect_success(self.try_write(context, run).await)
    }

    /// Runs a unit of work that may write.
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

    /// Runs a unit of work that only reads, and panics if the store fails.
    pub(crate) async fn read<C, T>(
        &self,
        context: C,
        run: impl for<'a> Fn(&'a C, &'a mut S::Tx) -> UnitFuture<'a, T> + Send + Sync + 'static,
    ) -> T
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        expect_success(self.try_read(context, run).await)
    }

    /// Runs a unit of work in [`Storage::read`], where a write has to fail.
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

/// Shorthands of clauses.
impl<S: CompleteStorage> Store<S> {
    /// Inserts challenges in one unit of work.
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

    /// The live challenges of a contact under the default rules.
    pub(crate) async fn live_challenges_of(
        &self,
        contact: &Contact,
        purposes: &[PurposeKind],
        now: Timestamp,
    ) -> Vec<Challenge> {
        let mut open = self.open_challenges(&contact.key(), purposes, now).await;
        open.retain(|challenge| challenge.is_live(now, &ChallengeRules::default()));
        open
    }

    /// Enqueues messages in one unit of work.
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

    /// Records events in one unit of work.
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

    /// The fingerprints of clients, sorted by key.
    pub(crate) async fn sorted_fingerprints(&self, keys: &[ClientKey]) -> Vec<(ClientKey, Fingerprint)> {
        let mut found = self.fingerprints(keys).await;
        found.sort_unstable();
        found
    }

    /// The patients of clients, sorted by key.
    pub(crate) async fn sorted_patients_of(&self, keys: &[ClientKey]) -> Vec<(ClientKey, Vec<Patient>)> {
        let mut found = self.patients_of(keys).await;
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    pub(crate) async fn put_client(&self, record: &ClientRecord) {
        self.put_clients(std::slice::from_ref(record)).await;
    }

    /// All clients of a filter, read page by page. Panics if a page does not start after the one before.
    pub(crate) async fn walk_clients(&self, filter: &ClientFilter, page: usize) -> Vec<Client> {
        let mut all: Vec<Client> = Vec::new();
        loop {
            let after = all.last().map(|client| client.record.key.clone());
            let next = self.list_clients(filter, after.as_ref(), page).await;
            let is_last = next.len() < page;
            let starts_after =
                |client: &Client| all.last().is_none_or(|last| last.record.key < client.record.key);
            assert!(next.first().is_none_or(starts_after), "a page starts after the one before");
            all.extend(next);
            if is_last {
                return all;
            }
        }
    }
}

/// The output of a unit of work that has to succeed.
#[track_caller]
pub(crate) fn expect_success<T, E: fmt::Debug>(answer: Result<T, E>) -> T {
    answer.expect("the store works")
}

/// An argument of a repository method. A unit of work stores an owned copy and lends it to each run, because a store
/// may run a unit again.
pub(crate) trait UnitArgument<'a> {
    type Stored: Send + Sync + 'static;

    fn to_stored(&self) -> Self::Stored;
    fn lend(stored: &'a Self::Stored) -> Self;
}

impl<'a, T: Clone + Send + Sync + 'static> UnitArgument<'a> for &'a T {
    type Stored = T;

    fn to_stored(&self) -> T {
        T::clone(self)
    }

    fn lend(stored: &'a T) -> Self {
        stored
    }
}

impl<'a> UnitArgument<'a> for &'a str {
    type Stored = String;

    fn to_stored(&self) -> String {
        (*self).to_owned()
    }

    fn lend(stored: &'a String) -> Self {
        stored
    }
}

impl<'a, T: Clone + Send + Sync + 'static> UnitArgument<'a> for &'a [T] {
    type Stored = Vec<T>;

    fn to_stored(&self) -> Vec<T> {
        self.to_vec()
    }

    fn lend(stored: &'a Vec<T>) -> Self {
        stored
    }
}

impl<'a, T: Clone + Send + Sync + 'static> UnitArgument<'a> for Option<&'a T> {
    type Stored = Option<T>;

    fn to_stored(&self) -> Option<T> {
        self.cloned()
    }

    fn lend(stored: &'a Option<T>) -> Self {
        stored.as_ref()
    }
}

/// Implements [`UnitArgument`] for types that are passed by value.
macro_rules! copy_arguments {
    ($($type:ty),+ $(,)?) => {
        $(
            impl UnitArgument<'_> for $type {
                type Stored = Self;

                fn to_stored(&self) -> Self {
                    *self
                }

                fn lend(stored: &Self) -> Self {
                    *stored
                }
            }
        )+
    };
}

copy_arguments! {
    bool, usize, u32, Network, Timestamp,
    UserId, SessionId, RegistrationId, ChallengeId, MessageId, PracticeId, AdminKeyId,
    Option<UserId>, Option<SessionId>, Option<MessageId>, Option<PracticeId>, Option<AuditEventId>,
    ContactType, ContactSource, UserStatus, Channel, Guesser, PurposeKind, KeyKind, ConsecutiveFailures,
}

/// The result of a repository method.
pub(crate) trait RepositoryResult {
    /// The type of the successful value.
    type Value;
}

impl<T> RepositoryResult for Result<T, StorageError> {
    type Value = T;
}

/// Gives [`Store`] each method of a port. `$kind` is `read` or `write`: the method of [`Store`] that runs the unit of
/// work.
macro_rules! store_methods {
    ([] $port:ident {$(
        $kind:ident $method:ident [$($life:tt)*] [mut] ($(, $arg:ident: $type:ty)* $(,)?) [$output:ty]
    )*}) => {
        #[allow(dead_code, reason = "clauses call some methods only within larger units of work")]
        impl<S: CompleteStorage> Store<S> {$(
            pub(crate) async fn $method $($life)* (&self $(, $arg: $type)*) -> <$output as RepositoryResult>::Value {
                self.$kind(($(UnitArgument::to_stored(&$arg),)*), |($($arg,)*), tx| {
                    Box::pin(tx.$method($(UnitArgument::lend($arg)),*))
                })
                .await
            }
        )*}
    };
}

UserRepository! { store_methods, [] }
UserRegistrationRepository! { store_methods, [] }
UserAdministrationRepository! { store_methods, [] }
FamiliarAddressRepository! { store_methods, [] }
PendingRegistrationRepository! { store_methods, [] }
SessionRepository! { store_methods, [] }
TombstoneRepository! { store_methods, [] }
AdminKeyRepository! { store_methods, [] }
IdempotencyRepository! { store_methods, [] }
ChallengeRepository! { store_methods, [] }
KeyRepository! { store_methods, [] }
OutboxRepository! { store_methods, [] }
LimitRepository! { store_methods, [] }
AuditRepository! { store_methods, [] }
EventCountRepository! { store_methods, [] }
TermsRepository! { store_methods, [] }
PracticeRepository! { store_methods, [] }
MembershipRepository! { store_methods, [] }
ClientRepository! { store_methods, [] }
