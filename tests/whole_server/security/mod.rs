//! Rules that protect users and practices.

mod codes;
mod keys_of_the_store;
mod practice_isolation;
mod pre_hijacking;
mod random_client;
mod rate_limits;
mod secrets_in_logs;
mod service_names;
mod signed_tokens;
mod unknown_fields;
mod wrong_passwords;
