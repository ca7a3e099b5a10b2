#![doc = include_str!("../README.md")]
#![expect(clippy::missing_panics_doc, reason = "a clause fails by panicking")]

pub mod admin_keys;
pub mod audit;
pub mod challenges;
pub mod client_lists;
pub mod client_parts;
pub mod client_search;
pub mod clients;
pub mod contacts;
pub mod deletion;
mod fixtures;
mod full_fixture;
pub mod known_keys;
pub mod limits;
pub mod memberships;
pub mod outbox;
pub mod outbox_operators;
pub mod practices;
mod race;
pub mod redemption;
pub mod registrations;
pub mod sessions;
pub mod storage;
mod store;
mod suite;
pub mod terms;
pub mod user_lists;
pub mod users;

pub use store::{AllRepositories, CompleteStorage};
#[doc(hidden)]
pub use suite::__private;
