#![doc = include_str!("../README.md")]

mod codec;
mod keys;
mod signer;

pub use keys::{InvalidJwtKeys, JwtKey};
pub use signer::JwtSigner;
