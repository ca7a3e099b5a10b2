//! The Asteroid server.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use asteroid_kernel::system::{SystemClock, SystemRandomness};
use rustls::crypto::ring;

fn main() -> ExitCode {
    // reqwest makes no client before the process has a TLS provider.
    ring::default_provider().install_default().expect("no provider is installed before");
    asteroid::run(env::args_os(), env::vars_os(), Arc::new(SystemClock), Arc::new(SystemRandomness))
}
