#![doc = include_str!("../README.md")]

#[cfg(feature = "mocks")]
pub mod mocks;
mod repository;
mod version;

pub use repository::TermsRepository;
pub use version::{Acceptance, InvalidTerms, TermsVersion, VersionLabel, VersionTaken};
