use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, Resource, Route, web};
use futures_util::FutureExt;

use super::{ApiError, Surface};

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
