//! The surfaces over HTTP, on mocks of the use cases: an unexpected call of one fails the test.

mod answers;
mod connect_answers;
mod connect_clients;
mod connect_description;
mod connect_harness;
mod connect_logs;
mod connect_parameters;
mod connect_passwords;
mod connect_protocol;
mod connect_refusals;
mod connect_streaming;
mod cross_origin;
mod description;
mod harness;
mod logs;
mod mounting;
mod operations;
mod origins;
mod pages;
mod protocol;
mod refusals;
mod resilience;
mod tokens;
mod validation;
mod wire;
