use crate::{PracticeId, SourceId, TimeZone};

/// A veterinary practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// The practice's id.
    pub id: PracticeId,
    /// The source of its records.
    pub source: SourceId,
    /// The name of the practice.
    pub name: String,
    /// The name in URLs, such as `ally_test`.
    pub slug: String,
    /// The name of its management system; [`None`] if not known.
    pub pms: Option<String>,
    /// The number or provider that it sends SMS with; [`None`] if it sends none.
    pub sms: Option<String>,
    /// The names of its enabled features.
    pub features: Vec<String>,
    /// The time zone of its calendar.
    pub time_zone: TimeZone,
    /// The ids of the enterprises that it belongs to.
    pub enterprise_ids: Vec<i64>,
}
