//! `/admin/v1`: what programs administer with admin keys. Each endpoint is one file: body, handler, reply, errors.

mod authorization;
mod body;
mod events_list;
mod listing;
mod messages;
mod openapi;
mod practices;
mod segments;
mod terms;
mod users_create;
mod users_delete;
mod users_edit;
mod users_list;
mod users_password;
mod users_sessions;
mod users_show;
mod users_status;

use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use asteroid_application::administration::Administration;
use asteroid_kernel::AdminKeyId;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::HttpSettings;
use crate::admin::error::AdminSurface;
use crate::core::{ApiError, Endpoint, SurfaceState, json, mount, resource};

pub use openapi::openapi;

/// The surface answers these paths and all paths below them.
const PREFIX: &str = "/admin/v1";

/// The use cases behind the surface, and how often programs may call them. All workers of a server share one.
pub struct AdminApi<D> {
    administration: Arc<D>,
    rate: DefaultKeyedRateLimiter<AdminKeyId>,
}

impl<D> AdminApi<D> {
    /// Lets each program call the use cases so often in a minute.
    #[must_use]
    pub fn new(administration: Arc<D>, requests_per_minute: NonZeroU32) -> Self {
        Self { administration, rate: RateLimiter::keyed(Quota::per_minute(requests_per_minute)) }
    }

    /// The use cases.
    pub(crate) fn administration(&self) -> &Arc<D> {
        &self.administration
    }

    /// Counts a request of the program with this key.
    fn check_rate(&self, key: AdminKeyId) -> Result<(), ApiError> {
        self.rate.check_key(&key).map_err(|limited| ApiError::TooManyRequests {
            retry_after: limited.wait_time_from(DefaultClock::default().now()),
        })
    }
}

/// Every endpoint of the surface, for actix and for the OpenAPI document.
fn endpoints<D: Administration>() -> Vec<Endpoint> {
    vec![
        users_list::endpoint::<D>(),
        users_create::endpoint::<D>(),
        users_show::endpoint::<D>(),
        users_edit::endpoint::<D>(),
        users_delete::endpoint::<D>(),
        users_show::export_endpoint::<D>(),
        users_status::disable_endpoint::<D>(),
        users_status::enable_endpoint::<D>(),
        users_status::unlock_endpoint::<D>(),
        users_status::require_reset_endpoint::<D>(),
        users_password::endpoint::<D>(),
        users_sessions::end_all_endpoint::<D>(),
        users_sessions::end_endpoint::<D>(),
        events_list::endpoint::<D>(),
        messages::list_endpoint::<D>(),
        messages::retry_endpoint::<D>(),
        practices::list_endpoint::<D>(),
        practices::clients_endpoint::<D>(),
        terms::list_endpoint::<D>(),
        terms::publish_endpoint::<D>(),
        terms::acceptances_endpoint::<D>(),
    ]
}

/// Mounts the surface and its description.
pub(crate) fn configure<D: Administration>(
    api: Arc<AdminApi<D>>,
    settings: Arc<HttpSettings>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let description = Arc::clone(&settings);
        let state = Data::new(SurfaceState { use_cases: api, settings });
        mount::<AdminSurface>(config, &[PREFIX], endpoints::<D>(), |scope| scope.app_data(state.clone()));
        let document = web::to(move || {
            let answer = json(actix_web::HttpResponse::Ok(), &openapi::<D>(&description));
            async { answer }
        });
        config.service(resource::<AdminSurface>(
            "/admin/openapi.json",
            vec![(actix_web::http::Method::GET, document)],
        ));
    }
}
