#![doc = include_str!("../README.md")]

mod backoff;
mod budget;
#[cfg(feature = "mocks")]
pub mod mocks;
mod repository;

pub use backoff::{Admission, Backoff, Streak};
pub use budget::{Budget, History};
pub use repository::{LimitKey, LimitRepository};
