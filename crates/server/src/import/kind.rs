use asteroid_application::ImportRecord;
use clap::ValueEnum;
use serde::Serialize;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
#[value(rename_all = "camelCase")]
pub(crate) enum Kind {
    Practice,
    ClientClass,
    User,
    Client,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Practice, Self::ClientClass, Self::User, Self::Client];

    pub(crate) const fn of(record: &ImportRecord) -> Self {
        match record {
            ImportRecord::Practice(_) => Self::Practice,
            ImportRecord::ClientClass(_) => Self::ClientClass,
            ImportRecord::User(_) => Self::User,
            ImportRecord::Client(_) => Self::Client,
        }
    }

    /// Its name, as NDJSON's `type` and `--type` have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Practice => "practice",
            Self::ClientClass => "clientClass",
            Self::User => "user",
            Self::Client => "client",
        }
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

    /// The kinds whose records have to be there before one of this kind.
    pub(crate) const fn needs(self) -> &'static [Self] {
        match self {
            Self::Practice | Self::ClientClass => &[],
            Self::User => &[Self::Practice],
            Self::Client => &[Self::Practice, Self::ClientClass],
        }
    }

    /// Reads a file's name without its extension: `clients`, `client_classes`.
    pub(crate) fn of_file(stem: &str) -> Option<Self> {
        let plain: String = stem.chars().filter(|c| !"-_ ".contains(*c)).collect();
        let is = |name: &str| name.eq_ignore_ascii_case(&plain);
        Self::ALL.into_iter().find(|kind| is(kind.as_str()) || is(kind.list()))
    }
}

/// The name that is most like this one, if any is like it at all.
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

/// What to say of a name that nothing has.
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
    fn a_file_is_named_after_what_it_holds() {
        for (stem, kind) in [
            ("clients", Some(Kind::Client)),
            ("Client", Some(Kind::Client)),
            ("client_classes", Some(Kind::ClientClass)),
            ("client-class", Some(Kind::ClientClass)),
            ("clientClasses", Some(Kind::ClientClass)),
            ("clients-2026", None),
            ("", None),
        ] {
            assert_eq!(Kind::of_file(stem), kind, "{stem}");
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["firstName", "lastName", "balanceDue"];
        assert_eq!(unknown(names, "first_name"), "is unknown: did you mean \"firstName\"?");
        assert_eq!(unknown(names, "fristName"), "is unknown: did you mean \"firstName\"?");
        assert_eq!(unknown(names, "x"), "is unknown");
    }
}
