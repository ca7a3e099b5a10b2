//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

#![expect(clippy::ref_option_ref, reason = "mockall's expansion takes references to the arguments")]

use std::future::{Future, ready};
use std::net::IpAddr;

use asteroid_kernel::{
    Contact, ContactKey, Network, RegistrationId, SessionId, StorageError, Timestamp, UserId,
};

use crate::{
    ContactClaim, ContactSource, ContactTaken, ContactType, HashingError, NewPassword, NewUser, Password,
    PasswordHash, PasswordHasher, PendingRegistration, PendingRegistrationRepository, PersonName, Profile,
    RemovedContact, Session, SessionRepository, SessionTokenHash, SigningError, TokenClaims, TokenSigner,
    UnusableHash, User, UserRepository, UserStatus, Verdict,
};

mockall::mock! {
    /// Every repository of this crate.
    pub IdentityTx {}

    impl UserRepository for IdentityTx {
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

    impl PendingRegistrationRepository for IdentityTx {
        async fn insert_registration(&mut self, registration: &PendingRegistration, at_most: usize) -> Result<(), StorageError>;
        async fn find_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<Option<PendingRegistration>, StorageError>;
        async fn live_registrations(&mut self, contact: &ContactKey, now: Timestamp) -> Result<Vec<PendingRegistration>, StorageError>;
        async fn take_registration(&mut self, id: RegistrationId, now: Timestamp) -> Result<Option<PendingRegistration>, StorageError>;
        async fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError>;
        async fn insert_claim(&mut self, claim: &ContactClaim) -> Result<(), StorageError>;
        async fn claimants(&mut self, contact: &ContactKey, now: Timestamp) -> Result<Vec<Option<Network>>, StorageError>;
        async fn remove_expired_registrations(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }

    impl SessionRepository for IdentityTx {
        async fn insert_session(&mut self, session: &Session, at_most: usize) -> Result<(), StorageError>;
        async fn find_session_by_token(&mut self, token: &SessionTokenHash) -> Result<Option<Session>, StorageError>;
        async fn find_session(&mut self, id: SessionId) -> Result<Option<Session>, StorageError>;
        async fn list_sessions(&mut self, user: UserId) -> Result<Vec<Session>, StorageError>;
        async fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StorageError>;
        async fn revoke_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StorageError>;
        async fn revoke_sessions(&mut self, user: UserId, keep: Option<SessionId>) -> Result<u64, StorageError>;
        async fn remove_expired_sessions(&mut self, now: Timestamp, idle_since: Timestamp) -> Result<u64, StorageError>;
    }
}

/// A hasher that costs nothing and hides nothing: the hash is the password behind a prefix. For tests only.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainHasher;

impl PlainHasher {
    /// The hash that [`PlainHasher`] makes of this password.
    #[must_use]
    pub fn hash_of(password: &str) -> PasswordHash {
        PasswordHash::new(format!("plain:{password}"))
    }
}

impl PasswordHasher for PlainHasher {
    fn hash(
        &self,
        password: &NewPassword,
    ) -> impl Future<Output = Result<PasswordHash, HashingError>> + Send {
        ready(Ok(Self::hash_of(password.expose())))
    }

    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> impl Future<Output = Result<Verdict, HashingError>> + Send {
        let matches = hash == Some(&Self::hash_of(password.expose()));
        ready(Ok(if matches { Verdict::Match { outdated: false } } else { Verdict::Mismatch }))
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        if hash.expose().starts_with("plain:") { Ok(()) } else { Err(UnusableHash::UnknownScheme) }
    }
}

mockall::mock! {
    /// A hasher of which a test says what it may be asked.
    pub Hasher {}

    impl PasswordHasher for Hasher {
        async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashingError>;
        async fn verify<'a>(&self, password: &Password, hash: Option<&'a PasswordHash>) -> Result<Verdict, HashingError>;
        fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash>;
    }
}

mockall::mock! {
    /// A signer of which a test says what it may be asked.
    pub Signer {}

    impl TokenSigner for Signer {
        fn sign(&self, claims: &TokenClaims) -> Result<String, SigningError>;
        fn read(&self, token: &str, now: Timestamp) -> Option<TokenClaims>;
    }
}
