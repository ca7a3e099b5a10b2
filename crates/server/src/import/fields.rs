//! The fields of a record, looked at one after the other: what is wrong with any of them is noted, so that all of it is
//! said at once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::kind::unknown;

/// Something that is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The field, as `patients[3].name`; empty if it is the record itself.
    pub(crate) field: String,
    /// What is wrong with it. Never holds a value that may be a secret.
    pub(crate) reason: String,
}

/// What a field was given as.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// By a file that tells texts from numbers.
    Json(Value),
    /// By one that does not, and not empty.
    Cell(String),
}

/// The fields of a record that were not looked at yet.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    prefix: String,
    given: BTreeMap<String, Given>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

/// The fields of a JSON object, in their order, with those that are there twice.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl Fields {
    /// Reads a JSON object.
    pub(crate) fn of_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        let Object(members) = serde_json::from_slice(text)?;
        let mut fields = Self::default();
        for (name, value) in members {
            fields.add(name, Given::Json(value));
        }
        Ok(fields)
    }

    /// Adds a field; a null is as good as none.
    pub(crate) fn add(&mut self, name: String, given: Given) {
        match self.given.entry(name) {
            Entry::Vacant(place) => {
                place.insert(given);
            }
            Entry::Occupied(other) => {
                let name = other.key().clone();
                self.note(&name, "is there twice");
            }
        }
    }

    /// Notes that something is wrong with a field.
    pub(crate) fn note(&mut self, name: &str, reason: impl Into<String>) {
        self.problems.push(Problem { field: format!("{}{name}", self.prefix), reason: reason.into() });
    }

    /// Whether the field is there, and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|given| !matches!(given, Given::Json(Value::Null)))
    }

    /// The field as `read` reads it; none if it is not there, null, or wrong, which is noted.
    pub(crate) fn get<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Given) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(name);
        match self.given.remove(name)? {
            Given::Json(Value::Null) => None,
            given => match read(given) {
                Ok(value) => Some(value),
                Err(reason) => {
                    self.note(name, reason);
                    None
                }
            },
        }
    }

    /// The same for a field that must be there.
    pub(crate) fn need<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Given) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(name) {
            self.given.remove(name);
            self.note(name, "is missing");
        }
        self.get(name, read)
    }

    /// Reads the object in a field.
    pub(crate) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(name, json)?;
        self.inner(name, value, read)
    }

    /// Reads the objects in a field's list.
    pub(crate) fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Vec<T> {
        let items = match self.get(name, json) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.note(name, format!("must be a list of objects, not {}", kind_of(&other)));
                return Vec::new();
            }
        };
        let numbered = items.into_iter().enumerate();
        numbered.filter_map(|(at, item)| self.inner(&format!("{name}[{at}]"), item, &mut read)).collect()
    }

    fn inner<T>(&mut self, name: &str, value: Value, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let Value::Object(members) = value else {
            self.note(name, format!("must be an object, not {}", kind_of(&value)));
            return None;
        };
        let given = members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect();
        let prefix = format!("{}{name}.", self.prefix);
        let mut inner = Self { prefix, given, ..Self::default() };
        let value = read(&mut inner);
        self.problems.extend(inner.finish());
        value
    }

    /// The names that were looked for.
    pub(crate) fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// What was found wrong so far.
    pub(crate) fn problems(self) -> Vec<Problem> {
        self.problems
    }

    /// All that is wrong; a field that nobody looked at is, too.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for name in std::mem::take(&mut self.given).into_keys() {
            let reason = unknown(self.known.iter().copied(), &name);
            self.note(&name, reason);
        }
        self.problems
    }
}

/// JSON of any kind; in a cell it is written out.
fn json(given: Given) -> Result<Value, String> {
    match given {
        Given::Json(value) => Ok(value),
        Given::Cell(text) => serde_json::from_str(&text).map_err(|_| "must be JSON".to_owned()),
    }
}

/// What a JSON value is, to people.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
