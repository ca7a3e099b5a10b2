#![doc = include_str!("../README.md")]

mod file;
mod ring;

pub use file::{KeyInfo, KeysError, KeysFile, Lifetimes, LoadedKeys, RetirableKey, TokenKey};
pub use ring::{KeyRing, Rotation};
