//! Pages for people: how to begin, and in development the messages of the server. They ask nobody else for anything,
//! and are of use without their scripts.

mod local;
mod outbox;
mod start;

use std::sync::{Arc, LazyLock};

use actix_web::guard;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;
use asteroid_application::ports::development::DevelopmentOutbox;

use crate::HttpSettings;
use crate::core::{ApiError, Asset, Surface, SurfaceState, resource};

/// The files that every page asks for.
static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset::css("page.css", &include_bytes!("assets/page.css")[..]),
        Asset::script("copy.js", &include_bytes!("assets/copy.js")[..]),
    ]
});

static LIVE: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("live.js", &include_bytes!("assets/live.js")[..]));

/// Mounts the pages; wrong methods are answered as `S` does. The outbox is there if it is given, for those who ask from
/// this machine; for all others nothing is.
pub(crate) fn configure<S: Surface, O: DevelopmentOutbox>(
    outbox: Option<Arc<O>>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let at = resource::<S>;
        let shows_outbox = outbox.is_some();
        let start = move |request| async move { start::page::<S>(&request, shows_outbox) };
        config.service(at("", vec![(Method::GET, web::to(start))]));
        for asset in ASSETS.iter() {
            let answer = || async { asset.answer() };
            config.service(at(&format!("/pages/{}", asset.name), vec![(Method::GET, web::to(answer))]));
        }
        let Some(use_cases) = outbox else { return };
        config.app_data(Data::new(SurfaceState { use_cases, settings }));
        for (path, route) in [
            ("/dev/outbox", web::to(outbox::page::<S, O>)),
            ("/dev/outbox/messages", web::to(outbox::messages::<S, O>)),
            ("/dev/outbox/live.js", web::to(|| async { LIVE.answer() })),
        ] {
            let here = at(path, vec![(Method::GET, route)]);
            config.service(here.guard(guard::fn_guard(|request| local::is_local(request.head()))));
        }
    }
}

/// Renders a page; the values are escaped.
fn render(template: &impl Template) -> Result<String, ApiError> {
    template.render().map_err(|error| {
        tracing::error!("a page could not be rendered: {error}");
        ApiError::Broken
    })
}
