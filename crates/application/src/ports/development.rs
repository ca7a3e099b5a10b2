//! The port that shows the messages of a server to who develops with it.

use asteroid_kernel::{StorageError, Timestamp};
use asteroid_messaging::{Message, OutboxState};
use asteroid_verification::Code;

/// What can still be done with the code of a message.
#[derive(Clone, Debug)]
pub enum ShownCode {
    /// It works.
    Works {
        /// The code.
        code: Code,
        /// From when on it does not.
        until: Timestamp,
    },
    /// It was redeemed, or ended with another of its contact and purpose.
    Spent,
    /// Too many wrong codes were tried.
    Guessed,
    /// It is too old.
    Expired,
    /// The key that it is derived with is no longer in the key ring.
    Lost,
}

/// The words of a message.
#[derive(Clone)]
pub struct ShownText {
    /// The subject of an e-mail; an SMS has none.
    pub subject: Option<String>,
    /// The text. It may hold a code.
    pub body: String,
}

/// A message, as it is shown to a developer.
#[derive(Clone)]
pub struct ShownMessage {
    /// The message.
    pub message: Message,
    /// How often its delivery was begun.
    pub attempts: u32,
    /// What has become of it.
    pub state: OutboxState,
    /// Its words, rendered anew: a message whose code no longer works has none.
    pub text: Option<ShownText>,
    /// What can still be done with its code; none if it carries none, or was for nobody.
    pub code: Option<ShownCode>,
}

asteroid_kernel::port! {
    /// Shows codes to whoever asks: for development, on the developer's own machine, and nowhere else.
    pub trait DevelopmentOutbox {
        /// The latest messages, whatever has become of them, the newest first, up to `at_most`.
        async fn latest_messages(&self, at_most: usize) -> Result<Vec<ShownMessage>, StorageError>;
    }
}
