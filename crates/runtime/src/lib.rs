#![doc = include_str!("../README.md")]

mod background;
mod channel_worker;
mod close;
mod notifier;
mod retention;
mod shutdown_signal;
mod supervise;
#[cfg(test)]
mod test_support;

pub use background::BackgroundTasks;
pub use close::close_storage;
pub use notifier::OutboxNotifier;
pub use shutdown_signal::ShutdownSignal;
