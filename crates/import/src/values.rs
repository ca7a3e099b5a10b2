//! Parsers of field values. Their errors say what would be valid.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use asteroid_kernel::Timestamp;
use serde_json::Value;

use crate::fields::{FieldValue, kind_of};

/// The largest whole number that JSON represents without loss.
pub(crate) const MAX_NUMBER: i64 = (1 << 53) - 1;

/// Any text but U+0000, which not every store can hold.
pub(crate) fn text(given: FieldValue) -> Result<String, String> {
    let text = match given {
        FieldValue::Cell(text) | FieldValue::Json(Value::String(text)) => text,
        FieldValue::Json(other) => return Err(format!("must be text, not {}", kind_of(&other))),
    };
    if text.contains('\0') { Err("must not hold U+0000".to_owned()) } else { Ok(text) }
}

/// Text that is not blank.
pub(crate) fn full_text(given: FieldValue) -> Result<String, String> {
    let text = text(given)?;
    if text.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(text) }
}

/// Text that fits into a URL path: ASCII letters, digits, `-` and `_`.
pub(crate) fn word(given: FieldValue) -> Result<String, String> {
    let text = text(given)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        Ok(text)
    } else {
        Err("must be 1 to 64 letters, digits, - or _".to_owned())
    }
}

/// Text that `parse` accepts.
pub(crate) fn parsed<T, E: Display>(
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(FieldValue) -> Result<T, String> {
    |given| parse(&text(given)?).map_err(|error| error.to_string())
}

/// Text that [`FromStr`] accepts.
pub(crate) fn from_text<T: FromStr<Err: Display>>(given: FieldValue) -> Result<T, String> {
    parsed(str::parse)(given)
}

/// A timestamp of RFC 3339.
pub(crate) fn time(given: FieldValue) -> Result<Timestamp, String> {
    let text = text(given)?;
    Timestamp::parse(&text).ok_or_else(|| "must be a time like 2022-12-01T15:50:30.000Z".to_owned())
}

/// A whole number within these bounds.
pub(crate) fn whole(bounds: RangeInclusive<i64>) -> impl FnOnce(FieldValue) -> Result<i64, String> {
    move |given| {
        let number = match &given {
            FieldValue::Cell(text) => text.trim().parse().ok(),
            FieldValue::Json(Value::Number(number)) => number.as_i64(),
            FieldValue::Json(_) => None,
        };
        number
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// A numeric id.
pub(crate) fn id(given: FieldValue) -> Result<i64, String> {
    whole(0..=MAX_NUMBER)(given)
}

/// An amount of money in cents.
pub(crate) fn cents(given: FieldValue) -> Result<i64, String> {
    whole(-MAX_NUMBER..=MAX_NUMBER)(given)
}

/// A boolean.
pub(crate) fn flag(given: FieldValue) -> Result<bool, String> {
    let value = match given {
        FieldValue::Json(value) => value.as_bool(),
        // Spreadsheets write them in upper case.
        FieldValue::Cell(text) => text.to_ascii_lowercase().parse().ok(),
    };
    value.ok_or_else(|| "must be true or false".to_owned())
}

/// A list, each item parsed by `read`. A cell contains JSON, or items separated by semicolons.
pub(crate) fn list<T>(
    read: impl Fn(FieldValue) -> Result<T, String>,
) -> impl FnOnce(FieldValue) -> Result<Vec<T>, String> {
    move |given| {
        let not_a_list = || "must be a list".to_owned();
        let items: Vec<FieldValue> = match given {
            FieldValue::Cell(text) if !text.trim_start().starts_with('[') => {
                let items = text.split(';').map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| FieldValue::Cell(item.to_owned())).collect()
            }
            FieldValue::Cell(text) => {
                let items: Vec<Value> = serde_json::from_str(&text).map_err(|_| not_a_list())?;
                items.into_iter().map(FieldValue::Json).collect()
            }
            FieldValue::Json(Value::Array(items)) => items.into_iter().map(FieldValue::Json).collect(),
            FieldValue::Json(_) => return Err(not_a_list()),
        };
        let read_one = |(at, item)| read(item).map_err(|reason| format!("item {}: {reason}", at + 1));
        items.into_iter().enumerate().map(read_one).collect()
    }
}

/// A JSON object in canonical form, so that equal objects have equal texts.
pub(crate) fn object_text(given: FieldValue) -> Result<String, String> {
    let value = match given {
        FieldValue::Json(value) => value,
        FieldValue::Cell(text) => serde_json::from_str(&text).unwrap_or_default(),
    };
    if value.is_object() { Ok(value.to_string()) } else { Err("must be a JSON object".to_owned()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cell(text: &str) -> FieldValue {
        FieldValue::Cell(text.into())
    }

    #[test]
    fn whole_number_out_of_bounds_is_refused() {
        for (given, number) in [
            (FieldValue::Json(json!(-5)), Some(-5)),
            (FieldValue::Json(json!(MAX_NUMBER)), Some(MAX_NUMBER)),
            (FieldValue::Json(json!(MAX_NUMBER + 1)), None),
            (FieldValue::Json(json!(1.5)), None),
            (FieldValue::Json(json!(u64::MAX)), None),
            (FieldValue::Json(json!("5")), None),
            (cell(" -5 "), Some(-5)),
            (cell("5.0"), None),
            (cell("99999999999999999999"), None),
        ] {
            assert_eq!(cents(given.clone()).ok(), number, "{given:?}");
        }
        assert_eq!(id(cell("-1")), Err("must be a whole number from 0 to 9007199254740991".into()));
    }

    #[test]
    fn list_in_a_cell_is_json_or_separated_by_semicolons() {
        for text in ["analytics; caller_id ;", r#"["analytics", "caller_id"]"#] {
            assert_eq!(list(text_item)(cell(text)), Ok(vec!["analytics".into(), "caller_id".into()]));
        }
        assert_eq!(list(id)(cell("1;2")), Ok(vec![1, 2]));
        assert_eq!(
            list(id)(FieldValue::Json(json!([1, "2"]))).map_err(|reason| reason[..7].to_owned()),
            Err("item 2:".into())
        );
        for wrong in [cell("[1"), FieldValue::Json(json!("a;b")), FieldValue::Json(json!({}))] {
            assert_eq!(list(text_item)(wrong), Err("must be a list".into()));
        }
    }

    fn text_item(given: FieldValue) -> Result<String, String> {
        text(given)
    }

    #[test]
    fn invalid_values_are_refused_with_what_would_be_valid() {
        assert_eq!(text(FieldValue::Json(json!(5))), Err("must be text, not a number".into()));
        assert_eq!(text(FieldValue::Json(json!("a\0"))), Err("must not hold U+0000".into()));
        assert_eq!(full_text(FieldValue::Json(json!(" "))), Err("must not be blank".into()));
        assert_eq!(flag(cell("TRUE")), Ok(true));
        assert_eq!(flag(FieldValue::Json(json!("true"))), Err("must be true or false".into()));
        assert!(time(cell("2022-12-01")).is_err());
        assert!(word(cell("a/b")).is_err() && word(cell("ally_test")).is_ok());
        assert_eq!(
            object_text(FieldValue::Json(json!({"b": 1, "a": [true]}))),
            Ok(r#"{"a":[true],"b":1}"#.into())
        );
        assert_eq!(object_text(cell("{}")), Ok("{}".into()));
        for wrong in [cell("x"), cell("[]"), FieldValue::Json(json!("{}"))] {
            assert_eq!(object_text(wrong), Err("must be a JSON object".into()));
        }
    }
}
