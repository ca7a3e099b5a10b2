use std::error::Error;
use std::fmt;

use serde::Serialize;

/// An invalid setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// The setting, as `section.key`; the file if it cannot be read.
    pub key: String,
    /// The source of the value: a file, an environment variable, or `default`.
    pub source: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be valid.
    pub right: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, source, wrong, right } = self;
        if key == source {
            write!(f, "{key} {wrong}: {right}")
        } else {
            write!(f, "{key} ({source}) {wrong}: {right}")
        }
    }
}

/// The errors of a configuration, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("there is a problem with the configuration:")?,
            count => write!(f, "there are {count} problems with the configuration:")?,
        }
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl Error for ConfigErrors {}
