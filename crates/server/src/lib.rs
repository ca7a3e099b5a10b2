#![doc = include_str!("../README.md")]

mod banner;
mod cli;
pub mod config;
mod connections;
mod facts;
mod keys;
mod listener;
mod logging;
mod messages;
mod metrics;
mod observed;
mod readiness;
mod reasons;
mod reload;
mod serve;
mod service_manager;
mod shutdown;
mod storage;
mod terms;

pub use cli::run;
