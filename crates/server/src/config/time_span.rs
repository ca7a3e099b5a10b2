use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time as people write it: `90s`, `10m`, `1h 30m`, `400d`.
///
/// It is shown in the largest unit that leaves no rest; in days from two on, because `24h` says more than `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(Duration);

/// The text is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a length of time is written like \"500ms\", \"90s\", \"10m\", \"24h\" or \"30d\"")]
pub struct InvalidTimeSpan;

impl TimeSpan {
    const UNITS: [(&'static str, u64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

    /// So many milliseconds.
    #[must_use]
    pub const fn millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// So many seconds.
    #[must_use]
    pub const fn secs(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// So many minutes.
    #[must_use]
    pub const fn mins(count: u64) -> Self {
        Self(Duration::from_mins(count))
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(count: u64) -> Self {
        Self(Duration::from_hours(count))
    }

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(count: u64) -> Self {
        Self(Duration::from_hours(24 * count))
    }

    /// The same as the standard library has it.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeSpan {
    type Err = InvalidTimeSpan;

    fn from_str(text: &str) -> Result<Self, InvalidTimeSpan> {
        let mut rest = text.trim_ascii();
        let mut sum = None;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(InvalidTimeSpan)?;
            let (number, after) = rest.split_at(digits);
            let after = after.trim_ascii_start();
            let letters = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
            let (unit, after) = after.split_at(letters);
            let (_, millis) = Self::UNITS.iter().find(|(name, _)| *name == unit).ok_or(InvalidTimeSpan)?;
            let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*millis));
            sum = Some(part.and_then(|part| sum.unwrap_or(0_u64).checked_add(part)).ok_or(InvalidTimeSpan)?);
            rest = after.trim_ascii_start();
        }
        sum.map(Self::millis).ok_or(InvalidTimeSpan)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |(unit, length): &&(&str, u64)| {
            millis.is_multiple_of(*length) && millis >= *length && (*unit != "d" || millis >= 2 * length)
        };
        match Self::UNITS.iter().find(fits) {
            Some((unit, length)) => write!(f, "{}{unit}", millis / length),
            None => f.write_str("0s"),
        }
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = TimeSpan;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time, written like \"500ms\", \"90s\", \"10m\", \"24h\" or \"30d\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TimeSpan, E> {
                text.parse().map_err(|InvalidTimeSpan| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_span_is_read_in_every_unit() {
        for (text, span) in [
            ("0s", TimeSpan::secs(0)),
            ("500ms", TimeSpan::millis(500)),
            ("90s", TimeSpan::secs(90)),
            ("10m", TimeSpan::mins(10)),
            ("1h 30m", TimeSpan::mins(90)),
            ("1h30m", TimeSpan::mins(90)),
            (" 24 h ", TimeSpan::hours(24)),
            ("400d", TimeSpan::days(400)),
        ] {
            assert_eq!(text.parse(), Ok(span), "{text}");
        }
    }

    #[test]
    fn time_span_without_unit_or_out_of_range_is_refused() {
        for text in ["", " ", "10", "m", "10x", "10 minutes", "-1s", "1.5h", "10m5", "99999999999999999999d"]
        {
            assert_eq!(text.parse::<TimeSpan>(), Err(InvalidTimeSpan), "{text}");
        }
    }

    #[test]
    fn time_span_is_displayed_in_the_largest_exact_unit() {
        for text in ["0s", "1ms", "1500ms", "90s", "1m", "90m", "24h", "36h", "2d", "400d"] {
            assert_eq!(text.parse::<TimeSpan>().expect("a length of time").to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn time_span_round_trips(millis in any::<u64>()) {
            let span = TimeSpan::millis(millis);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn time_span_does_not_panic_on_any_text(text in "\\PC{0,40}") {
            let _ = text.parse::<TimeSpan>();
        }
    }
}
