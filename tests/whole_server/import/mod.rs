//! `asteroid import`.

mod clients;
mod concurrent_reads;
pub(crate) mod contacts;
mod crash;
mod other_systems;
mod passwords;
mod users;
