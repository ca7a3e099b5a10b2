use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// Port: the current time. Injected wherever time matters, so that a test can set it.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// How far the clocks of servers on one store may differ.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// A time in UTC, with microseconds: the precision that every store keeps.
///
/// [`Display`](fmt::Display) is RFC 3339 with milliseconds, as in both HTTP APIs.
///
/// ```
/// use asteroid_kernel::Timestamp;
///
/// let moment = Timestamp::parse("2016-05-03T11:15:54.950Z").expect("a valid time");
/// assert_eq!(moment.to_string(), "2016-05-03T11:15:54.950Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time this many microseconds after 1970-01-01T00:00:00Z, clamped to the years 1 to 9999 of RFC 3339.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        const FIRST: i64 = -62_135_596_800_000_000; // 0001-01-01T00:00:00Z
        const LAST: i64 = 253_402_300_799_999_999; // 9999-12-31T23:59:59.999999Z
        if micros < FIRST {
            Self(FIRST)
        } else if micros > LAST {
            Self(LAST)
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970-01-01T00:00:00Z, zero before it.
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// Parses an RFC 3339 time with any offset; fractions of a microsecond are truncated.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self::from_micros(moment.timestamp_micros()))
    }

    /// The duration since `earlier`; zero if that is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map_or(Duration::ZERO, Duration::from_micros)
    }

    /// Whether a recorded time lies further ahead of now than clocks differ ([`CLOCK_SKEW`]): it was recorded before the
    /// clock was set back, and says nothing about when.
    #[must_use]
    pub fn is_ahead_of(self, now: Self) -> bool {
        self > now + CLOCK_SKEW
    }

    fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::from_micros(moment.timestamp_micros())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(moment: Timestamp) -> Self {
        moment.date_time()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros(duration)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date_time().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_utc_with_milliseconds() {
        let moment = Timestamp::parse("2016-05-03T13:15:54.950999+02:00").expect("a valid time");
        assert_eq!(moment.to_string(), "2016-05-03T11:15:54.950Z");
    }

    #[test]
    fn a_time_is_ahead_if_no_skew_of_clocks_explains_it() {
        let now = Timestamp::from_micros(0);
        assert!(!(now - Duration::from_hours(1)).is_ahead_of(now));
        assert!(!(now + CLOCK_SKEW).is_ahead_of(now));
        assert!((now + CLOCK_SKEW + Duration::from_micros(1)).is_ahead_of(now));
    }

    #[test]
    fn arithmetic_is_clamped_to_the_years_of_rfc_3339() {
        let last = Timestamp::from_micros(i64::MAX);
        assert_eq!(last + Duration::MAX, last);
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        let first = Timestamp::from_micros(i64::MIN);
        assert_eq!(first - Duration::MAX, first);
        assert_eq!(first.since(last), Duration::ZERO);
    }
}
