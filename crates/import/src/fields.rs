//! The fields of a record. Each is read in turn and its errors are collected, so that a record is refused with all of
//! them at once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::kind::unknown;

/// An error or a warning about a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The path of the field, like `patients[3].name`; empty for the record itself.
    pub field: String,
    /// The reason. Never contains a value that may be a secret.
    pub reason: String,
}

/// The value of a field.
#[derive(Clone, Debug)]
pub(crate) enum FieldValue {
    /// From a format with types.
    Json(Value),
    /// From a format without types; not empty.
    Cell(String),
}

/// The fields of a record that have not been read yet, and the errors so far.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    prefix: String,
    values: BTreeMap<String, FieldValue>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

/// The members of a JSON object in their order, duplicates included.
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
            fields.add(name, FieldValue::Json(value));
        }
        Ok(fields)
    }

    /// Adds a field. A null counts as missing.
    pub(crate) fn add(&mut self, name: String, values: FieldValue) {
        match self.values.entry(name) {
            Entry::Vacant(place) => {
                place.insert(values);
            }
            Entry::Occupied(other) => {
                let name = other.key().clone();
                self.note(&name, "is there twice");
            }
        }
    }

    /// Adds an error about a field.
    pub(crate) fn note(&mut self, name: &str, reason: impl Into<String>) {
        self.errors.push(FieldError { field: format!("{}{name}", self.prefix), reason: reason.into() });
    }

    /// Whether the field is present and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|values| !matches!(values, FieldValue::Json(Value::Null)))
    }

    /// The field as `read` parses it; [`None`] if it is missing, null, or invalid, which adds an error.
    pub(crate) fn get<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(FieldValue) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(name);
        match self.values.remove(name)? {
            FieldValue::Json(Value::Null) => None,
            value => match read(value) {
                Ok(value) => Some(value),
                Err(reason) => {
                    self.note(name, reason);
                    None
                }
            },
        }
    }

    /// Like [`get`](Self::get), for a field that must be present.
    pub(crate) fn need<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(FieldValue) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(name) {
            self.values.remove(name);
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

    /// Reads the list of objects in a field.
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
        let values = members.into_iter().map(|(name, value)| (name, FieldValue::Json(value))).collect();
        let prefix = format!("{}{name}.", self.prefix);
        let mut inner = Self { prefix, values, ..Self::default() };
        let value = read(&mut inner);
        self.errors.extend(inner.finish());
        value
    }

    /// The names of the fields that were read.
    pub(crate) fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// The errors so far.
    pub(crate) fn errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// All errors, including one for each field that was not read.
    pub(crate) fn finish(mut self) -> Vec<FieldError> {
        for name in std::mem::take(&mut self.values).into_keys() {
            let reason = unknown(self.known.iter().copied(), &name);
            self.note(&name, reason);
        }
        self.errors
    }
}

/// A JSON value; a cell contains its text.
fn json(values: FieldValue) -> Result<Value, String> {
    match values {
        FieldValue::Json(value) => Ok(value),
        FieldValue::Cell(text) => serde_json::from_str(&text).map_err(|_| "must be JSON".to_owned()),
    }
}

/// The type of a JSON value in words.
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
