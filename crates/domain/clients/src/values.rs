use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;

/// A practice, by the number that its management system gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PracticeId(pub i64);

/// A management system from which records come: ids of records are unique within one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub i64);

/// Why a text is no such value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// An id is blank, too long, or holds control characters.
    #[error("an id has 1 to {max} characters, none of them a control character", max = ExternalId::MAX_CHARS)]
    Id,
    /// Not of the form `2022-12-01`, or no day of any calendar.
    #[error("not a date of the form 2022-12-01")]
    Date,
    /// No time zone of the IANA list.
    #[error("`{0}` is no time zone of the IANA list, such as America/New_York")]
    TimeZone(String),
    /// A status has another name.
    #[error("a status is active, inactive or deleted")]
    Status,
}

/// An id that a record has in its source: `1`, `xzy-abc-12345-00001`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// The most characters of an id.
    pub const MAX_CHARS: usize = 255;

    /// Reads an id. White space around it counts: it is the source's to say.
    ///
    /// # Errors
    ///
    /// If it is blank, too long, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let bad = text.trim().is_empty()
            || text.chars().count() > Self::MAX_CHARS
            || text.chars().any(char::is_control);
        if bad { Err(InvalidValue::Id) } else { Ok(Self(text.to_owned())) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A day, without a time or a zone: `2022-12-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(chrono::NaiveDate);

impl FromStr for CalendarDate {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self);
        // The parser also takes signs and short months; the form has neither.
        date.ok().filter(|date| date.to_string() == text).ok_or(InvalidValue::Date)
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

/// A time zone of the IANA list: `America/New_York`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// Its name in the IANA list.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }
}

impl FromStr for TimeZone {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map(Self).map_err(|_| InvalidValue::TimeZone(text.to_owned()))
    }
}

/// Whether a record is in use in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientStatus {
    /// In use.
    Active,
    /// Kept, not in use.
    Inactive,
    /// Removed from its source; kept here so that whoever copies records learns of it.
    Deleted,
}

impl ClientStatus {
    /// Its name: `active`, `inactive`, `deleted`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Deleted => "deleted",
        }
    }
}

impl FromStr for ClientStatus {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        [Self::Active, Self::Inactive, Self::Deleted]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidValue::Status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form() {
        assert_eq!(
            "2022-12-01".parse::<CalendarDate>().map(|date| date.to_string()),
            Ok("2022-12-01".into())
        );
        for text in
            ["", "2022-13-01", "2022-02-30", "22-12-01", "2022-12-1", "+2022-12-1", "2022-12-01T00:00:00Z"]
        {
            assert_eq!(text.parse::<CalendarDate>(), Err(InvalidValue::Date), "{text}");
        }
    }

    #[test]
    fn a_time_zone_is_on_the_list() {
        assert_eq!("America/New_York".parse::<TimeZone>().map(TimeZone::as_str), Ok("America/New_York"));
        for text in ["", "Eastern", "America/Springfield", "+05:00"] {
            assert!(text.parse::<TimeZone>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_is_the_sources_to_say() {
        assert_eq!(
            ExternalId::parse("xzy-abc-12345-00001").map(|id| id.to_string()),
            Ok("xzy-abc-12345-00001".into())
        );
        for text in ["", " ", "a\0b", &"x".repeat(256)] {
            assert_eq!(ExternalId::parse(text), Err(InvalidValue::Id), "{text:?}");
        }
    }
}
