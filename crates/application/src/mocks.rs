//! A store of mocks that the use cases run on, and mocks of the driving ports.

#![expect(clippy::ref_option_ref, reason = "mockall's expansion is not ours")]
#![allow(
    clippy::wildcard_imports,
    reason = "the declarations of the ports name the types that the mocks need"
)]

use std::sync::atomic::{AtomicUsize, Ordering};

use asteroid_audit::*;
use asteroid_clients::*;
use asteroid_identity::*;
use asteroid_kernel::*;
use asteroid_limits::*;
use asteroid_messaging::*;
use asteroid_terms::*;
use asteroid_verification::*;
use futures_util::lock::Mutex;

use crate::PublishTermsError;
use crate::accounts::*;
use crate::administration::*;
use crate::development::*;
use crate::operator::Operator;
use crate::outbox::RetryRefusal;
use crate::practice::*;

asteroid_kernel::mock_ports! {
    /// Every repository there is: every call that a test does not expect fails it.
    pub Tx:
        asteroid_identity::UserRepository,
        asteroid_identity::UserRegistrationRepository,
        asteroid_identity::UserAdministrationRepository,
        asteroid_identity::FamiliarAddressRepository,
        asteroid_identity::PendingRegistrationRepository,
        asteroid_identity::SessionRepository,
        asteroid_identity::TombstoneRepository,
        asteroid_identity::AdminKeyRepository,
        asteroid_identity::IdempotencyRepository,
        asteroid_verification::ChallengeRepository,
        asteroid_verification::KeyRepository,
        asteroid_messaging::OutboxRepository,
        asteroid_limits::LimitRepository,
        asteroid_audit::AuditRepository,
        asteroid_audit::EventCountRepository,
        asteroid_terms::TermsRepository,
        asteroid_clients::PracticeRepository,
        asteroid_clients::MembershipRepository,
        asteroid_clients::ClientRepository,
}

/// A store that runs every unit of work on one [`MockTx`], and counts what was committed.
pub struct MockStorage {
    tx: Mutex<MockTx>,
    committed: AtomicUsize,
    rolled_back: AtomicUsize,
}

impl MockStorage {
    /// A store that runs its units on these mocks.
    #[must_use]
    pub fn of(tx: MockTx) -> Self {
        Self { tx: Mutex::new(tx), committed: AtomicUsize::new(0), rolled_back: AtomicUsize::new(0) }
    }

    /// How many units that may write were committed.
    #[must_use]
    pub fn committed(&self) -> usize {
        self.committed.load(Ordering::SeqCst)
    }

    /// How many units that may write were rolled back.
    #[must_use]
    pub fn rolled_back(&self) -> usize {
        self.rolled_back.load(Ordering::SeqCst)
    }
}

impl Storage for MockStorage {
    type Tx = MockTx;

    async fn write<W: UnitOfWork<MockTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        let outcome = work.run(&mut *self.tx.lock().await).await;
        let counter = if outcome.is_ok() { &self.committed } else { &self.rolled_back };
        counter.fetch_add(1, Ordering::SeqCst);
        outcome
    }

    async fn read<W: UnitOfWork<MockTx>>(&self, work: W) -> Result<W::Output, W::Error> {
        work.run(&mut *self.tx.lock().await).await
    }

    async fn check(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

account_ports! {
    asteroid_kernel::mock_ports,
    [
        /// Every driving port of accounts: every call that a test does not expect fails it.
        pub Accounts:
    ]
}

asteroid_kernel::mock_ports! {
    /// The messages that are shown to a developer: every call that a test does not expect fails it.
    pub DevelopmentOutbox: DevelopmentOutbox,
}

asteroid_kernel::mock_ports! {
    /// Every driving port of practices: every call that a test does not expect fails it.
    pub Practices: PracticeProfiles, TermsOfUse, Clients,
}

asteroid_kernel::mock_ports! {
    /// What operators do: every call that a test does not expect fails it.
    pub Administration: Administration,
}
