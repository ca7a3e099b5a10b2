//! Parameters as Rails reads them: `user[email]` is `email` within `user`, whether it comes as JSON, as a form or in
//! the query string.

use std::fmt;

use actix_web::HttpRequest;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::core::{ApiError, BodyContent, HttpContext, JsonMembers, parse_object};

/// The parameters of one request. They cannot be printed: they may hold secrets.
#[derive(Default)]
pub(super) struct Params {
    body: Pairs,
    query: Pairs,
}

/// The value under a name.
pub(super) enum ParamValue<'a> {
    /// Not sent.
    Absent,
    /// A null.
    Null,
    /// A text.
    Text(&'a str),
    /// A boolean, or the number 1, which means `true`.
    Truth(bool),
    /// Another number, an array, an object, or bytes that are not UTF-8.
    Other,
    /// Several values.
    Repeated,
}

/// Names with their values, in the order in which they were sent. A name may occur twice.
#[derive(Default)]
pub(super) struct Pairs(Vec<(String, SentValue)>);

enum SentValue {
    Null,
    Text(String),
    Truth(bool),
    Other,
}

impl Params {
    /// The parameters in the body and in the query string. The body takes precedence.
    pub(super) async fn of<U: 'static>(context: &mut HttpContext<U>) -> Result<Self, ApiError> {
        let body = match context.content().await? {
            BodyContent::Empty => Pairs::default(),
            BodyContent::Json(text) => parse_object(&text)?,
            BodyContent::Form(text) => Pairs::of_form(&text),
        };
        Ok(Self { body, ..Self::of_query(context.request()) })
    }

    /// The parameters in the query string alone.
    pub(super) fn of_query(request: &HttpRequest) -> Self {
        Self { body: Pairs::default(), query: Pairs::of_form(request.query_string().as_bytes()) }
    }

    /// Whether there is a parameter with a longer name that begins with this prefix, like `terms[accept][]`.
    pub(super) fn has_below(&self, prefix: &str) -> bool {
        let mut names = self.body.0.iter().chain(&self.query.0).map(|(name, _)| name);
        names.any(|name| name.len() > prefix.len() && name.starts_with(prefix))
    }

    /// The value under this name.
    pub(super) fn given(&self, name: &str) -> ParamValue<'_> {
        match self.body.given(name) {
            ParamValue::Absent => self.query.given(name),
            given => given,
        }
    }
}

impl Pairs {
    pub(super) fn of_form(text: &[u8]) -> Self {
        let value = |text: String| {
            // Bytes that are not UTF-8 are lost here: two different passwords could become equal.
            if text.contains(char::REPLACEMENT_CHARACTER) { SentValue::Other } else { SentValue::Text(text) }
        };
        let pairs = form_urlencoded::parse(text).into_owned();
        Self(pairs.map(|(name, text)| (name, value(text))).collect())
    }

    fn given(&self, name: &str) -> ParamValue<'_> {
        let mut values = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => ParamValue::Absent,
            (Some(_), Some(_)) => ParamValue::Repeated,
            (Some(SentValue::Null), None) => ParamValue::Null,
            (Some(SentValue::Text(text)), None) => ParamValue::Text(text),
            (Some(SentValue::Truth(truth)), None) => ParamValue::Truth(*truth),
            (Some(SentValue::Other), None) => ParamValue::Other,
        }
    }
}

/// A value of a JSON object.
enum JsonNode {
    Leaf(SentValue),
    Group(JsonMembers<JsonNode>),
}

impl JsonNode {
    /// No parameter is a group within a group.
    fn into_value(self) -> SentValue {
        match self {
            Self::Leaf(value) => value,
            Self::Group(_) => SentValue::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonMembers(members) = JsonMembers::deserialize(deserializer)?;
        let mut pairs = Vec::new();
        for (name, node) in members {
            match node {
                JsonNode::Leaf(value) => pairs.push((name, value)),
                JsonNode::Group(JsonMembers(group)) => pairs.extend(
                    group.into_iter().map(|(own, node)| (format!("{name}[{own}]"), node.into_value())),
                ),
            }
        }
        Ok(Self(pairs))
    }
}

impl<'de> Deserialize<'de> for JsonNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = JsonNode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<JsonNode, E> {
                Ok(JsonNode::Leaf(SentValue::Null))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<JsonNode, E> {
                Ok(JsonNode::Leaf(SentValue::Truth(truth)))
            }

            fn visit_i64<E>(self, _: i64) -> Result<JsonNode, E> {
                Ok(JsonNode::Leaf(SentValue::Other))
            }

            fn visit_u64<E>(self, number: u64) -> Result<JsonNode, E> {
                Ok(JsonNode::Leaf(if number == 1 { SentValue::Truth(true) } else { SentValue::Other }))
            }

            fn visit_f64<E>(self, _: f64) -> Result<JsonNode, E> {
                Ok(JsonNode::Leaf(SentValue::Other))
            }

            fn visit_str<E>(self, text: &str) -> Result<JsonNode, E> {
                Ok(JsonNode::Leaf(SentValue::Text(text.to_owned())))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<JsonNode, S::Error> {
                while seq.next_element::<JsonNode>()?.is_some() {}
                Ok(JsonNode::Leaf(SentValue::Other))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<JsonNode, M::Error> {
                JsonMembers::deserialize(MapAccessDeserializer::new(map)).map(JsonNode::Group)
            }
        }

        deserializer.deserialize_any(NodeVisitor)
    }
}
