//! Parses the head of a request and re-encodes it.
//!
//! The HTTP library reads only what is written here. So both agree on the framing of a request, and the library refuses
//! nothing by itself.

use actix_web::http::{Method, Uri};
use actix_web::web::BytesMut;
use httparse::{EMPTY_HEADER, Error, Request, Status};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::error::{HEAD_ERROR_FIELD, HeadError};
use super::{MAX_FIELDS, MAX_TARGET};

/// Characters that a target must not contain (RFC 3986) but that clients send. Non-ASCII bytes are always encoded.
const ENCODED: &AsciiSet =
    &CONTROLS.add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// How the body after a head is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// No body.
    None,
    /// This many bytes, at least one.
    Length(u64),
    /// Chunked.
    Chunked,
}

/// Moves a complete head from the input to the output; [`None`] while it is incomplete.
pub(super) fn forward(input: &mut BytesMut, output: &mut BytesMut) -> Result<Option<Framing>, HeadError> {
    skip_empty_lines(input);
    encode_target(input)?;
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut request = Request::new(&mut fields);
    let length = match request.parse(input) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(Error::TooManyHeaders) => return Err(HeadError::FieldsTooLarge),
        Err(_) => return Err(HeadError::Syntax),
    };
    let written = output.len();
    let framing = write(&request, output).inspect_err(|_| output.truncate(written))?;
    let _ = input.split_to(length);
    Ok(Some(framing))
}

/// Writes the head of a request that is answered with this error, in place of the invalid one. It keeps the path, which
/// decides on the surface that answers.
pub(super) fn forward_error(error: HeadError, input: &[u8], output: &mut BytesMut) {
    let line = input.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut message = line.split(|byte| *byte == b' ');
    let method = if message.next() == Some(b"HEAD") { "HEAD" } else { "GET" };
    let path =
        message.next().and_then(|target| target.split(|byte| *byte == b'?').next()).unwrap_or_default();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(byte);
    let plain = path.iter().take_while(|byte| is_plain(byte)).count().min(MAX_TARGET);
    let path = if path.starts_with(b"/") { &path[..plain] } else { b"/" };
    for part in [method.as_bytes(), b" ", path, b" HTTP/1.1\r\nHost: none\r\nConnection: close\r\n"] {
        output.extend_from_slice(part);
    }
    field(output, "X-Request-Id", request_id(input));
    field(output, HEAD_ERROR_FIELD, error.name().as_bytes());
    output.extend_from_slice(b"\r\n");
}

/// The request id in an incomplete or invalid head, if the id is valid.
fn request_id(input: &[u8]) -> &[u8] {
    let ids = input.split(|byte| *byte == b'\n').skip(1).filter_map(|line| {
        let (name, id) = line.split_at_checked("x-request-id:".len())?;
        let id = id.strip_suffix(b"\r")?.trim_ascii();
        let is_valid = id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        (name.eq_ignore_ascii_case(b"x-request-id:") && is_valid).then_some(id)
    });
    ids.take(1).next().unwrap_or_default()
}

/// Empty lines before a request are ignored (RFC 9112, 2.2).
fn skip_empty_lines(input: &mut BytesMut) {
    loop {
        let empty = if input.starts_with(b"\r\n") { 2 } else { usize::from(input.starts_with(b"\n")) };
        if empty == 0 {
            return;
        }
        let _ = input.split_to(empty);
    }
}

/// Percent-encodes the characters that the client should have encoded, as proxies do.
fn encode_target(input: &mut BytesMut) -> Result<(), HeadError> {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return Ok(()) };
    let spaces = |byte: &u8| *byte == b' ';
    let line = &input[..end];
    let (Some(first), Some(last)) = (line.iter().position(spaces), line.iter().rposition(spaces)) else {
        return Ok(());
    };
    let Some(target) = line.get(first + 1..last) else { return Ok(()) };
    if target.len() > MAX_TARGET {
        return Err(HeadError::TargetTooLong);
    }
    let is_clean =
        target.iter().all(|byte| byte.is_ascii() && (byte.is_ascii_control() || !is_encoded(*byte)));
    if is_clean {
        return Ok(());
    }
    let mut encoded = BytesMut::with_capacity(input.len() + 2 * target.len());
    encoded.extend_from_slice(&input[..=first]);
    for byte in target {
        // A control character is left as it is, and refused later.
        if byte.is_ascii_control() {
            encoded.extend_from_slice(&[*byte]);
        } else {
            percent_encode(&[*byte], ENCODED).for_each(|text| encoded.extend_from_slice(text.as_bytes()));
        }
    }
    encoded.extend_from_slice(&input[last..]);
    *input = encoded;
    Ok(())
}

fn is_encoded(byte: u8) -> bool {
    b"\"<>\\^`{|}".contains(&byte)
}

fn write(request: &Request<'_, '_>, output: &mut BytesMut) -> Result<Framing, HeadError> {
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(HeadError::Syntax);
    };
    let uri = Uri::try_from(target).map_err(|_| HeadError::Target)?;
    if uri.path().is_empty() || method == Method::CONNECT.as_str() {
        return Err(HeadError::Target);
    }
    let is_1_1 = minor == 1;
    let version = if is_1_1 { "HTTP/1.1" } else { "HTTP/1.0" };
    for part in [method, " ", target, " ", version, "\r\n"] {
        output.extend_from_slice(part.as_bytes());
    }
    let (mut hosts, mut length, mut is_chunked) = (0, None, false);
    for header in request.headers.iter() {
        let (name, value) = (header.name, header.value);
        let is = |own: &str| name.eq_ignore_ascii_case(own);
        // Decline an upgrade by ignoring it (RFC 9110, 7.8).
        if is("upgrade") || is("http2-settings") || is(HEAD_ERROR_FIELD) {
            continue;
        }
        if is("connection") {
            connection(output, value);
            continue;
        }
        if is("host") {
            hosts += 1;
        } else if is("content-length") {
            let given = content_length(value).filter(|_| length.is_none());
            length = Some(given.ok_or(HeadError::BodyLength)?);
        } else if is("transfer-encoding") {
            if is_chunked || !is_1_1 || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(HeadError::BodyLength);
            }
            is_chunked = true;
        }
        field(output, name, value);
    }
    output.extend_from_slice(b"\r\n");
    if hosts > 1 || (is_1_1 && hosts == 0) {
        return Err(HeadError::Host);
    }
    match (length, is_chunked) {
        (Some(_), true) => Err(HeadError::BodyLength),
        // In HTTP/1.0, only `Content-Length: 0` marks a POST without a body.
        (None, false) if !is_1_1 && method == Method::POST.as_str() => Err(HeadError::BodyLength),
        (None, true) => Ok(Framing::Chunked),
        (None | Some(0), false) => Ok(Framing::None),
        (Some(length), false) => Ok(Framing::Length(length)),
    }
}

fn field(output: &mut BytesMut, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        output.extend_from_slice(part);
    }
}

/// Writes the connection options, without the upgrade.
fn connection(output: &mut BytesMut, value: &[u8]) {
    let is_upgrade = |option: &[u8]| {
        option.eq_ignore_ascii_case(b"upgrade") || option.eq_ignore_ascii_case(b"http2-settings")
    };
    let options = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let kept: Vec<&[u8]> = options.filter(|option| !option.is_empty() && !is_upgrade(option)).collect();
    if !kept.is_empty() {
        field(output, "Connection", &kept.join(&b", "[..]));
    }
}

fn content_length(value: &[u8]) -> Option<u64> {
    let is_plain = value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| is_plain)?.parse().ok()
}
