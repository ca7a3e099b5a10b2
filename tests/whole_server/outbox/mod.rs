//! Messages and their delivery.

mod delivery;
mod messages;
mod provider;
