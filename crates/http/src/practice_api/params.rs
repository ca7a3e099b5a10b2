//! Parameters as Rails reads them: `user[email]` is `email` within `user`, whether it comes as JSON, as a form or in
//! the query string.

use std::fmt;

use actix_web::HttpRequest;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::core::{ApiError, HttpContext, Members, Sent, parse_object};

/// The parameters of one request. Never printed: they may hold secrets.
#[derive(Default)]
pub(super) struct Params {
    body: Pairs,
    query: Pairs,
}

/// What is given under a name.
pub(super) enum ParamValue<'a> {
    /// Nothing.
    Absent,
    /// A null.
    Null,
    /// A text.
    Text(&'a str),
    /// A boolean, or the number 1, which says the same as `true`.
    Truth(bool),
    /// Another number, an array, an object, or bytes that are no text.
    Other,
    /// Several values.
    Repeated,
}

/// Names with their values, in the order in which they were sent. A name may occur twice.
#[derive(Default)]
struct Pairs(Vec<(String, Value)>);

enum Value {
    Null,
    Text(String),
    Truth(bool),
    Other,
}

impl Params {
    /// The parameters in the body and in the query string. What is in both counts as it is in the body.
    pub(super) async fn of<U: 'static>(context: &mut HttpContext<U>) -> Result<Self, ApiError> {
        let body = match context.sent().await? {
            Sent::Nothing => Pairs::default(),
            Sent::Json(text) => parse_object(&text)?,
            Sent::Form(text) => Pairs::of_form(&text),
        };
        Ok(Self { body, ..Self::of_query(context.request()) })
    }

    /// The parameters in the query string alone.
    pub(super) fn of_query(request: &HttpRequest) -> Self {
        Self { body: Pairs::default(), query: Pairs::of_form(request.query_string().as_bytes()) }
    }

    /// Whether anything is given under a name that begins so and goes on, like `terms[accept][]`.
    pub(super) fn has_below(&self, prefix: &str) -> bool {
        let mut names = self.body.0.iter().chain(&self.query.0).map(|(name, _)| name);
        names.any(|name| name.len() > prefix.len() && name.starts_with(prefix))
    }

    /// What is given under this name.
    pub(super) fn given(&self, name: &str) -> ParamValue<'_> {
        match self.body.given(name) {
            ParamValue::Absent => self.query.given(name),
            given => given,
        }
    }
}

impl Pairs {
    fn of_form(text: &[u8]) -> Self {
        let value = |text: String| {
            // What was no UTF-8 is lost by now: two different passwords would have become one.
            if text.contains(char::REPLACEMENT_CHARACTER) { Value::Other } else { Value::Text(text) }
        };
        let pairs = form_urlencoded::parse(text).into_owned();
        Self(pairs.map(|(name, text)| (name, value(text))).collect())
    }

    fn given(&self, name: &str) -> ParamValue<'_> {
        let mut values = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => ParamValue::Absent,
            (Some(_), Some(_)) => ParamValue::Repeated,
            (Some(Value::Null), None) => ParamValue::Null,
            (Some(Value::Text(text)), None) => ParamValue::Text(text),
            (Some(Value::Truth(truth)), None) => ParamValue::Truth(*truth),
            (Some(Value::Other), None) => ParamValue::Other,
        }
    }
}

/// A value of a JSON object.
enum Node {
    Leaf(Value),
    Group(Members<Node>),
}

impl Node {
    /// A group within a group is more than any parameter is.
    fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Group(_) => Value::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Members(members) = Members::deserialize(deserializer)?;
        let mut pairs = Vec::new();
        for (name, node) in members {
            match node {
                Node::Leaf(value) => pairs.push((name, value)),
                Node::Group(Members(group)) => pairs.extend(
                    group.into_iter().map(|(own, node)| (format!("{name}[{own}]"), node.into_value())),
                ),
            }
        }
        Ok(Self(pairs))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Leaf(Value::Null))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
                Ok(Node::Leaf(Value::Truth(truth)))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Leaf(Value::Other))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
                Ok(Node::Leaf(if number == 1 { Value::Truth(true) } else { Value::Other }))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Leaf(Value::Other))
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Leaf(Value::Text(text.to_owned())))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Node, S::Error> {
                while seq.next_element::<Node>()?.is_some() {}
                Ok(Node::Leaf(Value::Other))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Node, M::Error> {
                Members::deserialize(MapAccessDeserializer::new(map)).map(Node::Group)
            }
        }

        deserializer.deserialize_any(Any)
    }
}
