//! The binary as people and programs call it.

mod commands;
mod machine;
#[cfg(unix)]
mod serving;
