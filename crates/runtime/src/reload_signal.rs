use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signal that asks the process to read its keys, templates and log level again: SIGHUP. There is none on other
/// systems than Unix.
#[derive(Debug)]
pub struct ReloadSignal {
    #[cfg(unix)]
    hangup: Signal,
}

impl ReloadSignal {
    /// Starts to listen. From now on the signal does not kill the process.
    ///
    /// # Errors
    ///
    /// If the handler cannot be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the signal. Several that arrive at once count as one.
    pub async fn received(&mut self) {
        #[cfg(unix)]
        if self.hangup.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn hangup_is_received_each_time() {
        let mut signal = ReloadSignal::listen().expect("a handler is installed");
        for _ in 0..2 {
            let process = std::process::id().to_string();
            assert!(
                Command::new("kill").args(["-s", "HUP", &process]).status().expect("kill runs").success()
            );
            signal.received().await;
        }
    }
}
