use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::trailing_commas::without_trailing_commas;

/// A JSON object as it was sent: in its order, with the keys that occur twice. Never printed: it may hold secrets.
pub(crate) struct JsonObject(Vec<(String, Value)>);

/// The members of an object in their order, with the keys that occur twice.
pub(crate) struct JsonMembers<T>(pub(crate) Vec<(String, T)>);

/// What an object holds under a key.
pub(crate) enum JsonField<'a> {
    /// No such key.
    Absent,
    /// A null.
    Null,
    /// A string.
    Text(&'a str),
    /// A number, boolean, array or object.
    Other,
    /// The key, several times.
    Repeated,
}

/// Why a request body is no JSON object. Positions count from one, columns in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MalformedJson {
    /// JSON is UTF-8 (RFC 8259, 8.1); this is UTF-16 or UTF-32.
    NotUtf8,
    /// The connection broke, or the framing, before its end.
    Incomplete,
    /// No JSON, from here on.
    Syntax { line: usize, column: usize },
    /// JSON, but something else than an object.
    NotAnObject { line: usize, column: usize },
}

impl JsonObject {
    /// Reads an object. Trailing commas are forgiven; nothing else is.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, MalformedJson> {
        parse_object(body)
    }

    /// What it holds under this key.
    pub(crate) fn given(&self, key: &str) -> JsonField<'_> {
        let mut values = self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => JsonField::Absent,
            (Some(_), Some(_)) => JsonField::Repeated,
            (Some(Value::Null), None) => JsonField::Null,
            (Some(Value::String(text)), None) => JsonField::Text(text),
            (Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)), None) => {
                JsonField::Other
            }
        }
    }
}

/// Reads an object as a type that reads itself from any object. Trailing commas are forgiven; nothing else is. A client
/// that has nothing to say may send nothing, or `null`: that is an empty object.
pub(crate) fn parse_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, MalformedJson> {
    let body = match body.trim_ascii() {
        b"" | b"null" => b"{}",
        _ if is_utf_16(body) => return Err(MalformedJson::NotUtf8),
        _ => body,
    };
    strict(body).or_else(|error| match without_trailing_commas(body) {
        Some(mended) => strict(&mended),
        None => Err(error),
    })
}

fn strict<T: DeserializeOwned>(body: &[u8]) -> Result<T, MalformedJson> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => {
            let (line, column) = first_position(body);
            MalformedJson::NotAnObject { line, column }
        }
        Category::Io | Category::Syntax | Category::Eof => {
            MalformedJson::Syntax { line: error.line(), column: error.column().max(1) }
        }
    })
}

/// Whether it begins as UTF-16 or UTF-32 does: with a byte order mark, or with ASCII in wider units (RFC 4627, 3).
fn is_utf_16(body: &[u8]) -> bool {
    matches!(body, [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, _, ..] | [_, 0, ..])
}

/// Where the first byte stands that is no white space.
fn first_position(body: &[u8]) -> (usize, usize) {
    let before = &body[..body.len() - body.trim_ascii_start().len()];
    let mut lines = before.rsplit(|byte| *byte == b'\n');
    let column = lines.next().map_or(0, <[u8]>::len) + 1;
    (lines.count() + 1, column)
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        JsonMembers::deserialize(deserializer).map(|JsonMembers(members)| Self(members))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonMembers<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
            type Value = JsonMembers<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<JsonMembers<T>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(JsonMembers(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(text: &str) -> JsonObject {
        JsonObject::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn refusal(text: &str) -> MalformedJson {
        JsonObject::parse(text.as_bytes()).err().expect("no object")
    }

    #[test]
    fn a_key_is_found_as_it_was_given() {
        let text = r#"{"a": "x", "b": null, "c": 1, "d": "", "d": 2, "\u0065": [{}]}"#;
        let object = object(text);
        assert!(matches!(object.given("a"), JsonField::Text("x")));
        assert!(matches!(object.given("b"), JsonField::Null));
        assert!(matches!(object.given("c"), JsonField::Other));
        assert!(matches!(object.given("d"), JsonField::Repeated));
        assert!(matches!(object.given("e"), JsonField::Other));
        assert!(matches!(object.given("f"), JsonField::Absent));
    }

    #[test]
    fn trailing_commas_are_forgiven() {
        let object = object("{\n \"a\": \"x\",\n}");
        assert!(matches!(object.given("a"), JsonField::Text("x")));
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_stops_being_some() {
        assert_eq!(refusal("{\"a\": }"), MalformedJson::Syntax { line: 1, column: 7 });
        assert_eq!(refusal("{\n\"a\": 1"), MalformedJson::Syntax { line: 2, column: 6 });
        assert_eq!(refusal("{\"a\": 1} x"), MalformedJson::Syntax { line: 1, column: 10 });
        assert_eq!(refusal("{'a': 1}"), MalformedJson::Syntax { line: 1, column: 2 });
        // The comma is forgiven; what follows it on the next line is not.
        assert_eq!(refusal("{\"a\": [1,],\n oops}"), MalformedJson::Syntax { line: 2, column: 2 });
    }

    #[test]
    fn what_is_no_object_is_refused_where_it_begins() {
        for text in ["[]", "[{\"a\": 1}]", "1", "\"{}\"", "null null", "true"] {
            assert_eq!(refusal(text), MalformedJson::NotAnObject { line: 1, column: 1 }, "{text}");
        }
        assert_eq!(refusal("\n\n  []"), MalformedJson::NotAnObject { line: 3, column: 3 });
    }

    #[test]
    fn a_null_body_and_an_empty_body_are_an_empty_object() {
        for text in ["", " \r\n", "null", "\n null\t", "{}"] {
            assert!(object(text).0.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn utf_16_is_named() {
        let units = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        for text in ["{}", "\u{feff}{}", "{\"a\": \"ü\"}", "null"] {
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(
                    JsonObject::parse(&units(text, bytes)).err(),
                    Some(MalformedJson::NotUtf8),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let deep = format!("{{\"a\": {}", "[".repeat(15_000));
        assert!(matches!(refusal(&deep), MalformedJson::Syntax { .. }));
        for bytes in
            [b"{\"a\": \"\xff\"}".as_slice(), b"\xff\xfe", b"{\"a\": \"\\ud800\"}", b"{\"a\": \"\0\"}"]
        {
            assert!(JsonObject::parse(bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = JsonObject::parse(&bytes);
        }

        #[test]
        fn positions_lie_within_the_text(text in "[\\[\\]{},:\"\\\\ \na1]{1,40}") {
            match JsonObject::parse(text.as_bytes()).err() {
                Some(MalformedJson::Syntax { line, column } | MalformedJson::NotAnObject { line, column }) => {
                    prop_assert!((1..=text.split('\n').count()).contains(&line));
                    prop_assert!((1..=text.len()).contains(&column));
                }
                Some(MalformedJson::NotUtf8 | MalformedJson::Incomplete) | None => {}
            }
        }
    }
}
