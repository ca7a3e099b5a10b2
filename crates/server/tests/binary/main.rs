//! The binary as people and programs call it.

mod commands;
mod importing;
mod machine;
#[cfg(unix)]
mod practice;
#[cfg(unix)]
mod serving;
