//! The routes, laid out like their URLs.

mod clients;
mod development_pages;
mod health_and_openapi;
pub(crate) mod practice_document;
mod users;
mod v1;
mod v1_document;
