//! Version 1.

mod auth;
