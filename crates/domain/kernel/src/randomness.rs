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
