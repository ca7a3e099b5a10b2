use std::sync::{Arc, LazyLock};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use utoipa_swagger_ui::Config;

use crate::web::json;

/// Nothing from outside, nothing inline, nothing framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file that the page asks for.
#[derive(Clone)]
pub(super) struct Asset {
    pub(super) name: &'static str,
    content_type: &'static str,
    bytes: Bytes,
}

impl Asset {
    fn of_library(name: &'static str, content_type: &'static str) -> Self {
        let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
        let file = file.ok().flatten().expect("the library comes with this file");
        Self { name, content_type, bytes: Bytes::from(file.bytes.into_owned()) }
    }

    pub(super) fn answer(&self) -> HttpResponse {
        secured(HttpResponse::Ok())
            .insert_header((CONTENT_TYPE, self.content_type))
            .insert_header((CACHE_CONTROL, "max-age=3600"))
            .body(self.bytes.clone())
    }
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files that the page asks for.
pub(super) static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    let own = |name, content_type, text| Asset { name, content_type, bytes: Bytes::from_static(text) };
    [
        Asset::of_library("swagger-ui.css", CSS),
        Asset::of_library("swagger-ui-bundle.js", SCRIPT),
        own("page.css", CSS, include_bytes!("reference/page.css")),
        own("page.js", SCRIPT, include_bytes!("reference/page.js")),
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

fn secured(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    response
}
