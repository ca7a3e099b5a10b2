//! The surfaces over HTTP, on mocks of the use cases: an unexpected call of one fails the test.

mod answers;
mod cross_origin;
mod description;
mod harness;
mod logs;
mod mounting;
mod operations;
mod origins;
mod protocol;
mod refusals;
mod resilience;
mod tokens;
mod validation;
mod wire;
