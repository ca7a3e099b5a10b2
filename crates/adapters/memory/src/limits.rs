use asteroid_kernel::{StorageError, Timestamp};
use asteroid_limits::{History, LimitKey, LimitRepository, Streak};

use crate::MemoryTx;
use crate::table::remove_where;

/// What is kept under one key.
#[derive(Clone)]
pub(crate) struct Kept {
    limit: Limit,
    useless_at: Timestamp,
}

#[derive(Clone)]
enum Limit {
    History(History),
    Streak(Streak),
}

impl MemoryTx {
    fn limit(&self, key: &LimitKey) -> Option<&Limit> {
        self.state().limits.get(key).map(|kept| &kept.limit)
    }

    fn keep_limit(
        &mut self,
        key: &LimitKey,
        limit: Limit,
        useless_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.state_to_change()?.limits.insert(key.clone(), Kept { limit, useless_at });
        Ok(())
    }
}

// Units that write run one after another here, so every key is locked to whichever runs.
impl LimitRepository for MemoryTx {
    async fn history(&mut self, key: &LimitKey) -> Result<History, StorageError> {
        Ok(match self.limit(key) {
            Some(Limit::History(history)) => history.clone(),
            Some(Limit::Streak(_)) | None => History::default(),
        })
    }

    async fn keep_history(
        &mut self,
        key: &LimitKey,
        history: &History,
        useless_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.keep_limit(key, Limit::History(history.clone()), useless_at)
    }

    async fn streak(&mut self, key: &LimitKey) -> Result<Streak, StorageError> {
        Ok(match self.limit(key) {
            Some(Limit::Streak(streak)) => *streak,
            Some(Limit::History(_)) | None => Streak::default(),
        })
    }

    async fn keep_streak(
        &mut self,
        key: &LimitKey,
        streak: Streak,
        useless_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.keep_limit(key, Limit::Streak(streak), useless_at)
    }

    async fn forget_limit(&mut self, key: &LimitKey) -> Result<(), StorageError> {
        self.state_to_change()?.limits.remove(key);
        Ok(())
    }

    async fn remove_useless_limits(&mut self, now: Timestamp) -> Result<u64, StorageError> {
        Ok(remove_where(&mut self.state_to_change()?.limits, |kept| kept.useless_at <= now))
    }
}
