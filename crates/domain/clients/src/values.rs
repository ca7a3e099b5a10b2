use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use strum::{EnumString, IntoStaticStr};

/// The id of a practice, assigned by its management system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PracticeId(pub i64);

/// The id of a source: a management system that records come from. Ids of records are unique within a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub i64);

/// The reason why a text is not a valid value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// An id is blank, too long, or contains control characters.
    #[error("an id has 1 to {max} characters, none of them a control character", max = ExternalId::MAX_CHARS)]
    Id,
    /// A date does not have the form `2022-12-01`, or does not exist.
    #[error("not a date of the form 2022-12-01")]
    Date,
    /// The time zone of this name does not exist in the IANA database.
    #[error("`{0}` is no time zone of the IANA list, such as America/New_York")]
    TimeZone(String),
    /// A status of this name does not exist.
    #[error("a status is active, inactive or deleted")]
    Status,
}

/// The id of a record in its source, such as `1` or `xzy-abc-12345-00001`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// The maximum length of an id in characters.
    pub const MAX_CHARS: usize = 255;

    /// Parses an id. White space around it is significant, because the source defines its ids.
    ///
    /// # Errors
    ///
    /// If it is blank, too long, or contains control characters.
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

/// A date without a time and a time zone, such as `2022-12-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(chrono::NaiveDate);

impl FromStr for CalendarDate {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self);
        // The parser also accepts signs and months of one digit.
        date.ok().filter(|date| date.to_string() == text).ok_or(InvalidValue::Date)
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

/// A time zone of the IANA database, such as `America/New_York`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// The name in the IANA database.
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

/// The status of a record in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[strum(parse_err_fn = unknown_status, parse_err_ty = InvalidValue)]
pub enum ClientStatus {
    /// The record is in use.
    Active,
    /// The record is kept, but not in use.
    Inactive,
    /// The record was removed from its source. It is kept here, so that clients that synchronise see the deletion.
    Deleted,
}

impl ClientStatus {
    /// The name: `active`, `inactive`, `deleted`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

fn unknown_status(_: &str) -> InvalidValue {
    InvalidValue::Status
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
    fn a_time_zone_is_in_the_iana_database() {
        assert_eq!("America/New_York".parse::<TimeZone>().map(TimeZone::as_str), Ok("America/New_York"));
        for text in ["", "Eastern", "America/Springfield", "+05:00"] {
            assert!(text.parse::<TimeZone>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_has_1_to_255_characters_and_no_control_characters() {
        assert_eq!(
            ExternalId::parse("xzy-abc-12345-00001").map(|id| id.to_string()),
            Ok("xzy-abc-12345-00001".into())
        );
        let longest = "\u{e4}".repeat(255);
        assert_eq!(ExternalId::parse(&longest).as_ref().map(ExternalId::as_str), Ok(longest.as_str()));
        assert_eq!(ExternalId::parse(" 1").as_ref().map(ExternalId::as_str), Ok(" 1"));
        for text in ["", " ", "a\0b", &"x".repeat(256)] {
            assert_eq!(ExternalId::parse(text), Err(InvalidValue::Id), "{text:?}");
        }
    }
    #[test]
    fn a_stored_status_is_read_back_by_its_name() {
        for (status, name) in [
            (ClientStatus::Active, "active"),
            (ClientStatus::Inactive, "inactive"),
            (ClientStatus::Deleted, "deleted"),
        ] {
            assert_eq!((status.as_str(), name.parse()), (name, Ok(status)));
        }
        assert_eq!("Active".parse::<ClientStatus>(), Err(InvalidValue::Status));
    }
}
