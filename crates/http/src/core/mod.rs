//! What the surfaces share. Nothing here serialises: each [`Surface`] answers an [`ApiError`] in its own envelope.

mod access_log;
mod bearer;
mod body;
mod chunked;
mod context;
mod cors;
mod endpoint;
mod error;
mod host;
mod json;
mod messages;
pub(crate) mod openapi;
mod origin;
mod page;
mod routes;
mod streams;
mod telemetry;
mod trailing_commas;

pub(crate) use body::{BodyContent, announced_length};
pub(crate) use context::{HttpContext, SurfaceState, UseCaseTimeout};
pub(crate) use cors::cors;
pub(crate) use endpoint::{Endpoint, EndpointError, Input, OperationError};
pub(crate) use error::{ApiError, Surface, json, whole_seconds};
pub(crate) use host::{HostName, hosts, is_of_own_origin, names_loopback_alone};
pub(crate) use json::{JsonField, JsonMembers, JsonObject, MalformedJson, parse_object};
pub(crate) use page::{Asset, page, page_of, page_with_policy};
pub(crate) use routes::{below, fallback, mount, resource, resources};
pub use streams::StreamSlots;
pub(crate) use streams::{NoStreamSlot, StreamSlot};
pub(crate) use telemetry::Telemetry;
