//! Something in every repository, written by one unit: it is there as a whole, or not at all.

use asteroid_audit::{Action, AuditEvent, Outcome};
use asteroid_identity::{NewUser, PendingRegistration, Session};
use asteroid_kernel::{Contact, Origin, StorageError, UserId, Work};
use asteroid_limits::{History, LimitKey};
use asteroid_messaging::Message;
use asteroid_verification::{Challenge, Purpose};

use crate::CompleteStorage;
use crate::fixtures::{
    RANDOMNESS, at, challenge, fresh_contact, fresh_key, new_user, notice, registration, session,
};
use crate::store::{AllRepositories, Store};

#[derive(Clone)]
pub(crate) struct Everything {
    pub(crate) contact: Contact,
    pub(crate) registration: PendingRegistration,
    /// The session, but for its user, whom the store numbers.
    pub(crate) session: Session,
    pub(crate) challenge: Challenge,
    pub(crate) message: Message,
    pub(crate) key: LimitKey,
    pub(crate) event: AuditEvent,
}

impl Everything {
    pub(crate) fn new() -> Self {
        let contact = fresh_contact();
        Self {
            registration: registration(&contact, at(0)),
            session: session(UserId(0), at(0)),
            challenge: challenge(&contact, Purpose::Login, at(0)),
            message: notice(&contact, at(0)),
            key: fresh_key(),
            event: AuditEvent::new(Action::Register, Outcome::Done, &Origin::local(), at(0), &*RANDOMNESS),
            contact,
        }
    }

    pub(crate) fn user(&self) -> NewUser {
        new_user(&self.contact)
    }

    /// Writes it all.
    async fn write(&self, tx: &mut impl AllRepositories) -> Result<(), Refusal> {
        let user = tx.insert_user(&self.user()).await?.map_err(|_| Refusal::OnPurpose)?;
        tx.insert_registration(&self.registration, 3).await?;
        tx.insert_session(&Session { user, ..self.session.clone() }, 20).await?;
        tx.insert_challenge(&self.challenge).await?;
        tx.enqueue(&self.message).await?;
        tx.keep_history(&self.key, &History::from_times(vec![at(0)]), at(100)).await?;
        tx.record_event(&self.event).await?;
        Ok(())
    }

    /// What of it is there.
    pub(crate) async fn traces(&self, tx: &mut impl AllRepositories) -> Result<Traces, StorageError> {
        Ok([
            tx.find_user_by_contact(&self.contact.key()).await?.is_some(),
            tx.newest_registration(&self.contact.key(), at(1)).await?.is_some(),
            tx.find_session(self.session.id).await?.is_some(),
            tx.find_challenge(self.challenge.id).await?.is_some(),
            tx.find_entry(self.message.id).await?.is_some(),
            !tx.history(&self.key).await?.times().is_empty(),
            tx.latest_events(usize::MAX).await?.contains(&self.event),
        ])
    }
}

/// Of which parts of an [`Everything`] there is a trace.
pub(crate) type Traces = [bool; 7];

pub(crate) const WHOLE: Traces = [true; 7];
pub(crate) const NOTHING: Traces = [false; 7];

/// Writes an [`Everything`], and ends so.
pub(crate) struct WriteEverything {
    pub(crate) what: Everything,
    pub(crate) ending: Ending,
}

#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// Answers what it finds of what it wrote.
    Done,
    Refused,
    Panic,
}

/// Why an [`Everything`] was not written.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It was to be so, or the contact is taken.
    OnPurpose,
    Storage(StorageError),
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl<Tx: AllRepositories> Work<Tx> for WriteEverything {
    type Done = Traces;
    type Refused = Refusal;

    async fn run(&self, tx: &mut Tx) -> Result<Traces, Refusal> {
        self.what.write(tx).await?;
        match self.ending {
            Ending::Done => Ok(self.what.traces(tx).await?),
            Ending::Refused => Err(Refusal::OnPurpose),
            Ending::Panic => panic!("on purpose: a clause looks what becomes of it"),
        }
    }
}

impl<S: CompleteStorage> Store<S> {
    /// Writes it all in one unit that ends so.
    pub(crate) async fn write_everything(
        &self,
        what: &Everything,
        ending: Ending,
    ) -> Result<Traces, Refusal> {
        self.storage().write(WriteEverything { what: what.clone(), ending }).await
    }

    /// What of it is there.
    pub(crate) async fn traces(&self, what: &Everything) -> Traces {
        self.read(what.clone(), |what, tx| Box::pin(what.traces(tx))).await
    }
}
