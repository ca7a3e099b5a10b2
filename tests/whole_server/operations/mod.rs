//! What an operator does: start, stop, rotate keys, run several servers, administer users, follow the README.

mod administration;
mod audit;
mod console;
mod deletion;
mod key_rotation;
mod many_servers;
mod metrics;
mod readme;
mod reload;
mod shutdown;
mod users;
