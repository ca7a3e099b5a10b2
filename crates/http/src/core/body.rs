use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{Buf, BytesMut};
use futures_util::StreamExt;

use super::{ApiError, JsonObject, MalformedJson};
use crate::HttpSettings;

/// A request body that may be of several types.
pub(crate) enum Sent {
    /// Nothing, or only white space.
    Nothing,
    /// What claims to be JSON.
    Json(BytesMut),
    /// What claims to be a form, URL-encoded.
    Form(BytesMut),
}

/// The body, JSON or a form.
pub(super) async fn read_sent(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<Sent, ApiError> {
    let body = read(request, payload, settings).await?;
    if body.trim_ascii().is_empty() {
        return Ok(Sent::Nothing);
    }
    match media_type(request).as_deref() {
        Some("application/json") => Ok(Sent::Json(body)),
        Some("application/x-www-form-urlencoded") => Ok(Sent::Form(body)),
        Some(_) | None => Err(ApiError::UnsupportedMediaType),
    }
}

/// The JSON object that the body is.
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

/// The body, without the byte order mark that some clients write before UTF-8.
async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<BytesMut, ApiError> {
    let too_large = || ApiError::BodyTooLarge { limit: settings.body_limit };
    // Refused before the first byte is read.
    if announced_length(request).is_some_and(|length| length > settings.body_limit) {
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

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What the body claims to be, whatever its charset; nothing if it is compressed.
fn media_type(request: &HttpRequest) -> Option<String> {
    let is_plain = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let mime = request.mime_type().ok().flatten().filter(|_| is_plain);
    mime.map(|mime| mime.essence_str().to_owned())
}
