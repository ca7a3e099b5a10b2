use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::{ConfigError, setting_names, value_files};

/// Where the configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file named on the command line; it must exist. Without one, [`Sources::USUAL_FILE`] is read if it exists.
    pub file: Option<PathBuf>,
    /// The environment variables.
    pub environment: Vec<(OsString, OsString)>,
}

/// The settings of one source.
#[derive(Debug)]
pub(super) struct SettingsLayer {
    /// The name of the source in messages.
    pub(super) name: String,
    /// Whether the value is in a file that the variable `name` names. It is probably a secret.
    pub(super) is_in_file: bool,
    pub(super) values: Dict,
}

impl Provider for SettingsLayer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

impl Sources {
    /// The file that is read if the command line names none, relative to the working directory.
    pub const USUAL_FILE: &str = "config/asteroid.toml";

    const PREFIX: &str = "ASTEROID_";
    const DATABASE_URL: &str = "DATABASE_URL";
    /// Prefixes of variables that only tests read.
    const RESERVED: [&str; 2] = ["TEST_", "REQUIRE_"];

    /// The settings of each source, the lowest precedence first, and the errors.
    pub(super) fn layers(&self, defaults: &Dict) -> (Vec<SettingsLayer>, Vec<ConfigError>) {
        let (mut layers, mut problems) = (Vec::new(), Vec::new());
        match self.file_layer() {
            Ok(layer) => layers.extend(layer),
            Err(problem) => problems.push(problem),
        }
        let mut variables = Vec::new();
        for (name, value) in &self.environment {
            let Some(name) = name.to_str() else { continue };
            let direct = value_files::direct_variable(name, defaults);
            let Some(path) = Self::key_of(direct.unwrap_or(name)) else {
                problems.extend(Self::nearly_ours(name, defaults));
                continue;
            };
            // The variables for databases are shared with other programs, which take empty ones for missing ones.
            if value.is_empty() && direct.unwrap_or(name) == Self::DATABASE_URL {
                continue;
            }
            let text = match direct {
                Some(direct) if self.is_set(direct) => Err((
                    format!("is set, and so is {direct}"),
                    "set one of them: the value itself, or the file that holds it",
                )),
                Some(_) => value_files::read(value),
                None => match value.to_str() {
                    Some(value) if is_service_link(name, value) => continue,
                    Some(value) => Ok(value.to_owned()),
                    None => Err(("is not text".to_owned(), "write it in UTF-8")),
                },
            };
            match text {
                Ok(text) => {
                    let value = read_variable(&text, setting_names::find(defaults, &path));
                    variables.push(SettingsLayer {
                        name: name.to_owned(),
                        is_in_file: direct.is_some(),
                        values: nest(&path, value),
                    });
                }
                Err((wrong, right)) => problems.push(ConfigError {
                    key: path.join("."),
                    source: name.to_owned(),
                    wrong,
                    right: right.to_owned(),
                }),
            }
        }
        // `DATABASE_URL` has a lower precedence than `ASTEROID_DATABASE__URL`.
        variables.sort_by_key(|layer| (layer.name.starts_with(Self::PREFIX), layer.name.clone()));
        layers.extend(variables);
        (layers, problems)
    }

    /// Whether a variable of this name has a value.
    fn is_set(&self, name: &str) -> bool {
        self.environment
            .iter()
            .any(|(one, value)| one == name && !(value.is_empty() && name == Self::DATABASE_URL))
    }

    /// The path of the setting that this variable sets; [`None`] if it is not a variable of Asteroid.
    pub(super) fn key_of(name: &str) -> Option<Vec<String>> {
        if name == Self::DATABASE_URL {
            return Some(vec!["database".to_owned(), "url".to_owned()]);
        }
        let key = name.strip_prefix(Self::PREFIX)?;
        if key.is_empty() || Self::RESERVED.iter().any(|reserved| key.starts_with(reserved)) {
            return None;
        }
        Some(key.split("__").map(str::to_ascii_lowercase).collect())
    }

    /// An error for a variable that names a setting in lower case, and so is not read.
    fn nearly_ours(name: &str, defaults: &Dict) -> Option<ConfigError> {
        let (prefix, key) = name.split_at_checked(Self::PREFIX.len())?;
        let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
        let is_nearly = prefix != Self::PREFIX && prefix.eq_ignore_ascii_case(Self::PREFIX);
        let variable = Self::variable_of(&path.join("."));
        let is_setting = setting_names::find(defaults, &path).is_some_and(|value| value.as_dict().is_none());
        if !is_nearly || !(is_setting || value_files::direct_variable(&variable, defaults).is_some()) {
            return None;
        }
        let key = path.join(".");
        let right = format!("write {variable} in capitals");
        Some(ConfigError { key, source: name.to_owned(), wrong: "is not read".to_owned(), right })
    }

    /// The environment variable that sets this key.
    pub(crate) fn variable_of(key: &str) -> String {
        format!("{}{}", Self::PREFIX, key.replace('.', "__").to_ascii_uppercase())
    }

    fn file_layer(&self) -> Result<Option<SettingsLayer>, ConfigError> {
        let path = self.file.as_deref().unwrap_or(Path::new(Self::USUAL_FILE));
        let name = path.display().to_string();
        let problem = |wrong: String, right: &str| ConfigError {
            key: name.clone(),
            source: name.clone(),
            wrong,
            right: right.to_owned(),
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && self.file.is_none() => return Ok(None),
            Err(error) => {
                return Err(problem(
                    format!("cannot be read ({error})"),
                    "set the path of an existing TOML file",
                ));
            }
        };
        // The text of the error would quote the line, which may contain a password.
        let values = toml::from_str::<Dict>(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            problem(
                format!("is not valid TOML at line {line}, column {column} ({message})"),
                "correct that line",
            )
        })?;
        Ok(Some(SettingsLayer { name, is_in_file: false, values }))
    }
}

/// Whether Kubernetes or Docker set the variable for a service or container named `asteroid`.
fn is_service_link(name: &str, value: &str) -> bool {
    ["ASTEROID_SERVICE_HOST", "ASTEROID_SERVICE_PORT"].iter().any(|link| name.starts_with(link))
        || (name.starts_with("ASTEROID_PORT_")
            && name["ASTEROID_PORT_".len()..].starts_with(|c: char| c.is_ascii_digit()))
        || (name == "ASTEROID_PORT" && value.contains("://"))
}

/// Parses a variable by the type of the default: text stays unchanged, a list is split at commas.
fn read_variable(text: &str, default: Option<&Value>) -> Value {
    let parse = || text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
    match default {
        Some(Value::String(..)) | None => text.into(),
        Some(Value::Array(..)) if !text.trim_start().starts_with('[') => {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>().into()
        }
        Some(_) => parse(),
    }
}

fn nest(path: &[String], value: Value) -> Dict {
    let Some((last, sections)) = path.split_last() else { return Dict::new() };
    sections.iter().rev().fold(Dict::from([(last.clone(), value)]), |inner, section| {
        Dict::from([(section.clone(), inner.into())])
    })
}
