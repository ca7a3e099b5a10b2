//! `/users`

mod current;
mod sign_in;
mod sign_out;
mod update;
