//! The binary as people and programs call it.

mod commands;
mod copying;
mod importing;
mod machine;
mod messages;
mod migrating;
#[cfg(unix)]
mod outbox;
mod packages;
#[cfg(unix)]
mod practice;
#[cfg(unix)]
mod serving;
mod shell;
