#![doc = include_str!("../README.md")]

mod admin_key;
mod idempotency;
#[cfg(feature = "mocks")]
pub mod mocks;
pub mod password;
mod registration;
mod session;
mod signed_token;
mod tombstone;
mod user;
mod user_listing;
mod user_repository;

pub use admin_key::{
    AdminKey, AdminKeyHash, AdminKeyName, AdminKeyRepository, AdminKeySecret, InvalidAdminKeyName, Scope,
};
pub use idempotency::{IdempotencyKey, IdempotencyRepository, IdempotentRequest};
pub use password::{
    HashingError, NewPassword, Password, PasswordFlaw, PasswordHash, PasswordHasher, PasswordPolicy,
    ServiceNames, UnusableHash, Verdict,
};
pub use registration::{ContactClaim, PendingRegistration, PendingRegistrationRepository};
pub use session::{
    FoundSession, Session, SessionLifetime, SessionRepository, SessionToken, SessionTokenHash,
};
pub use signed_token::{SigningError, TokenClaims, TokenSigner};
pub use tombstone::{Deleted, Tombstone, TombstoneKey, TombstoneKeys, TombstoneRepository};
pub use user::{
    ContactSource, ContactTaken, ContactType, ImportScope, InvalidName, NewUser, PersonName, Profile,
    RemovedContact, User, UserContact, UserStatus, UserVersion,
};
pub use user_listing::{InvalidUserCursor, UserCursor, UserFilter, UserSearch, search_keys};
pub use user_repository::{
    FamiliarAddressRepository, UserAdministrationRepository, UserRegistrationRepository, UserRepository,
};
