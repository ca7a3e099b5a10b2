#![doc = include_str!("../README.md")]

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
    RemovedContact, User, UserContact, UserStatus,
};
pub use user_listing::{InvalidUserCursor, UserCursor, UserFilter, UserSearch, search_keys};
pub use user_repository::{
    FamiliarAddressRepository, UserAdministrationRepository, UserRegistrationRepository, UserRepository,
};
