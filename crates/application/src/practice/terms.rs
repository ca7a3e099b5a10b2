use asteroid_audit::{Action, AuditEvent, AuditRepository, Outcome};
use asteroid_kernel::{Origin, Storage, StorageError, UnitOfWork};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionTaken};

use super::Practices;
use crate::ports::Caller;
use crate::ports::practice::{TermsAccepted, TermsGateError, TermsOfUse, TermsStatus};

/// Why a version was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishTermsError {
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

struct ListTerms;

impl<Tx: TermsRepository> UnitOfWork<Tx> for ListTerms {
    type Output = Vec<TermsVersion>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<TermsVersion>, StorageError> {
        tx.list_terms().await
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

    /// Publishes a version of the terms: from now on everybody has to accept it.
    ///
    /// # Errors
    ///
    /// If the label was published before, or the store fails.
    pub async fn publish_terms(
        &self,
        version: TermsVersion,
        origin: &Origin,
    ) -> Result<(), PublishTermsError> {
        let event = self.event(Action::PublishTerms, origin);
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
        self.storage.read(ListTerms).await
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
