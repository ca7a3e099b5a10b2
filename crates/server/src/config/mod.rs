//! The configuration: defaults, then the file, then environment variables. It is checked as a whole, so that all errors
//! are reported at once.

mod database_url;
mod defaults;
mod error;
mod network;
mod origin;
mod policy;
mod print;
mod rules;
mod setting_names;
mod settings;
mod sources;
mod time_span;
mod value_files;

use std::collections::{BTreeMap, BTreeSet};

use figment::error::Kind as FigmentErrorKind;
use figment::value::{Dict, Value};
use figment::{Figment, Profile as FigmentProfile, Provider};

pub use database_url::{DatabaseUrl, InvalidDatabaseUrl};
pub use error::{ConfigError, ConfigErrors};
pub use network::ProxyNetwork;
pub use policy::NoKeysFile;
pub use settings::{
    AddressLimits, AdminListenerSettings, Alphabet, AuditSettings, CodeSettings, CodeShape, DatabaseSettings,
    HashingSettings, HttpServerSettings, KeySettings, LimitSettings, LogFormat, LogSettings, MessageSettings,
    OutboxSettings, PasswordSettings, ProductSettings, RegistrationLimits, RegistrationSettings, SendLimits,
    ServerProfile, SessionSettings, Settings, SmsSettings, TransportSettings, WrongCodeLimits,
    WrongPasswordLimits,
};
pub use sources::Sources;
pub use time_span::{InvalidTimeSpan, TimeSpan};

/// The effective settings, and the source of each.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The settings. An invalid one has its default value.
    pub settings: Settings,
    origins: BTreeMap<String, String>,
    problems: Vec<ConfigError>,
}

impl Configuration {
    /// The source of a setting that is not set.
    const DEFAULT: &str = "default";

