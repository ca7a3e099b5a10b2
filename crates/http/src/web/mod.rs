//! What the surfaces share. It speaks no envelope: what goes wrong here is a [`Fault`], which each [`Surface`]
//! answers in its own way.

mod bearer;
mod body;
mod chunked;
mod commas;
mod cors;
pub(crate) mod docs;
mod edge;
mod exchange;
mod fault;
mod json;
mod origin;
mod page;
mod routes;
mod words;

pub(crate) use body::Sent;
pub(crate) use cors::cors;
pub(crate) use edge::Edge;
pub(crate) use exchange::{Exchange, State};
pub(crate) use fault::{Fault, Surface, json, whole_seconds};
pub(crate) use json::{Given, JsonObject, MalformedJson, Members, parse_object};
pub(crate) use page::{Asset, page};
pub(crate) use routes::{fallback, resource};
