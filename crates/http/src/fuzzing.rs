//! The parsers of what clients send, for the fuzz targets.

use actix_web::web::BytesMut;

use crate::core::JsonObject;
use crate::practice_api;
use crate::wire;

/// Parses a JSON body.
pub fn json_body(body: &[u8]) {
    let _ = JsonObject::parse(body);
    practice_api::fuzzing::json_body(body);
}

/// Parses a form body.
pub fn form_body(body: &[u8]) {
    practice_api::fuzzing::form_body(body);
}

/// Decodes a cursor; one that is accepted names the client that its encoding names.
pub fn cursor(text: &str) {
    practice_api::fuzzing::cursor(text);
}

/// Reads the heads and bodies of requests.
pub fn http_head(bytes: &[u8]) {
    wire::fuzzing::http_head(BytesMut::from(bytes));
}
