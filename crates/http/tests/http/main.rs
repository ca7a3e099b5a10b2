//! The surfaces over HTTP, on mocks of the use cases: an unexpected call of one fails the test.

mod answers;
mod cross_origin;
mod description;
mod harness;
mod logs;
mod mounting;
mod operations;
mod origins;
mod pages;
mod practice_api_answers;
mod practice_api_clients;
mod practice_api_description;
mod practice_api_harness;
mod practice_api_logs;
mod practice_api_parameters;
mod practice_api_passwords;
mod practice_api_protocol;
mod practice_api_refusals;
mod practice_api_streaming;
mod protocol;
mod refusals;
mod resilience;
mod tokens;
mod validation;
mod wire;
