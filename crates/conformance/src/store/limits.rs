use asteroid_kernel::Timestamp;
use asteroid_limits::{History, LimitKey, LimitRepository, Streak};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn history(&self, key: &LimitKey) -> History {
        self.read(key.clone(), |key, tx| Box::pin(tx.history(key))).await
    }

    pub(crate) async fn keep_history(&self, key: &LimitKey, history: &History, useless_at: Timestamp) {
        self.write((key.clone(), history.clone(), useless_at), |(key, history, useless_at), tx| {
            Box::pin(tx.keep_history(key, history, *useless_at))
        })
        .await;
    }

    pub(crate) async fn streak(&self, key: &LimitKey) -> Streak {
        self.read(key.clone(), |key, tx| Box::pin(tx.streak(key))).await
    }

    pub(crate) async fn keep_streak(&self, key: &LimitKey, streak: Streak, useless_at: Timestamp) {
        self.write((key.clone(), streak, useless_at), |(key, streak, useless_at), tx| {
            Box::pin(tx.keep_streak(key, *streak, *useless_at))
        })
        .await;
    }

    pub(crate) async fn forget_limit(&self, key: &LimitKey) {
        self.write(key.clone(), |key, tx| Box::pin(tx.forget_limit(key))).await;
    }

    pub(crate) async fn remove_useless_limits(&self, now: Timestamp) -> u64 {
        self.write(now, |now, tx| Box::pin(tx.remove_useless_limits(*now))).await
    }
}
