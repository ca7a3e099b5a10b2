//! Clauses of [`asteroid_limits::LimitRepository`].

use asteroid_kernel::Timestamp;
use asteroid_limits::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};

use crate::CompleteStorage;
use crate::fixtures::{TICK, at, fresh_key};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

fn window(seconds: &[u64]) -> SlidingWindow {
    SlidingWindow::from_times(seconds.iter().map(|seconds| at(*seconds)).collect())
}

fn failures(count: u32, seconds: u64) -> ConsecutiveFailures {
    ConsecutiveFailures { count, last_at: Some(at(seconds)) }
}

/// Under a key that nothing is kept under, nothing ever happened.
pub async fn what_never_happened_has_no_history(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let key = fresh_key();
    assert_eq!(store.window(&key).await, SlidingWindow::default());
    assert_eq!(store.failures(&key).await, ConsecutiveFailures::default());
    store.remove_limit(&key).await;
    assert_eq!(store.window(&key).await, SlidingWindow::default());
}

/// A window comes back as it was kept last, to the microsecond, over all the times there are, twice what was twice,
/// and under its own key alone.
pub async fn a_history_comes_back_as_it_was_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (key, other) = (fresh_key(), fresh_key());
    let all_times = [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_micros);
    let windows = [
        SlidingWindow::from_times(all_times.to_vec()),
        SlidingWindow::from_times(vec![at(1), at(1), at(1) + TICK]),
        window(&[5]),
        SlidingWindow::default(),
        window(&[7, 8, 9]),
    ];
    store.save_window(&other, &window(&[42]), at(100)).await;
    for kept in windows {
        store.save_window(&key, &kept, at(100)).await;
        assert_eq!(store.window(&key).await, kept);
    }
    assert_eq!(store.window(&other).await, window(&[42]));
}

/// A count of failures comes back as it was kept last, under its own key alone.
pub async fn a_streak_comes_back_as_it_was_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (key, other) = (fresh_key(), fresh_key());
    store.save_failures(&other, failures(42, 42), at(100)).await;
    for kept in
        [failures(1, 1), failures(u32::from(u16::MAX) + 1, 2), ConsecutiveFailures::default(), failures(2, 3)]
    {
        store.save_failures(&key, kept, at(100)).await;
        assert_eq!(store.failures(&key).await, kept);
    }
    assert_eq!(store.failures(&other).await, failures(42, 42));
}

/// A key keeps a window or a count of failures: keeping one forgets the other.
pub async fn a_key_keeps_a_history_or_a_streak(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let key = fresh_key();
    store.save_window(&key, &window(&[1]), at(100)).await;
    store.save_failures(&key, failures(1, 1), at(100)).await;
    assert_eq!(
        (store.window(&key).await, store.failures(&key).await),
        (SlidingWindow::default(), failures(1, 1))
    );
    store.save_window(&key, &window(&[2]), at(100)).await;
    assert_eq!(
        (store.window(&key).await, store.failures(&key).await),
        (window(&[2]), ConsecutiveFailures::default())
    );
    assert_eq!(store.remove_expired_limits(at(100)).await, 1);
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
        store.save_window(key, &window(&[seconds]), at(100)).await;
    }
    for (seconds, key) in (0..).zip(&keys) {
        assert_eq!(store.window(key).await, window(&[seconds]), "{}", key.as_str());
    }
}

/// What is forgotten is as if it never had been; nothing else is forgotten with it.
pub async fn a_limit_is_forgotten(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (windows, streaks) = ([fresh_key(), fresh_key()], [fresh_key(), fresh_key()]);
    for key in &windows {
        store.save_window(key, &window(&[1]), at(100)).await;
    }
    for key in &streaks {
        store.save_failures(key, failures(1, 1), at(100)).await;
    }
    store.remove_limit(&windows[0]).await;
    store.remove_limit(&streaks[0]).await;
    assert_eq!(store.window(&windows[0]).await, SlidingWindow::default());
    assert_eq!(store.failures(&streaks[0]).await, ConsecutiveFailures::default());
    assert_eq!(store.window(&windows[1]).await, window(&[1]));
    assert_eq!(store.failures(&streaks[1]).await, failures(1, 1));
    assert_eq!(store.remove_expired_limits(at(100)).await, 2, "nothing is left of what was forgotten");
}

/// Removed is what had become useless by then, a window or a count of failures; it is kept until then, and kept anew it
/// becomes useless later.
pub async fn useless_limits_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [short, long, renewed] = [fresh_key(), fresh_key(), fresh_key()];
    let short_failures = fresh_key();
    store.save_window(&short, &window(&[1]), at(10)).await;
    store.save_failures(&short_failures, failures(1, 1), at(10)).await;
    store.save_window(&long, &window(&[1]), at(10) + TICK).await;
    store.save_window(&renewed, &window(&[1]), at(10)).await;
    store.save_window(&renewed, &window(&[1, 2]), at(20)).await;

    assert_eq!(store.remove_expired_limits(at(10) - TICK).await, 0);
    assert_eq!(store.window(&short).await, window(&[1]));
    assert_eq!(store.remove_expired_limits(at(10)).await, 2);
    assert_eq!(store.window(&short).await, SlidingWindow::default());
    assert_eq!(store.failures(&short_failures).await, ConsecutiveFailures::default());
    assert_eq!(store.window(&long).await, window(&[1]));
    assert_eq!(store.window(&renewed).await, window(&[1, 2]));
    assert_eq!(store.remove_expired_limits(at(20)).await, 2);
}

/// Of units that read, record and keep the same window at once, each sees what the one before kept.
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
                            let mut window = tx.window(key).await?;
                            window.record(*now);
                            tx.save_window(key, &window, at(100)).await
                        })
                    })
                    .await;
            }
        }))
        .await;
        assert_eq!(store.window(&key).await, window(&(0..20).collect::<Vec<_>>()));
    }
}

/// Of units that read, lengthen and keep the same failures at once, each sees what the one before kept.
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
                            let failures = tx.failures(key).await?.failed(at(1));
                            tx.save_failures(key, failures, at(100)).await
                        })
                    })
                    .await;
            }
        }))
        .await;
        assert_eq!(store.failures(&key).await, failures(10, 1));
    }
}
