//! What the store guarantees under crashes and concurrency.

mod concurrency;
mod crash;
mod sqlite_files;
