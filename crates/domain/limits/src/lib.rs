#![doc = include_str!("../README.md")]

mod backoff;
#[cfg(feature = "mocks")]
pub mod mocks;
mod repository;
mod sliding_window;

pub use backoff::{Admission, Backoff, ConsecutiveFailures};
pub use repository::{LimitKey, LimitRepository};
pub use sliding_window::{Quota, SlidingWindow};
