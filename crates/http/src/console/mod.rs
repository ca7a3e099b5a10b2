//! The console at `/admin/`: pages for operators, rendered on the server. They load nothing from elsewhere, and work without
//! their script.

mod audit;
mod filters;
mod first;
mod new_user;
mod outbox;
mod overview;
mod practices;
mod session;
mod settings;
mod sign_in;
mod terms;
mod user;
mod users;

use std::sync::{Arc, LazyLock};

use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, LOCATION, REFERRER_POLICY};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route};
use askama::Template;
use asteroid_application::accounts::{Sessions, SignIns};
use asteroid_application::administration::Administration;
use asteroid_identity::PasswordFlaw;
use asteroid_kernel::StorageError;

pub use first::FirstAdministrator;
pub use settings::{KeyFact, ServerFacts};

use crate::HttpSettings;
use crate::admin::error::AdminSurface;
use crate::core::{
    ApiError, Asset, HttpContext, SurfaceState, UseCaseTimeout, page_of, page_with_policy, resource,
};

asteroid_kernel::port_alias! {
    /// The use cases by which operators sign in to the console.
    pub trait ConsoleAccounts: SignIns + Sessions;
}

/// The use cases behind the console.
pub(crate) struct Console<A, D> {
    pub(crate) accounts: Arc<A>,
    pub(crate) administration: Arc<D>,
    pub(crate) facts: Arc<dyn ServerFacts>,
    pub(crate) first: Arc<FirstAdministrator>,
}

/// A request to the console.
type ConsoleContext<A, D> = HttpContext<Console<A, D>>;

/// Nothing from elsewhere, nothing inline, no framing; forms go to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const NO_STORE: &str = "no-store";
/// How many rows of a listing a page shows.
const PAGE_LENGTH: usize = 50;

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset::css(
            "console.css",
            concat!(include_str!("../core/assets/base.css"), include_str!("assets/console.css")),
        ),
        Asset::script("console.js", &include_bytes!("assets/console.js")[..]),
    ]
});

/// Why a page of the console is not shown.
enum PageError {
    /// The visitor goes to another page first.
    SeeOther(String),
    /// The form does not come from a page of the console.
    ForeignForm,
    /// An error that any request may meet.
    Api(ApiError),
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StorageError> for PageError {
    fn from(error: StorageError) -> Self {
        Self::Api(error.into())
    }
}

impl From<UseCaseTimeout> for PageError {
    fn from(timeout: UseCaseTimeout) -> Self {
        Self::Api(timeout.into())
    }
}

type PageResult = Result<HttpResponse, PageError>;

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
}

