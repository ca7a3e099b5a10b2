#![doc = include_str!("../README.md")]
#![expect(
    clippy::missing_panics_doc,
    reason = "a clause panics where the store breaks it: that is its verdict"
)]

pub mod audit;
pub mod challenges;
mod everything;
mod fixtures;
pub mod limits;
pub mod outbox;
mod race;
pub mod redemption;
pub mod registrations;
pub mod sessions;
pub mod storage;
mod store;
mod suite;
pub mod users;

pub use store::{AllRepositories, CompleteStorage};
#[doc(hidden)]
pub use suite::__private;
