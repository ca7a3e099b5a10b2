//! The terms of use: showing, accepting and publishing them, and the gate behind which clients are.

use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_kernel::{Origin, Storage, StorageError, Timestamp, UnitOfWork, unit_of_work};
use asteroid_terms::{Acceptance, InvalidTerms, TermsRepository, TermsVersion, VersionTaken};

use super::Practices;
use crate::Operator;
use crate::accounts::Caller;

/// The terms in force, and whether the caller accepted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsStatus {
    /// The version in force.
    pub current: TermsVersion,
    /// When the caller accepted it, if so.
    pub accepted_at: Option<Timestamp>,
}

/// The proof that a caller accepted the terms in force: what lies behind the gate asks for it, so that no route can
/// forget the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermsAccepted(Caller);

impl TermsAccepted {
    pub(crate) const fn by(caller: Caller) -> Self {
        Self(caller)
    }

    /// The proof without having looked, for tests of what lies behind the gate.
    #[cfg(feature = "mocks")]
    #[must_use]
    pub const fn assumed(caller: Caller) -> Self {
        Self(caller)
    }

    /// Who accepted them.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        self.0
    }
}

/// Why the gate stays closed.
#[derive(Debug, thiserror::Error)]
pub enum TermsGateError {
    /// The caller has not accepted the version in force.
    #[error("the terms are not accepted")]
    NotAccepted,
    /// The store did not say.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Shows the terms, takes acceptances, and keeps the gate.
    pub trait TermsOfUse {
        /// The version in force and whether the caller accepted it; none if none was ever published.
        async fn terms_status(&self, caller: Caller) -> Result<Option<TermsStatus>, StorageError>;

        /// Accepts the version in force. Accepting again changes nothing.
        async fn accept_terms(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;

        /// Lets a caller through who accepted the version in force.
        async fn pass_terms_gate(&self, caller: Caller) -> Result<TermsAccepted, TermsGateError>;
    }
}

/// Why a version was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishTermsError {
    /// Its text cannot be published.
    #[error(transparent)]
    Invalid(#[from] InvalidTerms),
    /// Its label is taken.
    #[error(transparent)]
    Taken(#[from] VersionTaken),
    /// The store did not do it.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

struct FindTermsStatus(Caller);

impl<Tx: TermsRepository + Send> UnitOfWork<Tx> for FindTermsStatus {
    type Output = Option<TermsStatus>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<TermsStatus>, StorageError> {
        let Some(current) = tx.current_terms().await? else { return Ok(None) };
        let acceptance = tx.find_acceptance(self.0.user, &current.label).await?;
        Ok(Some(TermsStatus { current, accepted_at: acceptance.map(|acceptance| acceptance.at) }))
    }
}

/// Whether the caller accepted the version in force.
struct HasAcceptedCurrent(Caller);

impl<Tx: TermsRepository + Send> UnitOfWork<Tx> for HasAcceptedCurrent {
    type Output = bool;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StorageError> {
        let Some(current) = tx.current_label().await? else { return Ok(false) };
        Ok(tx.find_acceptance(self.0.user, &current).await?.is_some())
    }
}

/// Keeps the caller's acceptance of the version in force.
struct AcceptCurrentTerms {
    caller: Caller,
    event: AuditEvent,
}

impl<Tx: TermsRepository + AuditRepository + Send> UnitOfWork<Tx> for AcceptCurrentTerms {
    type Output = ();
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<(), StorageError> {
        let Some(label) = tx.current_label().await? else { return Ok(()) };
        let (user, at, origin) = (self.caller.user, self.event.at, self.event.origin.clone());
        if tx.accept_terms(&Acceptance { user, label, at, origin }).await? {
            tx.record_event(&self.event).await?;
        }
        Ok(())
    }
}

/// Publishes a version, or only where there is none yet.
struct PublishTerms {
    version: TermsVersion,
    only_first: bool,
    event: AuditEvent,
}

impl<Tx: TermsRepository + AuditRepository + Send> UnitOfWork<Tx> for PublishTerms {
    type Output = ();
    type Error = PublishTermsError;

    async fn run(&self, tx: &mut Tx) -> Result<(), PublishTermsError> {
        if self.only_first && tx.current_label().await?.is_some() {
            return Ok(());
        }
        match tx.publish_terms(&self.version).await? {
            // Another server starting on the same store was faster.
            Err(VersionTaken) if self.only_first => return Ok(()),
            published => published?,
        }
        tx.record_event(&self.event).await?;
        Ok(())
    }
}

impl<S> Practices<S>
where
    S: Storage,
    S::Tx: TermsRepository + AuditRepository,
{
    fn event(&self, action: Action, origin: &Origin) -> AuditEvent {
        AuditEvent::new(action, Outcome::Done, origin, self.clock.now(), &*self.randomness)
    }

    /// Publishes a version of the terms: from now on every user has to accept it.
    ///
    /// # Errors
    ///
    /// If the label was published before, or the store fails.
    pub async fn publish_terms(
        &self,
        version: TermsVersion,
        operator: &Operator,
    ) -> Result<(), PublishTermsError> {
        let Operator { name, origin } = operator;
        let event = self.event(Action::PublishTerms, origin).by_operator(name);
        self.storage.write(PublishTerms { version, only_first: false, event }).await
    }

    /// Publishes a version where none was published yet: so that a fresh store has one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn publish_first_terms(&self, version: TermsVersion) -> Result<(), PublishTermsError> {
        let event = self.event(Action::PublishTerms, &Origin::local());
        self.storage.write(PublishTerms { version, only_first: true, event }).await
    }

    /// Every published version, the latest first.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn list_terms(&self) -> Result<Vec<TermsVersion>, StorageError> {
        self.storage.read(unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.list_terms()))).await
    }
}

impl<S> TermsOfUse for Practices<S>
where
    S: Storage,
    S::Tx: TermsRepository + AuditRepository,
{
    async fn terms_status(&self, caller: Caller) -> Result<Option<TermsStatus>, StorageError> {
        self.storage.read(FindTermsStatus(caller)).await
    }

    async fn accept_terms(&self, caller: Caller, origin: Origin) -> Result<(), StorageError> {
        let event = self.event(Action::AcceptTerms, &origin).of_user(Some(caller.user));
        self.storage.write(AcceptCurrentTerms { caller, event }).await
    }

    async fn pass_terms_gate(&self, caller: Caller) -> Result<TermsAccepted, TermsGateError> {
        if self.storage.read(HasAcceptedCurrent(caller)).await? {
            Ok(TermsAccepted::by(caller))
        } else {
            Err(TermsGateError::NotAccepted)
        }
    }
}
