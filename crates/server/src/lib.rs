#![doc = include_str!("../README.md")]

mod background;
mod banner;
mod cli;
pub mod config;
pub mod keys;
mod logging;
mod readiness;
mod serve;
mod stop;

pub use cli::run;
