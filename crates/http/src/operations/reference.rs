use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use utoipa_swagger_ui::Config;

use crate::core::{Asset, json};

/// The files that the page asks for.
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

/// The API's description, for programs.
pub(super) async fn document() -> HttpResponse {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(crate::openapi);
    json(HttpResponse::Ok(), &*DOCUMENT)
}

/// The API's description, for people.
pub(super) async fn page() -> HttpResponse {
    crate::core::page("no-cache", include_str!("reference/page.html"))
}
