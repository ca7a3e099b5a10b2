use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use crate::core::{Asset, json};

/// The assets of the page.
pub(super) static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        Asset::css("swagger-ui.css", of_library("swagger-ui.css")),
        Asset::script("swagger-ui-bundle.js", of_library("swagger-ui-bundle.js")),
        Asset::css("page.css", &include_bytes!("reference/page.css")[..]),
        Asset::script("page.js", &include_bytes!("reference/page.js")[..]),
    ]
});

fn of_library(name: &str) -> Bytes {
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
    let file = file.ok().flatten().expect("the library comes with this file");
    Bytes::from(file.bytes.into_owned())
}

/// The OpenAPI document, made when it is first requested.
pub(crate) struct ApiDocument(LazyLock<OpenApi, Box<dyn FnOnce() -> OpenApi>>);

impl ApiDocument {
    pub(crate) fn new(make: impl FnOnce() -> OpenApi + 'static) -> Self {
        Self(LazyLock::new(Box::new(make)))
    }
}

/// `GET /openapi.json`: the API's description, for programs.
pub(super) async fn document(document: Data<ApiDocument>) -> HttpResponse {
    json(HttpResponse::Ok(), &*document.0)
}

/// `GET /docs`: the API's description, for people.
pub(super) async fn page() -> HttpResponse {
    crate::core::page("no-cache", include_str!("reference/page.html"))
}
