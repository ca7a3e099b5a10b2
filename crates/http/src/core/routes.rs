use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, Resource, Route, Scope};
use futures_util::FutureExt;

use super::{ApiError, Endpoint, Surface};

/// Mounts the endpoints of a surface in a scope for each prefix. Unknown paths below a prefix are answered 404. Nothing
/// may be stored: answers hold tokens and personal data, or show whether a user exists.
pub(crate) fn mount<S: Surface>(
    config: &mut ServiceConfig,
    prefixes: &[&str],
    mut endpoints: Vec<Endpoint>,
    prepare: impl Fn(Scope) -> Scope,
) {
    for prefix in prefixes {
        let (here, elsewhere) =
            endpoints.into_iter().partition(|endpoint| below(endpoint.path(), prefix).is_some());
        endpoints = elsewhere;
        let scope = prepare(web::scope(prefix)).default_service(fallback::<S>());
        let scope = resources::<S>(here, prefix).into_iter().fold(scope, Scope::service);
        config.service(scope.wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store"))));
    }
    assert!(endpoints.is_empty(), "the path of every endpoint begins with a prefix of its surface");
}

/// The rest of a path that is a prefix or below it.
pub(crate) fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A resource for each path of the endpoints, which all are below the prefix.
pub(crate) fn resources<S: Surface>(endpoints: Vec<Endpoint>, prefix: &str) -> Vec<Resource> {
    let mut routes: BTreeMap<String, Vec<(Method, Route)>> = BTreeMap::new();
    for endpoint in endpoints {
        let path = endpoint.path()[prefix.len()..].to_owned();
        routes.entry(path).or_default().push(endpoint.into_route());
    }
    routes.into_iter().map(|(path, routes)| resource::<S>(&path, routes)).collect()
}

/// What answers at a path, with or without a slash at its end: a route for each method, `HEAD` wherever `GET`,
/// and 405 to all others.
pub(crate) fn resource<S: Surface>(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let mut resource = web::resource([path.to_owned(), format!("{path}/")]);
    let mut allowed = Vec::new();
    for (method, route) in routes {
        let methods = if method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![method] };
        allowed.extend(methods.iter().map(ToString::to_string));
        let guard = guard::fn_guard(move |request| methods.contains(&request.head().method));
        resource = resource.route(route.guard(guard).wrap(from_fn(catch_panic::<S, _>)));
    }
    let allow = HeaderValue::from_str(&allowed.join(", ")).expect("methods are tokens");
    resource.default_service(web::to(move || {
        let answer = S::answer(&ApiError::MethodNotAllowed { allow: allow.clone() });
        async { answer }
    }))
}

/// Answers 404: for the paths that nothing else claims.
pub(crate) fn fallback<S: Surface>() -> Route {
    web::to(|| async { S::answer(&ApiError::NotFound) })
}

/// A panic costs its own request, and no other.
async fn catch_panic<S: Surface, B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let kept = request.request().clone();
    let handled = async { next.call(request).await };
    match AssertUnwindSafe(handled).catch_unwind().await {
        Ok(response) => response.map(ServiceResponse::map_into_boxed_body),
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("no message");
            tracing::error!("a handler panicked: {message}");
            Ok(ServiceResponse::new(kept, S::answer(&ApiError::Broken)))
        }
    }
}
