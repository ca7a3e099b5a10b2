//! `/clients`

mod errors;
mod list;
mod show;
mod streaming;
