use std::sync::{Arc, LazyLock};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Bytes, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use utoipa_swagger_ui::Config;

use crate::web::{Fault, Surface, json};

/// Nothing from outside, nothing inline, nothing framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files that the page asks for, of those that come with the library.
static ASSETS: LazyLock<Vec<(&str, &str, Bytes)>> = LazyLock::new(|| {
    let library = |name, content_type| {
        let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
        let file = file.ok().flatten().expect("the library has this file");
        (name, content_type, Bytes::from(file.bytes.into_owned()))
    };
    vec![
        library("swagger-ui.css", "text/css; charset=utf-8"),
        library("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8", Bytes::from_static(include_bytes!("reference/page.css"))),
        (
            "page.js",
            "text/javascript; charset=utf-8",
            Bytes::from_static(include_bytes!("reference/page.js")),
        ),
    ]
});

/// The API's description, for programs.
pub(super) async fn document() -> HttpResponse {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(crate::openapi);
    json(HttpResponse::Ok(), &*DOCUMENT)
}

/// The API's description, for people.
pub(super) async fn page() -> HttpResponse {
    secured(HttpResponse::Ok())
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(include_str!("reference/page.html"))
}

/// A file of the page.
pub(super) async fn asset<S: Surface>(file: Path<String>) -> HttpResponse {
    let Some((_, content_type, bytes)) = ASSETS.iter().find(|(name, ..)| *name == file.as_str()) else {
        return S::answer(&Fault::NotFound);
    };
    secured(HttpResponse::Ok())
        .insert_header((CONTENT_TYPE, *content_type))
        .insert_header((CACHE_CONTROL, "max-age=3600"))
        .body(bytes.clone())
}

fn secured(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    response
}