    /// Reads all sources and validates every setting, alone and together with the others.
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let defaults = defaults();
        let (layers, problems) = sources.layers(&defaults);
        let files: BTreeSet<String> =
            layers.iter().filter(|layer| layer.is_in_file).map(|layer| layer.name.clone()).collect();
        let figment = layers.into_iter().fold(Figment::new(), Figment::merge);
        let given = figment.data().unwrap_or_default().remove(&FigmentProfile::Default).unwrap_or_default();
        let mut reader = SettingsReader {
            figment: &figment,
            files: &files,
            accepted: defaults.clone(),
            defaults,
            origins: BTreeMap::new(),
            problems,
        };
        reader.walk(&mut Vec::new(), &given);
        let SettingsReader { accepted, origins, problems, .. } = reader;
        let settings = settings_of(&accepted).unwrap_or_default();
        let mut this = Self { settings, origins, problems };
        for (key, wrong, right) in rules::check(&this.settings) {
            let wrong = if files.contains(this.origin(&key)) { NOT_VALID.to_owned() } else { wrong };
            this.add(&key, wrong, right);
        }
        this
    }

    /// The configuration, if it is valid.
    ///
    /// # Errors
    ///
    /// All errors of the configuration.
    pub fn valid(self) -> Result<Self, ConfigErrors> {
        if self.problems.is_empty() { Ok(self) } else { Err(ConfigErrors(self.problems)) }
    }

    /// Adds an error about a setting, unless it already has one.
    pub fn add(&mut self, key: &str, wrong: impl Into<String>, right: impl Into<String>) {
        if !self.has_problem(key) {
            self.problems.push(ConfigError {
                key: key.to_owned(),
                source: self.origin(key).to_owned(),
                wrong: wrong.into(),
                right: right.into(),
            });
        }
    }

    /// Whether an error about this setting is known.
    pub(crate) fn has_problem(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    /// Adds an error about a file that a setting names. `location` is the file, with the line if the error has one.
    pub(crate) fn add_to_file(&mut self, place: &str, wrong: impl Into<String>, right: impl Into<String>) {
        let (key, source) = (place.to_owned(), place.to_owned());
        let problem = ConfigError { key, source, wrong: wrong.into(), right: right.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The source of the setting: a file, an environment variable, or `default`.
    #[must_use]
    pub fn origin(&self, key: &str) -> &str {
        self.origins.get(key).map_or(Self::DEFAULT, String::as_str)
    }
}

/// What is wrong with a value that must not be shown.
const NOT_VALID: &str = "is not valid";

fn defaults() -> Dict {
    Value::serialize(Settings::default()).ok().and_then(Value::into_dict).unwrap_or_default()
}

fn settings_of(tree: &Dict) -> Result<Settings, Box<figment::Error>> {
    Value::from(tree.clone()).deserialize().map_err(Box::new)
}

/// Walks through the merged sources and accepts each valid setting.
struct SettingsReader<'a> {
    figment: &'a Figment,
    /// The variables whose values are in files.
    files: &'a BTreeSet<String>,
    defaults: Dict,
    accepted: Dict,
    origins: BTreeMap<String, String>,
    problems: Vec<ConfigError>,
}

impl SettingsReader<'_> {
    fn walk(&mut self, path: &mut Vec<String>, given: &Dict) {
        for (name, value) in given {
            path.push(name.clone());
            match (setting_names::find(&self.defaults, path).cloned(), value) {
                (Some(Value::Dict(..)), Value::Dict(_, inner)) => self.walk(path, inner),
                (Some(Value::Dict(..)), other) => {
                    let right = "is a section: set one of its keys".to_owned();
                    self.refuse(path, other, format!("is {}", kind(other)), right);
                }
                (Some(default), value) => self.read_leaf(path, &default, value),
                (None, value) => self.refuse_unknown(path, value),
            }
            path.pop();
        }
    }

    fn read_leaf(&mut self, path: &[String], default: &Value, value: &Value) {
        self.origins.insert(path.join("."), self.source(value));
        let refused: Vec<(String, String)> = match (default, value) {
            // Item by item, so that every invalid item is found.
            (Value::Array(..), Value::Array(tag, items)) => items
                .iter()
                .filter_map(|item| {
                    let right = self.expected(path, default, &Value::Array(*tag, vec![item.clone()]))?;
                    Some((self.wrong(path, item), right))
                })
                .collect(),
            _ => self
                .expected(path, default, value)
                .map(|right| (self.wrong(path, value), right))
                .into_iter()
                .collect(),
        };
        if refused.is_empty() {
            setting_names::replace(&mut self.accepted, path, value.clone());
        }
        for (wrong, right) in refused {
            self.refuse(path, value, wrong, right);
        }
    }

    /// What would be valid at this path, if the candidate is not.
    fn expected(&self, path: &[String], default: &Value, candidate: &Value) -> Option<String> {
        let read = |value: &Value| {
            let mut tree = self.defaults.clone();
            setting_names::replace(&mut tree, path, value.clone());
            settings_of(&tree).err().map(|error| expectation(&error.kind))
        };
        if matches!(default, Value::String(..)) && !matches!(candidate, Value::String(..)) {
            // The error for an empty text describes the valid texts.
            return Some(read(&"".into()).unwrap_or_else(|| "must be text, in quotes".to_owned()));
        }
        read(candidate)
    }

    fn refuse_unknown(&mut self, path: &[String], value: &Value) {
        let key = path.join(".");
        let source = self.source(first_leaf(value));
        let right = match setting_names::nearest(&self.defaults, &key, matches!(value, Value::Dict(..))) {
            // For a variable, suggest the name of a variable.
            Some(near) if source.starts_with("ASTEROID_") => {
                format!("did you mean {}?", Sources::variable_of(&near))
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => "`asteroid config print` shows every setting".to_owned(),
        };
        self.problems.push(ConfigError { key, source, wrong: "is not a setting".to_owned(), right });
    }

    fn refuse(&mut self, path: &[String], value: &Value, wrong: String, right: String) {
        self.problems.push(ConfigError { key: path.join("."), source: self.source(value), wrong, right });
    }

    /// Says what an invalid setting is. The text of a URL is never repeated: what is not valid cannot be masked reliably. Nor
    /// is a value from a file, which is probably a secret.
    fn wrong(&self, path: &[String], value: &Value) -> String {
        let is_url = path.last().is_some_and(|name| name == "url");
        if is_url || self.files.contains(&self.source(value)) {
            NOT_VALID.to_owned()
        } else {
            format!("is {}", shown(value))
        }
    }

    fn source(&self, value: &Value) -> String {
        let metadata = self.figment.get_metadata(value.tag());
        metadata.map_or_else(|| Configuration::DEFAULT.to_owned(), |metadata| metadata.name.to_string())
    }
}

/// Sections are merged from several sources: the first value in a section has its source.
fn first_leaf(value: &Value) -> &Value {
    match value {
        Value::Dict(_, inner) => inner.values().next().map_or(value, first_leaf),
        leaf => leaf,
    }
}

fn shown(value: &Value) -> String {
    match value {
        // The value of another setting, which may contain a password.
        Value::String(_, text) if text.contains("://") => "a URL".to_owned(),
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, char) => format!("{:?}", char.to_string()),
        Value::Bool(_, bool) => bool.to_string(),
        Value::Num(..) => value
            .to_i128()
            .map(|number| number.to_string())
            .or_else(|| value.to_u128().map(|number| number.to_string()))
            .or_else(|| value.to_f64().map(|number| number.to_string()))
            .unwrap_or_default(),
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => kind(value).to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "text",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "a number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a section",
        Value::Array(..) => "a list",
    }
}

/// Describes what serde expected.
fn expectation(kind: &FigmentErrorKind) -> String {
    match kind {
        FigmentErrorKind::InvalidType(_, expected) | FigmentErrorKind::InvalidValue(_, expected) => {
            match expected.as_str() {
                "u8" => format!("must be a whole number from 0 to {}", u8::MAX),
                "u32" => format!("must be a whole number from 0 to {}", u32::MAX),
                "usize" => "must be a whole number, zero or more".to_owned(),
                "a boolean" => "must be true or false".to_owned(),
                "a string" => "must be text, in quotes".to_owned(),
                "a sequence" => "must be a list, in brackets".to_owned(),
                other => format!("must be {other}"),
            }
        }
        FigmentErrorKind::UnknownVariant(_, variants) => {
            let variants: Vec<String> = variants.iter().map(|variant| format!("{variant:?}")).collect();
            format!("must be {}", variants.join(" or "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
