#![doc = include_str!("../README.md")]

mod arena;
mod gate;
mod hasher;
pub mod metrics;
mod settings;
mod stored;

pub use hasher::{Argon2Hasher, StartError};
pub use settings::{Argon2Settings, InvalidArgon2Settings, OutOfBounds};
