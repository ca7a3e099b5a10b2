//! The binary as people and programs call it.

mod commands;
mod importing;
mod machine;
#[cfg(unix)]
mod outbox;
#[cfg(unix)]
mod practice;
#[cfg(unix)]
mod serving;
