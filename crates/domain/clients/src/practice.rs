use crate::{PracticeId, SourceId, TimeZone};

/// A veterinary practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Its number.
    pub id: PracticeId,
    /// Where its records come from.
    pub source: SourceId,
    /// What it is called.
    pub name: String,
    /// What it is called in paths: `ally_test`.
    pub slug: String,
    /// Its management system, by name.
    pub pms: Option<String>,
    /// The number or provider that it sends SMS by.
    pub sms: Option<String>,
    /// What it has switched on, by name.
    pub features: Vec<String>,
    /// The time zone that it keeps its calendar in.
    pub time_zone: TimeZone,
    /// The enterprises that it belongs to.
    pub enterprise_ids: Vec<i64>,
}
