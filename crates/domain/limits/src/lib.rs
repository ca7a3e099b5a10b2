#![doc = include_str!("../README.md")]

mod backoff;
mod repository;
mod sliding_window;

pub use backoff::{Admission, Backoff, ConsecutiveFailures};
pub use repository::{LimitKey, LimitRepository};
pub use sliding_window::{Quota, SlidingWindow};
