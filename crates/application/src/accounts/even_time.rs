//! Answers whose time does not tell whether a contact has a user.

use std::time::Duration;

use super::Accounts;

/// Answers leave at a multiple of this time after their request.
///
/// The statements are the same with and without a user, but not the pages that the store reads and writes for them: some
/// hundredths of a millisecond, which the mean of many answers shows. It is longer than such an answer usually takes, so that
/// nearly all leave at the first multiple.
const STEP: Duration = Duration::from_millis(20);

impl<S, H> Accounts<S, H> {
    /// Does the work, and holds its outcome back until the time since its begin is a multiple of [`STEP`].
    pub(super) async fn in_even_time<T>(&self, work: impl Future<Output = T> + Send) -> T {
        let clock = &self.tools.clock;
        let begun = clock.now();
        let outcome = work.await;
        self.tools.timer.sleep(until_next_step(clock.now().since(begun))).await;
        outcome
    }
}

/// From so much time after the begin to the next multiple.
fn until_next_step(elapsed: Duration) -> Duration {
    let passed = elapsed.as_micros() % STEP.as_micros();
    STEP.saturating_sub(Duration::from_micros(u64::try_from(passed).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_held_back_to_the_next_multiple() {
        let after = |micros| until_next_step(Duration::from_micros(micros)).as_micros();
        assert_eq!([0, 1, 4_321, 19_999].map(after), [20_000, 19_999, 15_679, 1]);
        assert_eq!([20_000, 20_001, 59_000].map(after), [20_000, 19_999, 1_000]);
    }
}
