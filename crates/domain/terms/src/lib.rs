#![doc = include_str!("../README.md")]

mod repository;
mod version;

pub use repository::TermsRepository;
pub use version::{Acceptance, InvalidTerms, TermsVersion, VersionLabel, VersionTaken};
