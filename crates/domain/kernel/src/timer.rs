use std::pin::Pin;
use std::time::Duration;

/// Port: waiting. Injected, so that the use cases know no async runtime, and a test need not wait.
pub trait Timer: Send + Sync + 'static {
    /// Ends after this duration, or as soon after it as the machine can. Never fails; dropping the future ends the wait.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
