#![doc = include_str!("../README.md")]

mod file;
mod ring;

pub use file::{KeyInfo, KeysError, KeysFile, Lifetimes, LoadedKeys, RetirableKey, SecretKey};
pub use ring::{KeyRing, Rotation};
