use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop the process: SIGTERM and SIGINT.
#[cfg(unix)]
#[derive(Debug)]
pub struct ShutdownSignal {
    terminate: Signal,
    interrupt: Signal,
}

#[cfg(unix)]
impl ShutdownSignal {
    /// Starts to listen. From now on the signals do not kill the process.
    ///
    /// # Errors
    ///
    /// If the handlers cannot be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for a signal and returns its name.
    pub async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The signal that stops the process: Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct ShutdownSignal;

#[cfg(not(unix))]
impl ShutdownSignal {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// None.
    pub fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the signal and returns its name.
    pub async fn received(&mut self) -> &'static str {
        // Without a handler the process runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn shutdown_signal_is_named() {
        let mut signal = ShutdownSignal::listen().expect("handlers are installed");
        for name in ["TERM", "INT"] {
            let process = std::process::id().to_string();
            assert!(Command::new("kill").args(["-s", name, &process]).status().expect("kill runs").success());
            assert_eq!(signal.received().await, format!("SIG{name}"));
        }
    }
}
