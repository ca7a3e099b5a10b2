//! Clauses of [`asteroid_limits::LimitRepository`].

use asteroid_kernel::Timestamp;
use asteroid_limits::{ConsecutiveFailures, LimitKey, LimitRepository, SlidingWindow};

use crate::CompleteStorage;
use crate::fixtures::{TICK, at, fresh_key};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

fn window(seconds: &[u64]) -> SlidingWindow {
    SlidingWindow::from_times(seconds.iter().map(|seconds| at(*seconds)).collect())
}

fn failures(count: u32, seconds: u64) -> ConsecutiveFailures {
    ConsecutiveFailures { count, last_at: Some(at(seconds)) }
}

/// An unused key has an empty window and no failures.
pub async fn an_unused_rate_limit_is_empty(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let key = fresh_key();
    assert_eq!(store.window(&key).await, SlidingWindow::default());
    assert_eq!(store.failures(&key).await, ConsecutiveFailures::default());
    store.remove_limit(&key).await;
    assert_eq!(store.window(&key).await, SlidingWindow::default());
}

/// The window that was saved last is returned: to the microsecond, over the whole range of times, with repeated times,
/// and under its own key only.
pub async fn a_rate_limit_window_is_stored_in_full(storage: impl CompleteStorage) {
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

/// The failures that were saved last are returned, under their own key only.
pub async fn consecutive_failures_are_stored_in_full(storage: impl CompleteStorage) {
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

/// A key holds a window or failures: saving one removes the other.
pub async fn a_limit_key_holds_a_window_or_failures(storage: impl CompleteStorage) {
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

/// Two keys that differ in any character are different keys.
pub async fn limit_keys_are_compared_exactly(storage: impl CompleteStorage) {
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

/// A removed limit reads as unused. No other limit is removed.
pub async fn a_rate_limit_can_be_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (windows, failure_keys) = ([fresh_key(), fresh_key()], [fresh_key(), fresh_key()]);
    for key in &windows {
        store.save_window(key, &window(&[1]), at(100)).await;
    }
    for key in &failure_keys {
        store.save_failures(key, failures(1, 1), at(100)).await;
    }
    store.remove_limit(&windows[0]).await;
    store.remove_limit(&failure_keys[0]).await;
    assert_eq!(store.window(&windows[0]).await, SlidingWindow::default());
    assert_eq!(store.failures(&failure_keys[0]).await, ConsecutiveFailures::default());
    assert_eq!(store.window(&windows[1]).await, window(&[1]));
    assert_eq!(store.failures(&failure_keys[1]).await, failures(1, 1));
    assert_eq!(store.remove_expired_limits(at(100)).await, 2, "the removed limits do not count");
}

/// Windows and failures are removed once expired. Saving one again extends its life.
pub async fn expired_limits_are_removed(storage: impl CompleteStorage) {
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

/// Concurrent units that read, extend and save one window see each other's writes.
pub async fn concurrent_records_in_a_rate_limit_window_are_all_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let key = fresh_key();
        run_concurrently((0..20).map(|seconds| {
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

/// Concurrent units that read, increment and save the same failures see each other's writes.
pub async fn concurrent_failures_are_all_counted(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let key = fresh_key();
        run_concurrently((0..10).map(|_| {
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
