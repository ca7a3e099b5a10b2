//! `asteroid import`.

mod clients;
mod concurrent_reads;
mod contacts;
mod crash;
mod other_systems;
mod passwords;
mod users;
