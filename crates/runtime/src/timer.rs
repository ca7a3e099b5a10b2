use std::pin::Pin;
use std::time::Duration;

use asteroid_kernel::Timer;

/// The timer of the tokio runtime that a wait is polled on.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_lasts_as_long_as_it_should() {
        let start = Instant::now();
        TokioTimer.sleep(Duration::from_secs(2)).await;
        assert!(start.elapsed() >= Duration::from_secs(2));
    }
}
