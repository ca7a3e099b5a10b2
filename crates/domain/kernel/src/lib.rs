#![doc = include_str!("../README.md")]

mod clock;
pub mod contact;
mod error;
mod ids;
#[cfg(feature = "mocks")]
pub mod mocks;
mod origin;
mod randomness;
mod storage;
pub mod system;

pub use clock::{Clock, Timestamp};
pub use contact::{Contact, ContactKey, ContactKind, EmailAddress, PhoneNumber, Region};
pub use error::{BoxError, in_one_line};
pub use ids::{AuditEventId, ChallengeId, ContactId, MessageId, RegistrationId, SessionId, UserId};
pub use origin::Origin;
pub use randomness::{Randomness, random_bytes, uuid_v7};
pub use storage::{Storage, StorageError, Upsert, Work};
