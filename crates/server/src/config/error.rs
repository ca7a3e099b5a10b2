use std::error::Error;
use std::fmt;

use serde::Serialize;

/// Something that is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// The setting, as `section.key`; the file itself if it cannot be read.
    pub key: String,
    /// Where it was set: a file, a variable of the environment, or `default`.
    pub source: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What would be right.
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

/// All that is wrong with the configuration, never an empty list.
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
