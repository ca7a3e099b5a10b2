use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`: in this file; the path is taken as it stands, relative to the working directory.
    Sqlite(PathBuf),
}

/// The text names no database that this server can open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be sqlite://PATH, for example sqlite://data/asteroid.db or sqlite:///var/lib/asteroid/asteroid.db"
)]
pub struct InvalidDatabaseUrl;

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let path = text.strip_prefix("sqlite://").ok_or(InvalidDatabaseUrl)?;
        // Parameters and `:memory:` mean something elsewhere; here they would make a file of that name.
        let is_file =
            !path.is_empty() && !path.starts_with(':') && !path.ends_with('/') && !path.contains('?');
        if is_file { Ok(Self::Sqlite(path.into())) } else { Err(InvalidDatabaseUrl) }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_a_file() {
        for (url, path) in
            [("sqlite://data/a.db", "data/a.db"), ("sqlite:///var/lib/a b.db", "/var/lib/a b.db")]
        {
            let parsed: DatabaseUrl = url.parse().expect("a database");
            assert_eq!(parsed, DatabaseUrl::Sqlite(path.into()));
            assert_eq!(parsed.to_string(), url);
        }
        for url in
            ["", "data/a.db", "sqlite://", "sqlite://:memory:", "sqlite://data/", "sqlite://a.db?mode=ro"]
        {
            assert_eq!(url.parse::<DatabaseUrl>(), Err(InvalidDatabaseUrl), "{url}");
        }
    }
}
