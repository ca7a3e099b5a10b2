use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration in whole milliseconds, in the notation of [`humantime`]: `90s`, `10m`, `1h 30m`, `400d`.
///
/// It is displayed in the largest exact unit up to days; a single day is `24h`. `humantime` would display `1day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(Duration);

/// The text is not a duration in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration is written like \"500ms\", \"90s\", \"10m\", \"24h\" or \"30d\"")]
pub struct InvalidTimeSpan;

impl TimeSpan {
    const UNITS: [(&'static str, u64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

    /// A number of milliseconds.
    #[must_use]
    pub const fn millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// A number of seconds.
    #[must_use]
    pub const fn secs(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// A number of minutes.
    #[must_use]
    pub const fn mins(count: u64) -> Self {
        Self(Duration::from_mins(count))
    }

    /// A number of hours.
    #[must_use]
    pub const fn hours(count: u64) -> Self {
        Self(Duration::from_hours(count))
    }

    /// A number of days of 24 hours.
    #[must_use]
    pub const fn days(count: u64) -> Self {
        Self(Duration::from_hours(24 * count))
    }

    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeSpan {
    type Err = InvalidTimeSpan;

    fn from_str(text: &str) -> Result<Self, InvalidTimeSpan> {
        let span = humantime::parse_duration(text.trim_ascii()).map_err(|_| InvalidTimeSpan)?;
        let is_exact = span.subsec_nanos().is_multiple_of(1_000_000);
        if is_exact && u64::try_from(span.as_millis()).is_ok() {
            Ok(Self(span))
        } else {
            Err(InvalidTimeSpan)
        }
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
                f.write_str("a duration, written like \"500ms\", \"90s\", \"10m\", \"24h\" or \"30d\"")
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
            ("10 minutes", TimeSpan::mins(10)),
            ("2weeks", TimeSpan::days(14)),
            ("400d", TimeSpan::days(400)),
        ] {
            assert_eq!(text.parse(), Ok(span), "{text}");
        }
    }

    #[test]
    fn time_span_without_unit_or_out_of_range_is_refused() {
        for text in [
            "",
            " ",
            "10",
            "m",
            "10x",
            "ten minutes",
            "-1s",
            "10m5",
            "5us",
            "1ms 1ns",
            "99999999999999999999d",
        ] {
            assert_eq!(text.parse::<TimeSpan>(), Err(InvalidTimeSpan), "{text}");
        }
    }

    #[test]
    fn time_span_is_displayed_in_the_largest_exact_unit() {
        for text in ["0s", "1ms", "1500ms", "90s", "1m", "90m", "24h", "36h", "2d", "400d"] {
            assert_eq!(text.parse::<TimeSpan>().expect("a duration").to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn time_span_round_trips(millis in 0..=36_600_u64 * 86_400_000) {
            let span = TimeSpan::millis(millis);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }

        #[test]
        fn time_span_does_not_panic_on_any_text(text in "\\PC{0,40}") {
            let _ = text.parse::<TimeSpan>();
        }
    }
}
