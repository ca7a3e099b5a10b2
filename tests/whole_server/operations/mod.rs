//! What an operator does: start, stop, rotate keys, run several servers, follow the README.

mod key_rotation;
mod many_servers;
mod metrics;
mod readme;
mod reload;
mod shutdown;
