//! The Asteroid server.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use asteroid_kernel::system::{SystemClock, SystemRandomness};

fn main() -> ExitCode {
    asteroid::run(env::args_os(), env::vars_os(), Arc::new(SystemClock), Arc::new(SystemRandomness))
}
