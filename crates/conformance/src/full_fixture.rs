//! Something in every repository, written by one unit: it is there as a whole, or not at all.

use asteroid_audit::{Action, AuditEvent, Outcome};
use asteroid_clients::{ClientClass, ClientRecord, Membership, Practice, PracticeId};
use asteroid_identity::{NewUser, PendingRegistration, Session};
use asteroid_kernel::{Contact, Origin, StorageError, UnitOfWork, UserId};
use asteroid_limits::{LimitKey, SlidingWindow};
use asteroid_messaging::Message;
use asteroid_terms::TermsVersion;
use asteroid_verification::{Challenge, Purpose};

use crate::CompleteStorage;
use crate::fixtures::practice::{class, client, membership, practice};
use crate::fixtures::{
    RANDOMNESS, acceptance, at, challenge, claim, fresh_contact, fresh_key, fresh_label, fresh_number,
    new_user, notice, registration, session, terms,
};
use crate::store::{AllRepositories, Store};

#[derive(Clone)]
pub(crate) struct FullFixture {
    pub(crate) contact: Contact,
    pub(crate) registration: PendingRegistration,
    /// The session, but for its user, whom the store numbers.
    pub(crate) session: Session,
    pub(crate) challenge: Challenge,
    pub(crate) message: Message,
    pub(crate) key: LimitKey,
    pub(crate) event: AuditEvent,
    pub(crate) terms: TermsVersion,
    pub(crate) practice: Practice,
    pub(crate) class: ClientClass,
    pub(crate) client: ClientRecord,
}

impl FullFixture {
    pub(crate) fn new() -> Self {
        let (contact, number) = (fresh_contact(), fresh_number());
        let (practice, class) = (practice(PracticeId(number.into())), class(&number.to_string()));
        let mut client = ClientRecord { practice: practice.id, ..client(&number.to_string()) };
        client.content.client_class = Some(class.id.clone());
        Self {
            registration: registration(&contact, at(0)),
            session: session(UserId(0), at(0)),
            challenge: challenge(&contact, Purpose::SignIn, at(0)),
            message: notice(&contact, at(0)),
            key: fresh_key(),
            event: AuditEvent::new(Action::Register, Outcome::Done, &Origin::local(), at(0), &*RANDOMNESS),
            terms: terms(&fresh_label(), at(0)),
            contact,
            practice,
            class,
            client,
        }
    }

    pub(crate) fn user(&self) -> NewUser {
        new_user(&self.contact)
    }

    /// That the user is the client.
    pub(crate) fn membership(&self, user: UserId) -> Membership {
        Membership { practice: self.practice.id, ..membership(user, self.client.key.id.as_str()) }
    }

    /// Writes it all.
    async fn write(&self, tx: &mut impl AllRepositories) -> Result<(), Refusal> {
        let user = tx.insert_user(&self.user()).await?.map_err(|_| Refusal::OnPurpose)?;
        tx.insert_registration(&self.registration, 3).await?;
        tx.insert_claim(&claim(&self.contact, None, at(0))).await?;
        tx.insert_session(&Session { user, ..self.session.clone() }, 20).await?;
        tx.insert_challenge(&self.challenge).await?;
        tx.enqueue(&self.message).await?;
        tx.save_window(&self.key, &SlidingWindow::from_times(vec![at(0)]), at(100)).await?;
        tx.record_event(&self.event).await?;
        tx.publish_terms(&self.terms).await?.map_err(|_| Refusal::OnPurpose)?;
        tx.accept_terms(&acceptance(user, &self.terms.label, at(0))).await?;
        tx.put_practice(&self.practice).await?;
        tx.put_membership(&self.membership(user)).await?;
        tx.put_class(&self.class).await?;
        tx.put_clients(std::slice::from_ref(&self.client)).await?;
        Ok(())
    }

    /// What of it is there.
    pub(crate) async fn presence(&self, tx: &mut impl AllRepositories) -> Result<Presence, StorageError> {
        let user = tx.find_user_by_contact(&self.contact.key()).await?.map(|user| user.id);
        let id = user.unwrap_or(UserId(0));
        let client = tx.find_client(self.practice.id, &self.client.key).await?;
        Ok([
            user.is_some(),
            tx.find_registration(self.registration.id, at(1)).await?.is_some(),
            !tx.claimants(&self.contact.key(), at(1)).await?.is_empty(),
            tx.find_session(self.session.id).await?.is_some(),
            tx.find_challenge(self.challenge.id).await?.is_some(),
            tx.find_entry(self.message.id).await?.is_some(),
            !tx.window(&self.key).await?.times().is_empty(),
            tx.latest_events(usize::MAX).await?.contains(&self.event),
            tx.list_terms().await?.contains(&self.terms),
            tx.find_acceptance(id, &self.terms.label).await?.is_some(),
            tx.find_practice(self.practice.id).await?.is_some(),
            tx.find_membership(id, None).await?.is_some(),
            client.is_some(),
            client.is_some_and(|client| client.class.is_some()),
        ])
    }
}

/// Of which parts of an [`FullFixture`] there is a trace.
pub(crate) type Presence = [bool; 14];

pub(crate) const WHOLE: Presence = [true; 14];
pub(crate) const NOTHING: Presence = [false; 14];

/// Writes an [`FullFixture`], and ends so.
pub(crate) struct WriteAllRepositories {
    pub(crate) what: FullFixture,
    pub(crate) ending: Ending,
}

#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// Answers what it finds of what it wrote.
    Done,
    Refused,
    Panic,
}

/// Why an [`FullFixture`] was not written.
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

impl<Tx: AllRepositories> UnitOfWork<Tx> for WriteAllRepositories {
    type Output = Presence;
    type Error = Refusal;

    async fn run(&self, tx: &mut Tx) -> Result<Presence, Refusal> {
        self.what.write(tx).await?;
        match self.ending {
            Ending::Done => Ok(self.what.presence(tx).await?),
            Ending::Refused => Err(Refusal::OnPurpose),
            Ending::Panic => panic!("on purpose: a clause looks what becomes of it"),
        }
    }
}

impl<S: CompleteStorage> Store<S> {
    /// Writes it all in one unit that ends so.
    pub(crate) async fn write_all_repositories(
        &self,
        what: &FullFixture,
        ending: Ending,
    ) -> Result<Presence, Refusal> {
        self.storage().write(WriteAllRepositories { what: what.clone(), ending }).await
    }

    /// What of it is there.
    pub(crate) async fn presence(&self, what: &FullFixture) -> Presence {
        self.read(what.clone(), |what, tx| Box::pin(what.presence(tx))).await
    }
}
