//! All of it again, on `PostgreSQL`.

#[path = "main.rs"]
mod whole_server;
