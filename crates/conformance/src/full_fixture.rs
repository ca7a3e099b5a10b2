//! A fixture with a row in every repository, written by one unit of work, for clauses about transactions.

use asteroid_audit::{Action, AuditEvent, AuditFilter, Outcome};
use asteroid_clients::{ClientClass, ClientRecord, Membership, Practice, PracticeId};
use asteroid_identity::{NewUser, PendingRegistration, Session};
use asteroid_kernel::{Contact, Origin, StorageError, UnitOfWork, UserId};
use asteroid_limits::{LimitKey, SlidingWindow};
use asteroid_messaging::Message;
use asteroid_terms::TermsVersion;
use asteroid_verification::{Challenge, KeyFingerprint, KeyIdentity, KeyKind, Purpose};

use crate::CompleteStorage;
use crate::fixtures::practice::{class, client, membership, practice};
use crate::fixtures::{
    RANDOMNESS, acceptance, at, challenge, claim, fresh_contact, fresh_key, fresh_label, fresh_number,
    new_user, notice, registration, session, terms,
};
use crate::store::{AllRepositories, Store};

/// A value for every repository.
#[derive(Clone)]
pub(crate) struct FullFixture {
    pub(crate) contact: Contact,
    pub(crate) registration: PendingRegistration,
    /// The session. Its user id is replaced by the one that the store assigns.
    pub(crate) session: Session,
    pub(crate) challenge: Challenge,
    pub(crate) known_key: KeyIdentity,
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
            known_key: KeyIdentity {
                kind: KeyKind::Code,
                id: number.to_string(),
                fingerprint: KeyFingerprint::from_stored("5d1f0a"),
            },
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

    /// A membership of the user as the client.
    pub(crate) fn membership(&self, user: UserId) -> Membership {
        Membership { practice: self.practice.id, ..membership(user, self.client.key.id.as_str()) }
    }

    /// Writes every value.
    async fn write(&self, tx: &mut impl AllRepositories) -> Result<(), FixtureError> {
        let user = tx.insert_user(&self.user()).await?.map_err(|_| FixtureError::Intended)?;
        tx.insert_registration(&self.registration, 3).await?;
        tx.insert_claim(&claim(&self.contact, None, at(0))).await?;
        tx.insert_session(&Session { user, ..self.session.clone() }, 20).await?;
        tx.insert_challenge(&self.challenge).await?;
        tx.record_key(&self.known_key, at(0)).await?;
        tx.enqueue(&self.message).await?;
        tx.save_window(&self.key, &SlidingWindow::from_times(vec![at(0)]), at(100)).await?;
        tx.record_event(&self.event).await?;
        tx.publish_terms(&self.terms).await?.map_err(|_| FixtureError::Intended)?;
        tx.accept_terms(&acceptance(user, &self.terms.label, at(0))).await?;
        tx.put_practice(&self.practice).await?;
        tx.put_membership(&self.membership(user)).await?;
        tx.put_class(&self.class).await?;
        tx.put_clients(std::slice::from_ref(&self.client)).await?;
        Ok(())
    }

    /// Which values the store has.
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
            tx.known_keys().await?.iter().any(|known| known.key == self.known_key),
            tx.find_entry(self.message.id).await?.is_some(),
            !tx.window(&self.key).await?.times().is_empty(),
            tx.list_events(&AuditFilter::default(), None, usize::MAX).await?.contains(&self.event),
            tx.list_terms().await?.contains(&self.terms),
            tx.find_acceptance(id, &self.terms.label).await?.is_some(),
            tx.find_practice(self.practice.id).await?.is_some(),
            tx.find_membership(id, None).await?.is_some(),
            client.is_some(),
            client.is_some_and(|client| client.class.is_some()),
        ])
    }
}

/// Which values of a [`FullFixture`] the store has, in the order of [`FullFixture::presence`].
pub(crate) type Presence = [bool; 15];

pub(crate) const ALL_PRESENT: Presence = [true; 15];
pub(crate) const NONE_PRESENT: Presence = [false; 15];

/// The unit of work that writes a [`FullFixture`].
pub(crate) struct WriteAllRepositories {
    pub(crate) fixture: FullFixture,
    pub(crate) outcome: UnitOutcome,
}

/// How a unit of work ends.
#[derive(Clone, Copy)]
pub(crate) enum UnitOutcome {
    /// Returns the [`Presence`] that it reads after writing.
    Commit,
    Rollback,
    Panic,
}

/// Why a [`FullFixture`] was not written.
#[derive(Debug)]
pub(crate) enum FixtureError {
    /// The clause asked for [`UnitOutcome::Rollback`], or a key is taken.
    Intended,
    Storage(StorageError),
}

impl From<StorageError> for FixtureError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl<Tx: AllRepositories> UnitOfWork<Tx> for WriteAllRepositories {
    type Output = Presence;
    type Error = FixtureError;

    async fn run(&self, tx: &mut Tx) -> Result<Presence, FixtureError> {
        self.fixture.write(tx).await?;
        match self.outcome {
            UnitOutcome::Commit => Ok(self.fixture.presence(tx).await?),
            UnitOutcome::Rollback => Err(FixtureError::Intended),
            UnitOutcome::Panic => panic!("intended by the clause"),
        }
    }
}

impl<S: CompleteStorage> Store<S> {
    /// Writes the fixture in one unit of work.
    pub(crate) async fn write_all_repositories(
        &self,
        fixture: &FullFixture,
        outcome: UnitOutcome,
    ) -> Result<Presence, FixtureError> {
        self.storage().write(WriteAllRepositories { fixture: fixture.clone(), outcome }).await
    }

    /// Which values of the fixture the store has.
    pub(crate) async fn presence(&self, fixture: &FullFixture) -> Presence {
        self.read(fixture.clone(), |fixture, tx| Box::pin(fixture.presence(tx))).await
    }
}
