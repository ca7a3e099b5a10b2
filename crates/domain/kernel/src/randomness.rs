use uuid::Uuid;

use crate::Timestamp;

/// Port: unpredictable bytes. Injected wherever randomness matters, so that a test can fix it.
pub trait Randomness: Send + Sync + 'static {
    /// Fills the whole slice from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` fresh random bytes.
#[must_use]
pub fn random_bytes<const N: usize>(randomness: &dyn Randomness) -> [u8; N] {
    let mut bytes = [0; N];
    randomness.fill(&mut bytes);
    bytes
}

/// A version 7 UUID (RFC 9562) of this time: later ids sort later.
#[must_use]
pub fn uuid_v7(now: Timestamp, randomness: &dyn Randomness) -> Uuid {
    let random = random_bytes::<10>(randomness);
    uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid()
}

/// The lowest version 7 UUID of this time.
pub(crate) fn lowest_uuid_v7(time: Timestamp) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(time.unix_millis(), &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mocks::CountingRandomness;

    #[test]
    fn the_lowest_id_of_a_time_is_between_those_before_and_those_from_then_on() {
        let randomness = CountingRandomness::default();
        let time = Timestamp::from_micros(1_767_225_600_000_000);
        let before = time - Duration::from_millis(1);
        assert!(uuid_v7(before, &randomness) < lowest_uuid_v7(time));
        assert!(lowest_uuid_v7(time) <= uuid_v7(time, &randomness));
    }
}
