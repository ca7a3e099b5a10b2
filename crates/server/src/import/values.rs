//! How the value of a field is read. Each reader says in words what would be right.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use asteroid_kernel::Timestamp;
use serde_json::Value;

use super::fields::{Given, kind_of};

/// The largest whole number that JSON carries without loss.
pub(crate) const MAX_NUMBER: i64 = (1 << 53) - 1;

/// Text as it is. A NUL is refused: not every store keeps it.
pub(crate) fn text(given: Given) -> Result<String, String> {
    let text = match given {
        Given::Cell(text) | Given::Json(Value::String(text)) => text,
        Given::Json(other) => return Err(format!("must be text, not {}", kind_of(&other))),
    };
    if text.contains('\0') { Err("must not hold U+0000".to_owned()) } else { Ok(text) }
}

/// Text that says something.
pub(crate) fn full_text(given: Given) -> Result<String, String> {
    let text = text(given)?;
    if text.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(text) }
}

/// Text that can be a part of a path: letters, digits, `-` and `_` of ASCII.
pub(crate) fn word(given: Given) -> Result<String, String> {
    let text = text(given)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        Ok(text)
    } else {
        Err("must be 1 to 64 letters, digits, - or _".to_owned())
    }
}

/// Text that `parse` makes something of.
pub(crate) fn parsed<T, E: Display>(
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(Given) -> Result<T, String> {
    |given| parse(&text(given)?).map_err(|error| error.to_string())
}

/// Text that is the form of a value.
pub(crate) fn from_text<T: FromStr<Err: Display>>(given: Given) -> Result<T, String> {
    parsed(str::parse)(given)
}

/// A time of RFC 3339.
pub(crate) fn time(given: Given) -> Result<Timestamp, String> {
    let text = text(given)?;
    Timestamp::parse(&text).ok_or_else(|| "must be a time like 2022-12-01T15:50:30.000Z".to_owned())
}

/// A whole number within these bounds.
pub(crate) fn whole(bounds: RangeInclusive<i64>) -> impl FnOnce(Given) -> Result<i64, String> {
    move |given| {
        let number = match &given {
            Given::Cell(text) => text.trim().parse().ok(),
            Given::Json(Value::Number(number)) => number.as_i64(),
            Given::Json(_) => None,
        };
        number
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// The number of something.
pub(crate) fn id(given: Given) -> Result<i64, String> {
    whole(0..=MAX_NUMBER)(given)
}

/// An amount of money in cents.
pub(crate) fn cents(given: Given) -> Result<i64, String> {
    whole(-MAX_NUMBER..=MAX_NUMBER)(given)
}

/// A switch.
pub(crate) fn flag(given: Given) -> Result<bool, String> {
    let value = match given {
        Given::Json(value) => value.as_bool(),
        // Spreadsheets write them in capitals.
        Given::Cell(text) => text.to_ascii_lowercase().parse().ok(),
    };
    value.ok_or_else(|| "must be true or false".to_owned())
}

/// A list, each item as `read` reads it. In a cell it is written as JSON, or parted by semicolons.
pub(crate) fn list<T>(
    read: impl Fn(Given) -> Result<T, String>,
) -> impl FnOnce(Given) -> Result<Vec<T>, String> {
    move |given| {
        let not_a_list = || "must be a list".to_owned();
        let items: Vec<Given> = match given {
            Given::Cell(text) if !text.trim_start().starts_with('[') => {
                let items = text.split(';').map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| Given::Cell(item.to_owned())).collect()
            }
            Given::Cell(text) => {
                let items: Vec<Value> = serde_json::from_str(&text).map_err(|_| not_a_list())?;
                items.into_iter().map(Given::Json).collect()
            }
            Given::Json(Value::Array(items)) => items.into_iter().map(Given::Json).collect(),
            Given::Json(_) => return Err(not_a_list()),
        };
        let read_one = |(at, item)| read(item).map_err(|reason| format!("item {}: {reason}", at + 1));
        items.into_iter().enumerate().map(read_one).collect()
    }
}

/// A JSON object, written out in one way, so that the same object is the same text.
pub(crate) fn object_text(given: Given) -> Result<String, String> {
    let value = match given {
        Given::Json(value) => value,
        Given::Cell(text) => serde_json::from_str(&text).unwrap_or_default(),
    };
    if value.is_object() { Ok(value.to_string()) } else { Err("must be a JSON object".to_owned()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cell(text: &str) -> Given {
        Given::Cell(text.into())
    }

    #[test]
    fn a_whole_number_fits_its_bounds() {
        for (given, number) in [
            (Given::Json(json!(-5)), Some(-5)),
            (Given::Json(json!(MAX_NUMBER)), Some(MAX_NUMBER)),
            (Given::Json(json!(MAX_NUMBER + 1)), None),
            (Given::Json(json!(1.5)), None),
            (Given::Json(json!(u64::MAX)), None),
            (Given::Json(json!("5")), None),
            (cell(" -5 "), Some(-5)),
            (cell("5.0"), None),
            (cell("99999999999999999999"), None),
        ] {
            assert_eq!(cents(given.clone()).ok(), number, "{given:?}");
        }
        assert_eq!(id(cell("-1")), Err("must be a whole number from 0 to 9007199254740991".into()));
    }

    #[test]
    fn a_list_in_a_cell_is_parted_by_semicolons_or_json() {
        for text in ["analytics; caller_id ;", r#"["analytics", "caller_id"]"#] {
            assert_eq!(list(text_item)(cell(text)), Ok(vec!["analytics".into(), "caller_id".into()]));
        }
        assert_eq!(list(id)(cell("1;2")), Ok(vec![1, 2]));
        assert_eq!(
            list(id)(Given::Json(json!([1, "2"]))).map_err(|reason| reason[..7].to_owned()),
            Err("item 2:".into())
        );
        for wrong in [cell("[1"), Given::Json(json!("a;b")), Given::Json(json!({}))] {
            assert_eq!(list(text_item)(wrong), Err("must be a list".into()));
        }
    }

    fn text_item(given: Given) -> Result<String, String> {
        text(given)
    }

    #[test]
    fn texts_flags_times_and_objects_say_what_would_be_right() {
        assert_eq!(text(Given::Json(json!(5))), Err("must be text, not a number".into()));
        assert_eq!(text(Given::Json(json!("a\0"))), Err("must not hold U+0000".into()));
        assert_eq!(full_text(Given::Json(json!(" "))), Err("must not be blank".into()));
        assert_eq!(flag(cell("TRUE")), Ok(true));
        assert_eq!(flag(Given::Json(json!("true"))), Err("must be true or false".into()));
        assert!(time(cell("2022-12-01")).is_err());
        assert!(word(cell("a/b")).is_err() && word(cell("ally_test")).is_ok());
        assert_eq!(
            object_text(Given::Json(json!({"b": 1, "a": [true]}))),
            Ok(r#"{"a":[true],"b":1}"#.into())
        );
        assert_eq!(object_text(cell("{}")), Ok("{}".into()));
        for wrong in [cell("x"), cell("[]"), Given::Json(json!("{}"))] {
            assert_eq!(object_text(wrong), Err("must be a JSON object".into()));
        }
    }
}
