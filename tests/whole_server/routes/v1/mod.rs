//! `/v1` and `/v2`.

mod auth;
