//! The built server, over a socket. The folders follow the URLs, then the topics.

pub(crate) mod harness;
mod http1;
mod import;
mod operations;
mod outbox;
pub(crate) mod routes;
mod security;
mod storage;
