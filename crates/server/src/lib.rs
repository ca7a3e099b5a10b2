#![doc = include_str!("../README.md")]

mod background;
mod banner;
mod cli;
pub mod config;
mod keys;
mod logging;
mod messages;
mod readiness;
mod serve;
mod stop;
mod store;
mod terms;

pub use cli::run;
