//! Pages for people: the start page, and in development the messages of the server. They load nothing from other origins
//! and work without their scripts.

mod local;
mod outbox;
mod start;

use std::sync::{Arc, LazyLock};

use actix_web::guard;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;
use asteroid_application::development::DevelopmentOutbox;

use crate::HttpSettings;
use crate::core::{ApiError, Asset, Surface, SurfaceState, resource};

/// The assets of every page.
static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset::css(
            "page.css",
            concat!(include_str!("../core/assets/base.css"), include_str!("assets/page.css")),
        ),
        Asset::script("copy.js", &include_bytes!("assets/copy.js")[..]),
    ]
});

static LIVE: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("live.js", &include_bytes!("assets/live.js")[..]));

/// Mounts the pages. `S` answers wrong methods. With an outbox, clients on this machine can open its page; all others are
/// answered 404.
pub(crate) fn configure<S: Surface, O: DevelopmentOutbox>(
    outbox: Option<Arc<O>>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let at = resource::<S>;
        let shows_outbox = outbox.is_some();
        let console = settings.console.clone();
        let start = move |request| {
            let answer = start::page::<S>(&request, shows_outbox, console.as_ref());
            async { answer }
        };
        if settings.pages {
            config.service(at("", vec![(Method::GET, web::to(start))]));
        }
        if !settings.pages && !shows_outbox {
            return;
        }
        for asset in ASSETS.iter() {
            let answer = || async { asset.answer() };
            config.service(at(&format!("/pages/{}", asset.name), vec![(Method::GET, web::to(answer))]));
        }
        let Some(use_cases) = outbox else { return };
        config.app_data(Data::new(SurfaceState { use_cases, settings }));
        for (path, routes) in [
            ("/dev/outbox", vec![(Method::GET, web::to(outbox::page::<S, O>))]),
            ("/dev/outbox/messages", vec![(Method::GET, web::to(outbox::messages::<S, O>))]),
            ("/dev/outbox/html/{id}", vec![(Method::GET, web::to(outbox::html::<S, O>))]),
            ("/dev/outbox/live.js", vec![(Method::GET, web::to(|| async { LIVE.answer() }))]),
            (
                "/dev/outbox.json",
                vec![
                    (Method::GET, web::to(outbox::list::<S, O>)),
                    (Method::DELETE, web::to(outbox::delete::<S, O>)),
                ],
            ),
        ] {
            let here = at(path, routes);
            config.service(here.guard(guard::fn_guard(|request| local::is_local(request.head()))));
        }
        let clear = at("/dev/outbox/clear", vec![(Method::POST, web::to(outbox::clear::<S, O>))]);
        config.service(clear.guard(guard::fn_guard(|request| outbox::is_own_form(request.head()))));
    }
}

/// Renders a page; the values are escaped.
fn render(template: &impl Template) -> Result<String, ApiError> {
    template.render().map_err(|error| {
        tracing::error!("a page could not be rendered: {error}");
        ApiError::Internal
    })
}
