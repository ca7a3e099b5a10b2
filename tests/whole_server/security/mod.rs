//! Rules that protect users and practices.

mod practice_isolation;
mod pre_hijacking;
mod rate_limits;
mod secrets_in_logs;
mod signed_tokens;
