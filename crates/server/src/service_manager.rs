//! What the service manager of the system is told: systemd, by its notification socket. Without one nothing is sent.

use actix_web::rt::task::JoinHandle;

/// The part of the watchdog's interval after which the server reports again.
#[cfg(target_os = "linux")]
const PART: u32 = 3;

/// Reports that the server is ready, and from then on that it is alive, where the service manager wants to know.
pub(crate) fn ready() -> Option<JoinHandle<()>> {
    #[cfg(target_os = "linux")]
    {
        use sd_notify::{NotifyState, watchdog_enabled};

        report(NotifyState::Ready);
        let interval = watchdog_enabled()? / PART;
        Some(actix_web::rt::spawn(async move {
            let mut ticks = actix_web::rt::time::interval(interval);
            loop {
                ticks.tick().await;
                report(NotifyState::Watchdog);
            }
        }))
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Reports that the server is stopping, and that it is alive no more.
pub(crate) fn stopping(watchdog: Option<JoinHandle<()>>) {
    if let Some(watchdog) = watchdog {
        watchdog.abort();
    }
    #[cfg(target_os = "linux")]
    report(sd_notify::NotifyState::Stopping);
}

#[cfg(target_os = "linux")]
fn report(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be notified");
    }
}
