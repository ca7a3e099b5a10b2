#![doc = include_str!("../README.md")]

mod challenge;
mod code;
mod known_key;
#[cfg(feature = "mocks")]
pub mod mocks;
mod redemption;
mod repository;

pub use challenge::{Challenge, ChallengeRules, ChallengeState, Nonce, Purpose, PurposeKind};
pub use code::{Code, CodeFormat, CodeGuess, CodeKey, CodeKeys, InvalidCodeKeys};
pub use known_key::{KeyFingerprint, KeyIdentity, KeyKind, KeyRepository, KnownKey, OpenCodes};
pub use redemption::{Redemption, redeem};
pub use repository::{ChallengeRepository, Guesser};
