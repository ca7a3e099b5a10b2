//! Closes the connection when an answer is sent before a request body of unknown length has ended.
//!
//! If the body has been dropped by then, actix-http reads it to its end, however long that takes. If the body is still
//! held, actix-http closes the connection after the answer. So the answer holds the body.

use std::cell::RefCell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use futures_util::Stream;

/// The body of a request, shared by its handler and its answer.
#[derive(Clone)]
pub(super) struct SharedPayload(Rc<RefCell<Payload>>);

impl SharedPayload {
    /// Shares the body of the request, if its length is unknown.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Self> {
        request.headers().contains_key(TRANSFER_ENCODING).then(|| {
            let shared = Self(Rc::new(RefCell::new(request.parts_mut().1.take())));
            request.set_payload(Payload::Stream { payload: Box::pin(shared.clone()) });
            shared
        })
    }

    /// The answer, which holds the request body until it is sent.
    pub(super) fn held_by(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        response.map_body(|_, body| BoxBody::new(HoldingBody { body, _payload: self }))
    }
}

impl Stream for SharedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

struct HoldingBody {
    body: BoxBody,
    _payload: SharedPayload,
}

impl MessageBody for HoldingBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
