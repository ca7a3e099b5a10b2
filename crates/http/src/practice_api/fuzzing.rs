//! The parsers of parameters, for the fuzz targets.

use super::cursor;
use super::params::Pairs;
use crate::core::parse_object;

pub(crate) fn json_body(body: &[u8]) {
    let _ = parse_object::<Pairs>(body);
}

pub(crate) fn form_body(body: &[u8]) {
    let _ = Pairs::of_form(body);
}

pub(crate) fn cursor(text: &str) {
    let Some(key) = cursor::decode(text) else { return };
    assert_eq!(cursor::decode(&cursor::encode(&key)), Some(key));
}