/// Mounts the console.
pub(crate) fn configure<A: ConsoleAccounts, D: Administration>(
    console: Arc<Console<A, D>>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(Data::new(SurfaceState { use_cases: console, settings }));
        for asset in ASSETS.iter() {
            let answer = web::to(|| async { asset.answer() });
            let path = format!("/admin/assets/{}", asset.name);
            config.service(resource::<AdminSurface>(&path, vec![(Method::GET, answer)]));
        }
        for (path, routes) in [
            ("/admin", vec![(Method::GET, route(overview::page::<A, D>))]),
            (
                "/admin/sign-in",
                vec![
                    (Method::GET, route(sign_in::page::<A, D>)),
                    (Method::POST, route(sign_in::sign_in::<A, D>)),
                ],
            ),
            (
                "/admin/first",
                vec![(Method::GET, route(first::page::<A, D>)), (Method::POST, route(first::create::<A, D>))],
            ),
            ("/admin/sign-out", vec![(Method::POST, route(sign_in::sign_out::<A, D>))]),
            ("/admin/users", vec![(Method::GET, route(users::page::<A, D>))]),
            ("/admin/users/results", vec![(Method::GET, route(users::results::<A, D>))]),
            (
                "/admin/users/new",
                vec![
                    (Method::GET, route(new_user::page::<A, D>)),
                    (Method::POST, route(new_user::create::<A, D>)),
                ],
            ),
            ("/admin/users/{id}", vec![(Method::GET, route(user::page::<A, D>))]),
            ("/admin/users/{id}/{action}", vec![(Method::POST, route(user::act::<A, D>))]),
            ("/admin/audit", vec![(Method::GET, route(audit::page::<A, D>))]),
            ("/admin/audit.csv", vec![(Method::GET, route(audit::csv::<A, D>))]),
            ("/admin/audit.ndjson", vec![(Method::GET, route(audit::ndjson::<A, D>))]),
            ("/admin/practices", vec![(Method::GET, route(practices::page::<A, D>))]),
            ("/admin/practices/{id}", vec![(Method::GET, route(practices::practice::<A, D>))]),
            ("/admin/terms", vec![(Method::GET, route(terms::page::<A, D>))]),
            ("/admin/terms/publish", vec![(Method::POST, route(terms::publish::<A, D>))]),
            ("/admin/terms/acceptances", vec![(Method::GET, route(terms::acceptances::<A, D>))]),
            ("/admin/settings", vec![(Method::GET, route(settings::page::<A, D>))]),
            ("/admin/outbox", vec![(Method::GET, route(outbox::page::<A, D>))]),
            ("/admin/outbox/{id}/retry", vec![(Method::POST, route(outbox::retry::<A, D>))]),
        ] {
            config.service(resource::<AdminSurface>(path, routes));
        }
    }
}

/// A route to a page.
fn route<A: ConsoleAccounts, D: Administration>(
    page: impl AsyncFn(ConsoleContext<A, D>) -> PageResult + Clone + 'static,
) -> Route {
    web::to(move |context: ConsoleContext<A, D>| {
        let page = page.clone();
        async move { page(context).await.unwrap_or_else(|error| problem(&error)) }
    })
}

/// Answers what stands in the way of a page.
fn problem(error: &PageError) -> HttpResponse {
    let (response, title, detail) = match error {
        PageError::SeeOther(to) => {
            return HttpResponse::SeeOther()
                .insert_header((LOCATION, to.as_str()))
                .insert_header((actix_web::http::header::CACHE_CONTROL, NO_STORE))
                .finish();
        }
        PageError::ForeignForm => (
            HttpResponse::Forbidden(),
            "Forbidden".to_owned(),
            "The form does not come from a page of this console, or the page is of an earlier sign-in. Nothing was changed."
                .to_owned(),
        ),
        PageError::Api(error) => {
            let title = error.status().canonical_reason().unwrap_or("Error").to_owned();
            (error.response(), title, error.message::<AdminSurface>().into())
        }
    };
    match (ProblemPage { title: &title, detail: &detail }).render() {
        Ok(html) => page_of(response, POLICY, NO_STORE, html),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// Answers a page.
fn show(page: &impl Template) -> PageResult {
    let html = page.render().map_err(|error| {
        tracing::error!("a page could not be rendered: {error}");
        ApiError::Internal
    })?;
    let mut response = page_with_policy(POLICY, NO_STORE, html);
    // Without a referrer, browsers call the origin of the page's forms `null`.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// What a page says of a password that does not meet the policy.
fn weak_password(flaws: &[PasswordFlaw]) -> String {
    let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    format!("The password is refused: {}.", flaws.join("; "))
}

/// The frame around a page.
struct Frame {
    /// The path of the page in the navigation.
    here: &'static str,
    /// Who is signed in.
    operator: String,
    /// The token that forms carry.
    csrf: String,
    /// What was done.
    notice: Option<&'static str>,
}

impl Frame {
    /// The pages of the navigation.
    #[expect(clippy::unused_self, reason = "templates call methods alone")]
    fn pages(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("/admin/", "Overview"),
            ("/admin/users", "Users"),
            ("/admin/audit", "Audit trail"),
            ("/admin/outbox", "Outbox"),
            ("/admin/practices", "Practices"),
            ("/admin/terms", "Terms"),
            ("/admin/settings", "Settings"),
        ]
    }
}
