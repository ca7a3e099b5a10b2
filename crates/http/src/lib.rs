#![doc = include_str!("../README.md")]

mod app;
pub mod auth;
pub mod connect;
mod openapi;
mod operations;
mod pages;
mod settings;
mod web;
pub mod wire;

pub use app::{Parts, app};
pub use ipnet::IpNet;
pub use openapi::openapi;
pub use operations::Readiness;
pub use settings::HttpSettings;
