use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use asteroid_diesel::PostgresUrl;

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`: an SQLite file; a relative path is relative to the working directory.
    Sqlite(PathBuf),
    /// `postgres://…`: a `PostgreSQL` database.
    Postgres(Box<PostgresUrl>),
}

impl DatabaseUrl {
    /// The SQLite file, if there is none at its path. A file that cannot be looked at exists, perhaps: opening it says why it
    /// cannot be used.
    pub(crate) fn missing_file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => path.try_exists().is_ok_and(|exists| !exists).then_some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// The text is not the URL of a supported database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// The scheme is unknown, or the path cannot be a file.
    #[error(
        "must be sqlite://PATH, for example sqlite://data/asteroid.db or sqlite:///var/lib/asteroid/asteroid.db, or \
         postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Unknown,
    /// The URL of `PostgreSQL` is invalid.
    #[error("must be like postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require: {0}")]
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let url = text.parse::<PostgresUrl>();
            let url = url.map_err(|error| InvalidDatabaseUrl::Postgres(error.to_string()))?;
            return Ok(Self::Postgres(Box::new(url)));
        }
        let path = text.strip_prefix("sqlite://").ok_or(InvalidDatabaseUrl::Unknown)?;
        // Other programs support parameters and `:memory:`; here they would create a file of that name.
        let is_file =
            !path.is_empty() && !path.starts_with(':') && !path.ends_with('/') && !path.contains('?');
        if is_file { Ok(Self::Sqlite(path.into())) } else { Err(InvalidDatabaseUrl::Unknown) }
    }
}

impl fmt::Display for DatabaseUrl {
    /// Formats the URL without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_url_is_a_file() {
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
            assert_eq!(url.parse::<DatabaseUrl>(), Err(InvalidDatabaseUrl::Unknown), "{url}");
        }
    }

    #[test]
    fn postgres_url_hides_its_password() {
        let url = "postgres://ann:tr0ub4dor@db.example.com:5433/asteroid?sslmode=verify-full";
        let parsed: DatabaseUrl = url.parse().expect("a database");
        assert!(matches!(&parsed, DatabaseUrl::Postgres(inner) if inner.expose() == url));
        let shown = "postgres://ann:***@db.example.com:5433/asteroid?sslmode=verify-full";
        assert_eq!(parsed.to_string(), shown);
        assert!(!format!("{parsed:?}").contains("tr0ub4dor"));
        let wrong = "postgres://ann:tr0ub4dor@db.example.com".parse::<DatabaseUrl>();
        assert_eq!(
            wrong.map_err(|error| error.to_string()),
            Err("must be like postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require: it names no database"
                .to_owned())
        );
    }
}
