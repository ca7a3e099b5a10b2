use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// No resources from other origins, nothing inline, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the security fields of pages and their assets.
pub(crate) fn secured(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    response
}

/// An HTML page with a content security policy of its own.
pub(crate) fn page_with_policy(
    policy: &'static str,
    cache_control: &'static str,
    html: impl Into<Bytes>,
) -> HttpResponse {
    page_of(HttpResponse::Ok(), policy, cache_control, html)
}

/// An HTML page.
pub(crate) fn page(cache_control: &'static str, html: impl Into<Bytes>) -> HttpResponse {
    page_with_policy(POLICY, cache_control, html)
}

/// An HTML page with this status and these fields.
pub(crate) fn page_of(
    response: HttpResponseBuilder,
    policy: &'static str,
    cache_control: &'static str,
    html: impl Into<Bytes>,
) -> HttpResponse {
    secured(response)
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, cache_control))
        .body(html.into())
}

/// A file that a page loads.
#[derive(Clone)]
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    content_type: &'static str,
    bytes: Bytes,
}

impl Asset {
    /// A style sheet.
    pub(crate) fn css(name: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { name, content_type: "text/css; charset=utf-8", bytes: bytes.into() }
    }

    /// A script.
    pub(crate) fn script(name: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { name, content_type: "text/javascript; charset=utf-8", bytes: bytes.into() }
    }

    pub(crate) fn answer(&self) -> HttpResponse {
        secured(HttpResponse::Ok())
            .insert_header((CONTENT_TYPE, self.content_type))
            .insert_header((CACHE_CONTROL, "max-age=3600"))
            .body(self.bytes.clone())
    }
}
