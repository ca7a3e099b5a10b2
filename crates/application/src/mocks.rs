//! A store of mocks that the use cases run on, and mocks of the driving ports.

#![expect(clippy::ref_option_ref, clippy::struct_field_names, reason = "mockall's expansion is not ours")]

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use asteroid_audit::{AuditEvent, AuditRepository};
use asteroid_clients::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, ClientRepository, ExternalId, Fingerprint,
    Membership, MembershipRepository, Patient, Practice, PracticeId, PracticeRepository,
};
use asteroid_identity::{
    ContactClaim, ContactSource, ContactTaken, ContactType, NewUser, PasswordHash, PendingRegistration,
    PendingRegistrationRepository, PersonName, Profile, RemovedContact, Session, SessionRepository,
    SessionTokenHash, User, UserRepository, UserStatus,
};
use asteroid_kernel::{
    ChallengeId, Contact, ContactKey, MessageId, Network, Origin, RegistrationId, SessionId, Storage,
    StorageError, Timestamp, UnitOfWork, Upsert, UserId,
};
use asteroid_limits::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};
use asteroid_messaging::{Channel, Claim, Message, OutboxEntry, OutboxFilter, OutboxRepository, OutboxState};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionLabel, VersionTaken};
use asteroid_verification::{Challenge, ChallengeRepository, ChallengeRules, Guesser, PurposeKind};
use futures_util::lock::Mutex;

use crate::ports::development::{DevelopmentOutbox, ShownMessage};
use crate::ports::practice::{
    ClientQuery, Clients, ClientsError, ClientsSeen, PracticeProfile, PracticeProfiles, TermsAccepted,
    TermsGateError, TermsOfUse, TermsStatus,
};
use crate::ports::{
    AuthenticateError, Caller, ChangePassword, ChangePasswordError, ForgotPassword, Passwords, Profiles,
    Register, RegisterError, Registrations, ResetPassword, ResetPasswordError, ReviewPasswordChange,
    ReviewPasswordChangeError, ReviewedPasswords, SendCodes, SendCodesError, Sessions, SignIn, SignInError,
    SignedIn, SignedSessions, SignedSignInError, VerificationCodes, VerifyCode, VerifyCodeError,
};

