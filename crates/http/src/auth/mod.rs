//! The `/v1/auth` and `/v2/auth` surface.

mod bodies;
mod docs;
mod error;
mod fields;
mod form;
mod handlers;
mod replies;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig};
use asteroid_application::accounts::{
    CodeRequests, CodeVerifications, PasswordChanges, PasswordResetRequests, PasswordResets, Profiles,
    Registrations, Sessions, SignIns,
};

use crate::HttpSettings;
use crate::core::{State, fallback, resource};

pub(crate) use docs::openapi;
pub(crate) use error::AuthSurface;

/// The use cases behind this surface.
pub trait AuthUseCases:
    Registrations
    + CodeRequests
    + CodeVerifications
    + SignIns
    + Sessions
    + PasswordChanges
    + PasswordResetRequests
    + PasswordResets
    + Profiles
{
}

impl<
    A: Registrations
        + CodeRequests
        + CodeVerifications
        + SignIns
        + Sessions
        + PasswordChanges
        + PasswordResetRequests
        + PasswordResets
        + Profiles,
> AuthUseCases for A
{
}

/// Mounts the surface: everything below `/v1/auth` and `/v2/auth`, what is unknown there included.
///
/// Request ids, the log's line for each request, the limit on headers and CORS stand around a whole application:
/// [`app`](crate::app) has them, an application of one's own brings its own.
pub fn configure<A: AuthUseCases>(
    accounts: Arc<A>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config| {
        let state = Data::new(State { use_cases: accounts, settings });
        // Answers carry tokens and personal data, or tell whether somebody has an account.
        let scope = |prefix| {
            web::scope(prefix)
                .app_data(state.clone())
                .default_service(fallback::<AuthSurface>())
                .wrap(DefaultHeaders::new().add((CACHE_CONTROL, "no-store")))
        };
        let at = resource::<AuthSurface>;
        let v1 = scope("/v1/auth")
            .service(at("/register", vec![(Method::POST, web::to(handlers::register::<A>))]))
            .service(at("/login", vec![(Method::POST, web::to(handlers::login::<A>))]))
            .service(at("/logout", vec![(Method::POST, web::to(handlers::logout::<A>))]))
            .service(at("/me", vec![(Method::GET, web::to(handlers::me::<A>))]))
            .service(at("/password/change", vec![(Method::PUT, web::to(handlers::change_password::<A>))]))
            .service(at("/password/forgot", vec![(Method::POST, web::to(handlers::forgot_password::<A>))]))
            .service(at("/password/reset", vec![(Method::PUT, web::to(handlers::reset_password::<A>))]))
            .service(at("/verification_codes/send", vec![(Method::POST, web::to(handlers::send_codes::<A>))]))
            .service(at(
                "/verification_codes/verify",
                vec![(Method::POST, web::to(handlers::verify_code::<A>))],
            ))
            .service(at(
                "/sessions",
                vec![
                    (Method::GET, web::to(handlers::list_sessions::<A>)),
                    (Method::DELETE, web::to(handlers::end_other_sessions::<A>)),
                ],
            ))
            .service(at("/sessions/{id}", vec![(Method::DELETE, web::to(handlers::end_session::<A>))]));
        let v2 = scope("/v2/auth").service(at(
            "/verification_codes/send",
            vec![(Method::POST, web::to(handlers::send_autofill_codes::<A>))],
        ));
        config.service(v1).service(v2);
    }
}
