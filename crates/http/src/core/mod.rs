//! What the surfaces share. It speaks no envelope: what goes wrong here is a [`ApiError`], which each [`Surface`]
//! answers in its own way.

mod bearer;
mod body;
mod chunked;
mod commas;
mod context;
mod cors;
pub(crate) mod docs;
mod error;
mod json;
mod messages;
mod origin;
mod page;
mod routes;
mod telemetry;

pub(crate) use body::Sent;
pub(crate) use context::{HttpContext, State};
pub(crate) use cors::cors;
pub(crate) use error::{ApiError, Surface, json, whole_seconds};
pub(crate) use json::{JsonField, JsonObject, MalformedJson, Members, parse_object};
pub(crate) use page::{Asset, page};
pub(crate) use routes::{fallback, resource};
pub(crate) use telemetry::Telemetry;