mockall::mock! {
    /// Every repository there is: every call that a test does not expect fails it.
    pub Tx {}

    impl UserRepository for Tx {
        async fn insert_user(&mut self, user: &NewUser) -> Result<Result<UserId, ContactTaken>, StorageError>;
        async fn insert_user_with_id(&mut self, id: UserId, user: &NewUser) -> Result<Result<(), ContactTaken>, StorageError>;
        async fn add_contact(&mut self, user: UserId, contact: &Contact, contact_type: ContactType, source: ContactSource, verified_at: Timestamp) -> Result<Result<(), ContactTaken>, StorageError>;
        async fn remove_contact(&mut self, user: UserId, contact: &ContactKey) -> Result<Option<RemovedContact>, StorageError>;
        async fn respell_contact(&mut self, user: UserId, contact: &Contact) -> Result<bool, StorageError>;
        async fn record_password_reset(&mut self, user: UserId, contact: &ContactKey, at: Timestamp) -> Result<bool, StorageError>;
        async fn rename_user(&mut self, user: UserId, name: &PersonName) -> Result<bool, StorageError>;
        async fn find_user_by_contact(&mut self, contact: &ContactKey) -> Result<Option<User>, StorageError>;
        async fn find_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError>;
        async fn record_sign_in<'a>(&mut self, user: UserId, verified: Option<&'a PasswordHash>, at: Timestamp) -> Result<bool, StorageError>;
        async fn replace_password<'a>(&mut self, user: UserId, current: Option<&'a PasswordHash>, new: &PasswordHash) -> Result<bool, StorageError>;
        async fn clear_password(&mut self, user: UserId) -> Result<bool, StorageError>;
        async fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError>;
        async fn remember_address(&mut self, user: UserId, ip: IpAddr, at: Timestamp) -> Result<(), StorageError>;
        async fn is_familiar_address(&mut self, user: UserId, ip: IpAddr, since: Timestamp) -> Result<bool, StorageError>;
        async fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }

    impl PendingRegistrationRepository for Tx {
        async fn insert_registration(&mut self, registration: &PendingRegistration, at_most: usize) -> Result<(), StorageError>;
        async fn find_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<Option<PendingRegistration>, StorageError>;
        async fn live_registrations(&mut self, contact: &ContactKey, now: Timestamp) -> Result<Vec<PendingRegistration>, StorageError>;
        async fn take_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<Option<PendingRegistration>, StorageError>;
        async fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError>;
        async fn insert_claim(&mut self, claim: &ContactClaim) -> Result<(), StorageError>;
        async fn claimants(&mut self, contact: &ContactKey, now: Timestamp) -> Result<Vec<Option<Network>>, StorageError>;
        async fn remove_expired_registrations(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }

    impl SessionRepository for Tx {
        async fn insert_session(&mut self, session: &Session, at_most: usize) -> Result<(), StorageError>;
        async fn find_session_by_token(&mut self, token: &SessionTokenHash) -> Result<Option<Session>, StorageError>;
        async fn find_session(&mut self, id: SessionId) -> Result<Option<Session>, StorageError>;
        async fn list_sessions(&mut self, user: UserId) -> Result<Vec<Session>, StorageError>;
        async fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StorageError>;
        async fn revoke_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StorageError>;
        async fn revoke_sessions(&mut self, user: UserId, keep: Option<SessionId>) -> Result<u64, StorageError>;
        async fn remove_expired_sessions(&mut self, now: Timestamp, idle_since: Timestamp) -> Result<u64, StorageError>;
    }

    impl ChallengeRepository for Tx {
        async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StorageError>;
        async fn find_challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StorageError>;
        async fn live_challenges(&mut self, contact: &ContactKey, purposes: &[PurposeKind], rules: &ChallengeRules, now: Timestamp) -> Result<Vec<Challenge>, StorageError>;
        async fn count_guess(&mut self, contact: &ContactKey, purposes: &[PurposeKind], guesser: Guesser, rules: &ChallengeRules, now: Timestamp) -> Result<Vec<Challenge>, StorageError>;
        async fn spend_challenge(&mut self, id: ChallengeId, now: Timestamp) -> Result<bool, StorageError>;
        async fn end_challenges(&mut self, contact: &ContactKey, purposes: &[PurposeKind], now: Timestamp) -> Result<u64, StorageError>;
        async fn remove_expired_challenges(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }

    impl OutboxRepository for Tx {
        async fn enqueue(&mut self, message: &Message) -> Result<(), StorageError>;
        async fn claim_due(&mut self, channel: Channel, now: Timestamp, lease_until: Timestamp, at_most: usize) -> Result<Vec<Claim>, StorageError>;
        async fn complete(&mut self, id: MessageId, attempt: u32, state: &OutboxState) -> Result<bool, StorageError>;
        async fn find_entry(&mut self, id: MessageId) -> Result<Option<OutboxEntry>, StorageError>;
        async fn list_entries(&mut self, filter: &OutboxFilter, before: Option<MessageId>, at_most: usize) -> Result<Vec<OutboxEntry>, StorageError>;
        async fn requeue(&mut self, id: MessageId, now: Timestamp) -> Result<bool, StorageError>;
        async fn next_due(&mut self, channel: Channel) -> Result<Option<Timestamp>, StorageError>;
        async fn remove_completed(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }

    impl LimitRepository for Tx {
        async fn window(&mut self, key: &LimitKey) -> Result<SlidingWindow, StorageError>;
        async fn save_window(&mut self, key: &LimitKey, window: &SlidingWindow, expires_at: Timestamp) -> Result<(), StorageError>;
        async fn failures(&mut self, key: &LimitKey) -> Result<ConsecutiveFailures, StorageError>;
        async fn save_failures(&mut self, key: &LimitKey, failures: ConsecutiveFailures, expires_at: Timestamp) -> Result<(), StorageError>;
        async fn remove_limit(&mut self, key: &LimitKey) -> Result<(), StorageError>;
        async fn remove_expired_limits(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }

    impl AuditRepository for Tx {
        async fn record_event(&mut self, event: &AuditEvent) -> Result<(), StorageError>;
        async fn latest_events(&mut self, at_most: usize) -> Result<Vec<AuditEvent>, StorageError>;
        async fn forget_events(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }

    impl TermsRepository for Tx {
        async fn publish_terms(&mut self, version: &TermsVersion) -> Result<Result<(), VersionTaken>, StorageError>;
        async fn current_terms(&mut self) -> Result<Option<TermsVersion>, StorageError>;
        async fn current_label(&mut self) -> Result<Option<VersionLabel>, StorageError>;
        async fn list_terms(&mut self) -> Result<Vec<TermsVersion>, StorageError>;
        async fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StorageError>;
        async fn find_acceptance(&mut self, user: UserId, label: &VersionLabel) -> Result<Option<Acceptance>, StorageError>;
    }

    impl PracticeRepository for Tx {
        async fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError>;
        async fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError>;
    }

    impl MembershipRepository for Tx {
        async fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError>;
        async fn find_membership(&mut self, user: UserId, practice: Option<PracticeId>) -> Result<Option<Membership>, StorageError>;
        async fn users_of_client(&mut self, practice: PracticeId, client: &ClientKey) -> Result<Vec<UserId>, StorageError>;
    }

    impl ClientRepository for Tx {
        async fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError>;
        async fn fingerprints(&mut self, keys: &[ClientKey]) -> Result<Vec<(ClientKey, Fingerprint)>, StorageError>;
        async fn patients_of(&mut self, keys: &[ClientKey]) -> Result<Vec<(ClientKey, Vec<Patient>)>, StorageError>;
        async fn put_clients(&mut self, records: &[ClientRecord]) -> Result<(), StorageError>;
        async fn find_client(&mut self, practice: PracticeId, key: &ClientKey) -> Result<Option<Client>, StorageError>;
        async fn list_clients<'a>(&mut self, filter: &ClientFilter, after: Option<&'a ClientKey>, at_most: usize) -> Result<Vec<Client>, StorageError>;
    }
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

mockall::mock! {
    /// Every driving port: every call that a test does not expect fails it.
    pub Accounts {}

    impl Registrations for Accounts {
        async fn register(&self, request: Register) -> Result<(), RegisterError>;
    }

    impl VerificationCodes for Accounts {
        async fn send_codes(&self, request: SendCodes) -> Result<(), SendCodesError>;
        async fn verify_code(&self, request: VerifyCode) -> Result<SignedIn, VerifyCodeError>;
    }

    impl Sessions for Accounts {
        async fn sign_in(&self, request: SignIn) -> Result<SignedIn, SignInError>;
        async fn authenticate(&self, token: String) -> Result<Caller, AuthenticateError>;
        async fn sign_out(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;
        async fn list_sessions(&self, caller: Caller) -> Result<Vec<Session>, StorageError>;
        async fn revoke_session(&self, caller: Caller, session: SessionId, origin: Origin) -> Result<bool, StorageError>;
        async fn revoke_other_sessions(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;
    }

    impl Passwords for Accounts {
        async fn change_password(&self, request: ChangePassword) -> Result<(), ChangePasswordError>;
        async fn forgot_password(&self, request: ForgotPassword) -> Result<(), SendCodesError>;
        async fn reset_password(&self, request: ResetPassword) -> Result<(), ResetPasswordError>;
    }

    impl SignedSessions for Accounts {
        async fn sign_in_signed(&self, request: SignIn) -> Result<SignedIn, SignedSignInError>;
    }

    impl ReviewedPasswords for Accounts {
        async fn review_password_change(&self, request: ReviewPasswordChange) -> Result<(), ReviewPasswordChangeError>;
    }

    impl Profiles for Accounts {
        async fn profile(&self, caller: Caller) -> Result<Option<Profile>, StorageError>;
    }
}

mockall::mock! {
    /// The messages that are shown to a developer: every call that a test does not expect fails it.
    pub DevelopmentOutbox {}

    impl DevelopmentOutbox for DevelopmentOutbox {
        async fn latest_messages(&self, at_most: usize) -> Result<Vec<ShownMessage>, StorageError>;
    }
}

mockall::mock! {
    /// Every driving port of practices: every call that a test does not expect fails it.
    pub Practices {}

    impl PracticeProfiles for Practices {
        async fn practice_profile(&self, caller: Caller, practice: Option<PracticeId>) -> Result<Option<PracticeProfile>, StorageError>;
    }

    impl TermsOfUse for Practices {
        async fn terms_status(&self, caller: Caller) -> Result<Option<TermsStatus>, StorageError>;
        async fn accept_terms(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;
        async fn pass_terms_gate(&self, caller: Caller) -> Result<TermsAccepted, TermsGateError>;
    }

    impl Clients for Practices {
        async fn look_at_clients(&self, admitted: TermsAccepted, query: ClientQuery) -> Result<ClientsSeen, ClientsError>;
        async fn next_clients(&self, filter: ClientFilter, after: Option<ClientKey>, at_most: usize) -> Result<Vec<Client>, StorageError>;
        async fn find_client(&self, admitted: TermsAccepted, practice: Option<PracticeId>, id: ExternalId) -> Result<Client, ClientsError>;
    }
}
