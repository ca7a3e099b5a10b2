use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use actix_web::web::{Buf, BytesMut};
use futures_util::StreamExt;

use super::{ApiError, JsonObject, MalformedJson};
use crate::HttpSettings;

/// A request body of one of several media types.
pub(crate) enum BodyContent {
    /// Nothing, or only white space.
    Empty,
    /// Sent as JSON.
    Json(BytesMut),
    /// Sent as a URL-encoded form.
    Form(BytesMut),
}

/// The body, as JSON or as a form.
pub(super) async fn read_content(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<BodyContent, ApiError> {
    let body = read(request, payload, settings).await?;
    if body.trim_ascii().is_empty() {
        return Ok(BodyContent::Empty);
    }
    match media_type(request).as_deref() {
        Some("application/json") => Ok(BodyContent::Json(body)),
        Some("application/x-www-form-urlencoded") => Ok(BodyContent::Form(body)),
        Some(_) | None => Err(ApiError::UnsupportedMediaType),
    }
}

/// The body, which must be a JSON object.
pub(super) async fn read_object(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<JsonObject, ApiError> {
    let body = read(request, payload, settings).await?;
    if !body.trim_ascii().is_empty() && media_type(request).as_deref() != Some("application/json") {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(JsonObject::parse(&body)?)
}

/// The body without its byte order mark.
async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<BytesMut, ApiError> {
    let too_large = || ApiError::BodyTooLarge { limit: settings.body_limit };
    // Refuse it before the first byte is read.
    if announced_length(request.headers()).is_some_and(|length| length > settings.body_limit) {
        return Err(too_large());
    }
    let collect = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| MalformedJson::Incomplete)?;
            if body.len() + chunk.len() > settings.body_limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    let mut body =
        tokio::time::timeout(settings.body_timeout, collect).await.unwrap_or(Err(ApiError::BodyTimeout))?;
    if body.starts_with("\u{feff}".as_bytes()) {
        body.advance("\u{feff}".len());
    }
    Ok(body)
}

/// The length of the body that a request announces, in bytes.
pub(crate) fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The media type of the body without its charset; [`None`] if the body has a content coding.
fn media_type(request: &HttpRequest) -> Option<String> {
    let is_plain = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let mime = request.mime_type().ok().flatten().filter(|_| is_plain);
    mime.map(|mime| mime.essence_str().to_owned())
}
