use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::BytesMut;
use futures_util::StreamExt;

use super::{Fault, JsonObject, MalformedJson};
use crate::HttpSettings;

/// The JSON object that the body is.
pub(super) async fn read_object(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<JsonObject, Fault> {
    let body = read(request, payload, settings).await?;
    if !body.is_empty() && !is_plain_json(request) {
        return Err(Fault::UnsupportedMediaType);
    }
    Ok(JsonObject::parse(&body)?)
}

async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    settings: &HttpSettings,
) -> Result<BytesMut, Fault> {
    let too_large = || Fault::BodyTooLarge { limit: settings.body_limit };
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
    tokio::time::timeout(settings.body_timeout, collect).await.unwrap_or(Err(Fault::BodyTimeout))
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the body claims to be JSON, with or without a charset, and not compressed.
fn is_plain_json(request: &HttpRequest) -> bool {
    let is_json =
        request.mime_type().ok().flatten().is_some_and(|mime| mime.essence_str() == "application/json");
    let is_plain = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    is_json && is_plain
}
