//! The surfaces over HTTP, on mocks of the use cases: an unexpected call of one fails the test.

mod access_log;
mod admin;
mod admin_api;
mod client_address;
mod clients;
mod console;
mod cors;
mod harness;
mod headers;
mod mounting;
mod openapi;
mod operations;
mod pages;
mod practice_api;
mod terms;
mod timeouts_and_panics;
mod users;
mod v1;
mod wire;
