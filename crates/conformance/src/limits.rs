//! Clauses of [`asteroid_limits::LimitRepository`].

use asteroid_kernel::Timestamp;
use asteroid_limits::{History, LimitKey, LimitRepository, Streak};

use crate::CompleteStorage;
use crate::fixtures::{TICK, at, fresh_key};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

fn history(seconds: &[u64]) -> History {
    History::from_times(seconds.iter().map(|seconds| at(*seconds)).collect())
}

fn streak(failures: u32, seconds: u64) -> Streak {
    Streak { failures, last_at: Some(at(seconds)) }
}

/// Under a key that nothing is kept under, nothing ever happened.
pub async fn what_never_happened_has_no_history(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let key = fresh_key();
    assert_eq!(store.history(&key).await, History::default());
    assert_eq!(store.streak(&key).await, Streak::default());
    store.forget_limit(&key).await;
    assert_eq!(store.history(&key).await, History::default());
}

/// A history comes back as it was kept last, to the microsecond, over all the times there are, twice what was twice,
/// and under its own key alone.
pub async fn a_history_comes_back_as_it_was_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (key, other) = (fresh_key(), fresh_key());
    let all_times = [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_micros);
    let histories = [
        History::from_times(all_times.to_vec()),
        History::from_times(vec![at(1), at(1), at(1) + TICK]),
        history(&[5]),
        History::default(),
        history(&[7, 8, 9]),
    ];
    store.keep_history(&other, &history(&[42]), at(100)).await;
    for kept in histories {
        store.keep_history(&key, &kept, at(100)).await;
        assert_eq!(store.history(&key).await, kept);
    }
    assert_eq!(store.history(&other).await, history(&[42]));
}

/// A streak comes back as it was kept last, under its own key alone.
pub async fn a_streak_comes_back_as_it_was_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (key, other) = (fresh_key(), fresh_key());
    store.keep_streak(&other, streak(42, 42), at(100)).await;
    for kept in [streak(1, 1), streak(u32::from(u16::MAX) + 1, 2), Streak::default(), streak(2, 3)] {
        store.keep_streak(&key, kept, at(100)).await;
        assert_eq!(store.streak(&key).await, kept);
    }
    assert_eq!(store.streak(&other).await, streak(42, 42));
}

/// A key keeps a history or a streak: keeping one forgets the other.
pub async fn a_key_keeps_a_history_or_a_streak(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let key = fresh_key();
    store.keep_history(&key, &history(&[1]), at(100)).await;
    store.keep_streak(&key, streak(1, 1), at(100)).await;
    assert_eq!((store.history(&key).await, store.streak(&key).await), (History::default(), streak(1, 1)));
    store.keep_history(&key, &history(&[2]), at(100)).await;
    assert_eq!((store.history(&key).await, store.streak(&key).await), (history(&[2]), Streak::default()));
    assert_eq!(store.remove_useless_limits(at(100)).await, 1);
}

/// Keys are told apart by every character of theirs.
pub async fn keys_are_told_apart(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let keys = [
        LimitKey::new("sends", "george@example.com"),
        LimitKey::new("sends", "George@example.com"),
        LimitKey::new("sends", "george@example.com "),
        LimitKey::new("send", "george@example.com"),
        LimitKey::new("sends", "g%"),
        LimitKey::new("sends", "zoë@example.com"),
        LimitKey::new("sends", "zoe@example.com"),
    ];
    for (seconds, key) in (0..).zip(&keys) {
        store.keep_history(key, &history(&[seconds]), at(100)).await;
    }
    for (seconds, key) in (0..).zip(&keys) {
        assert_eq!(store.history(key).await, history(&[seconds]), "{}", key.as_str());
    }
}

/// What is forgotten is as if it never had been; nothing else is forgotten with it.
pub async fn a_limit_is_forgotten(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (histories, streaks) = ([fresh_key(), fresh_key()], [fresh_key(), fresh_key()]);
    for key in &histories {
        store.keep_history(key, &history(&[1]), at(100)).await;
    }
    for key in &streaks {
        store.keep_streak(key, streak(1, 1), at(100)).await;
    }
    store.forget_limit(&histories[0]).await;
    store.forget_limit(&streaks[0]).await;
    assert_eq!(store.history(&histories[0]).await, History::default());
    assert_eq!(store.streak(&streaks[0]).await, Streak::default());
    assert_eq!(store.history(&histories[1]).await, history(&[1]));
    assert_eq!(store.streak(&streaks[1]).await, streak(1, 1));
    assert_eq!(store.remove_useless_limits(at(100)).await, 2, "nothing is left of what was forgotten");
}

/// Removed is what had become useless by then, a history or a streak; it is kept until then, and kept anew it
/// becomes useless later.
pub async fn useless_limits_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [short, long, renewed] = [fresh_key(), fresh_key(), fresh_key()];
    let short_streak = fresh_key();
    store.keep_history(&short, &history(&[1]), at(10)).await;
    store.keep_streak(&short_streak, streak(1, 1), at(10)).await;
    store.keep_history(&long, &history(&[1]), at(10) + TICK).await;
    store.keep_history(&renewed, &history(&[1]), at(10)).await;
    store.keep_history(&renewed, &history(&[1, 2]), at(20)).await;

    assert_eq!(store.remove_useless_limits(at(10) - TICK).await, 0);
    assert_eq!(store.history(&short).await, history(&[1]));
    assert_eq!(store.remove_useless_limits(at(10)).await, 2);
    assert_eq!(store.history(&short).await, History::default());
    assert_eq!(store.streak(&short_streak).await, Streak::default());
    assert_eq!(store.history(&long).await, history(&[1]));
    assert_eq!(store.history(&renewed).await, history(&[1, 2]));
    assert_eq!(store.remove_useless_limits(at(20)).await, 2);
}

/// Of units that read, record and keep the same history at once, each sees what the one before kept.
pub async fn no_record_in_a_history_is_lost(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let key = fresh_key();
        at_once((0..20).map(|seconds| {
            let (store, key) = (store.clone(), key.clone());
            async move {
                store
                    .write((key, at(seconds)), |(key, now), tx| {
                        Box::pin(async move {
                            let mut history = tx.history(key).await?;
                            history.record(*now);
                            tx.keep_history(key, &history, at(100)).await
                        })
                    })
                    .await;
            }
        }))
        .await;
        assert_eq!(store.history(&key).await, history(&(0..20).collect::<Vec<_>>()));
    }
}

/// Of units that read, lengthen and keep the same streak at once, each sees what the one before kept.
pub async fn no_failure_in_a_streak_is_lost(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let key = fresh_key();
        at_once((0..10).map(|_| {
            let (store, key) = (store.clone(), key.clone());
            async move {
                store
                    .write(key, |key, tx| {
                        Box::pin(async move {
                            let streak = tx.streak(key).await?.failed(at(1));
                            tx.keep_streak(key, streak, at(100)).await
                        })
                    })
                    .await;
            }
        }))
        .await;
        assert_eq!(store.streak(&key).await, streak(10, 1));
    }
}
