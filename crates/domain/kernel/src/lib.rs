#![doc = include_str!("../README.md")]

pub mod characters;
mod clock;
pub mod contact;
mod error;
mod ids;
#[cfg(feature = "mocks")]
pub mod mocks;
mod named_enum;
mod network;
mod origin;
mod port;
mod randomness;
mod storage;
pub mod system;
mod timer;

pub use clock::{CLOCK_SKEW, Clock, Timestamp};
pub use contact::{Contact, ContactKey, ContactKind, EmailAddress, PhoneNumber, Region};
pub use error::{BoxError, in_one_line};
pub use ids::{
    AdminKeyId, AuditEventId, ChallengeId, ContactClaimId, ContactId, MessageId, RegistrationId, SessionId,
    UserId,
};
pub use network::Network;
pub use origin::Origin;
pub use randomness::{Randomness, random_bytes, uuid_v7};
pub use storage::{Storage, StorageError, UnitFuture, UnitOfWork, Upsert, unit_of_work};
pub use timer::Timer;
