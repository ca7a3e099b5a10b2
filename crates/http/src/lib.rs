#![doc = include_str!("../README.md")]

pub mod admin;
mod admin_api;
mod app;
pub mod auth;
mod console;
mod core;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod metrics;
mod openapi;
mod operations;
mod pages;
pub mod practice_api;
mod settings;
pub mod wire;

pub use crate::core::StreamSlots;
pub use admin::{AdminParts, AdminSettings, admin_app};
pub use admin_api::{AdminApi, openapi as admin_openapi};
pub use app::{Parts, app};
pub use console::{ConsoleAccounts, FirstAdministrator, KeyFact, ServerFacts};
pub use ipnet::IpNet;
pub use openapi::openapi;
pub use operations::{MetricsSource, Readiness};
pub use settings::HttpSettings;
