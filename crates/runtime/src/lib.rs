#![doc = include_str!("../README.md")]

mod background;
mod channel_worker;
mod close;
pub mod metrics;
mod notifier;
mod reload_signal;
mod retention;
mod shutdown_signal;
mod supervise;
#[cfg(test)]
mod test_support;
mod timer;

pub use background::BackgroundTasks;
pub use close::close_storage;
pub use notifier::OutboxNotifier;
pub use reload_signal::ReloadSignal;
pub use shutdown_signal::ShutdownSignal;
pub use timer::TokioTimer;
