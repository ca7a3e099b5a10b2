use asteroid_application::ImportRecord;
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum RecordKind {
    /// A practice.
    Practice,
    /// A class of clients.
    ClientClass,
    /// A user, with its membership of a practice.
    User,
    /// A client, with its patients.
    Client,
}

impl RecordKind {
    /// Every kind, in the order in which records refer to each other.
    pub const ALL: &[Self] = Self::VARIANTS;

    pub(crate) const fn of(record: &ImportRecord) -> Self {
        match record {
            ImportRecord::Practice(_) => Self::Practice,
            ImportRecord::ClientClass(_) => Self::ClientClass,
            ImportRecord::User(_) => Self::User,
            ImportRecord::Client(_) => Self::Client,
        }
    }

    /// The name, as in the `type` of NDJSON: `practice`, `clientClass`, `user`, `client`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The kind of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// The name of a list of such records in JSON.
    pub(crate) const fn list(self) -> &'static str {
        match self {
            Self::Practice => "practices",
            Self::ClientClass => "clientClasses",
            Self::User => "users",
            Self::Client => "clients",
        }
    }

    /// The kinds whose records have to be imported before one of this kind.
    pub(crate) const fn needs(self) -> &'static [Self] {
        match self {
            Self::Practice | Self::ClientClass => &[],
            Self::User => &[Self::Practice],
            Self::Client => &[Self::Practice, Self::ClientClass],
        }
    }

    /// The kind that the stem of a file name names: `clients`, `client_classes`.
    pub(crate) fn of_file(stem: &str) -> Option<Self> {
        let plain: String = stem.chars().filter(|c| !"-_ ".contains(*c)).collect();
        let is = |name: &str| name.eq_ignore_ascii_case(&plain);
        Self::ALL.iter().copied().find(|kind| is(kind.as_str()) || is(kind.list()))
    }
}

/// The most similar name, if one is similar at all.
pub(crate) fn nearest<'a>(names: impl IntoIterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let plain = |name: &str| name.replace(['_', '-', ' '], "").to_ascii_lowercase();
    let wanted = plain(name);
    names
        .into_iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(&plain(known), &wanted), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness > 0.5)
        .map(|(_, known)| known)
}

/// The reason for an unknown name, with the most similar one.
pub(crate) fn unknown<'a>(names: impl IntoIterator<Item = &'a str>, name: &str) -> String {
    match nearest(names, name) {
        Some(near) => format!("is unknown: did you mean {near:?}?"),
        None => "is unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_kind_is_read_from_the_file_name() {
        for (stem, kind) in [
            ("clients", Some(RecordKind::Client)),
            ("Client", Some(RecordKind::Client)),
            ("client_classes", Some(RecordKind::ClientClass)),
            ("client-class", Some(RecordKind::ClientClass)),
            ("clientClasses", Some(RecordKind::ClientClass)),
            ("clients-2026", None),
            ("", None),
        ] {
            assert_eq!(RecordKind::of_file(stem), kind, "{stem}");
        }
    }

    #[test]
    fn unknown_name_suggests_the_most_similar_one() {
        let names = ["firstName", "lastName", "balanceDue"];
        assert_eq!(unknown(names, "first_name"), "is unknown: did you mean \"firstName\"?");
        assert_eq!(unknown(names, "fristName"), "is unknown: did you mean \"firstName\"?");
        assert_eq!(unknown(names, "x"), "is unknown");
    }
}
