//! What the store guarantees under crashes and concurrency.

mod concurrency;
mod crash;
