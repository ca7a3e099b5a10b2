//! What is signed, and that nothing else is read.

mod bad_claims;
mod bad_headers;
mod bad_shapes;
mod forge;
mod properties;
mod round_trip;
