//! Limits how many responses are streamed at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asteroid_kernel::UserId;

use super::ApiError;
use crate::HttpSettings;

/// The time to wait when all slots are taken: about that of a long list.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The slots for responses that are streamed: a slow reader of one keeps a page in memory. Clones share them, so that they
/// are those of a whole server.
#[derive(Clone, Debug)]
pub struct StreamSlots {
    per_user: usize,
    total: usize,
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// A slot, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct StreamSlot {
    user: UserId,
    slots: StreamSlots,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoStreamSlot {
    /// The user has taken all of their own.
    OfUser,
    /// Others have taken all of the server's.
    OfServer,
}

impl StreamSlots {
    /// The free slots of a server: [`HttpSettings::streams`], of which a user takes at most
    /// [`HttpSettings::streams_per_user`].
    #[must_use]
    pub fn new(settings: &HttpSettings) -> Self {
        let HttpSettings { streams_per_user, streams, .. } = *settings;
        Self { per_user: streams_per_user, total: streams, taken: Arc::default() }
    }

    /// Takes a slot for a response to this user.
    pub(crate) fn take(&self, user: UserId) -> Result<StreamSlot, NoStreamSlot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(&user).copied().unwrap_or_default();
        if own >= self.per_user {
            return Err(NoStreamSlot::OfUser);
        }
        if taken.values().sum::<usize>() >= self.total {
            return Err(NoStreamSlot::OfServer);
        }
        taken.insert(user, own + 1);
        Ok(StreamSlot { user, slots: self.clone() })
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => {
                taken.remove(&self.user);
            }
        }
    }
}

impl From<NoStreamSlot> for ApiError {
    fn from(reason: NoStreamSlot) -> Self {
        match reason {
            NoStreamSlot::OfUser => Self::TooManyRequests { retry_after: RETRY_AFTER },
            NoStreamSlot::OfServer => {
                tracing::warn!("all slots for streamed responses are taken (http.streams)");
                Self::Unavailable { retry_after: RETRY_AFTER }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_limited_per_user_and_in_total_and_free_when_dropped() {
        let slots =
            StreamSlots::new(&HttpSettings { streams_per_user: 2, streams: 3, ..HttpSettings::default() });
        let (one, two) = (UserId(1), UserId(2));
        let first = slots.take(one).expect("free");
        // Another worker has a clone.
        let second = slots.clone().take(one).expect("free");
        assert_eq!(slots.take(one).expect_err("all of the user's are taken"), NoStreamSlot::OfUser);
        let _third = slots.take(two).expect("free");
        assert_eq!(slots.take(two).expect_err("all of the server's are taken"), NoStreamSlot::OfServer);
        drop(first);
        let _fourth = slots.take(two).expect("free again");
        assert_eq!(slots.take(one).expect_err("all of the server's are taken"), NoStreamSlot::OfServer);
        drop(second);
        assert!(slots.take(one).is_ok());
    }
}
