//! `/v1`, and what `/v2` has besides.

mod auth;
