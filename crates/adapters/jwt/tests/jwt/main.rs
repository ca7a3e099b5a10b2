//! Signed tokens, and rejection of all others.

mod bad_claims;
mod bad_headers;
mod bad_shapes;
mod forge;
mod properties;
mod round_trip;
