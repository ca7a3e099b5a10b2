//! Serves an application over plaintext HTTP/1, and reads each request's head before the HTTP library does.
//!
//! actix-http answers requests that it cannot read by itself, without a body or a request id; it closes a connection
//! on which an upgrade was asked for; and it takes no target with raw letters. So a stream stands between the
//! socket and the library: see `docs/decisions/0009-heads-are-read-first.md`.

mod chunks;
mod error;
mod head;
mod stream;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::HttpService;
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response, Service};
use actix_web::rt::net::TcpStream;

#[cfg(test)]
use error::FAULT_FIELD;
pub(crate) use error::HeadError;
use stream::WireStream;

/// The most bytes of a request's target.
pub(crate) const MAX_TARGET: usize = 8 * 1024;
/// The most fields of a request's head: as many as the HTTP library takes.
pub(crate) const MAX_FIELDS: usize = 96;
/// How long a connection may take to close after the last answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How connections are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireSettings {
    /// How long a request's head may take to arrive.
    pub header_timeout: Duration,
    /// The most bytes of a request's header fields.
    pub header_limit: usize,
    /// How long a connection is kept open between requests.
    pub keep_alive: Duration,
}

/// The address that a connection was accepted at, kept with the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

/// Adds a listener for plaintext HTTP/1 to a server that serves this application.
///
/// # Errors
///
/// When the listener cannot be used without blocking.
pub fn listen<F, I, S, B>(
    server: ServerBuilder,
    listener: TcpListener,
    settings: WireSettings,
    application: F,
) -> io::Result<ServerBuilder>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, actix_http::Request>,
    S: ServiceFactory<actix_http::Request, Config = AppConfig> + 'static,
    S::Error: Into<Error>,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>>,
    <S::Service as Service<actix_http::Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let shutdown = server.graceful_shutdown_signal();
    let address = ListenAddress(listener.local_addr()?);
    server.listen("http", listener, move || {
        let shutdown = shutdown.clone();
        let application = application().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .on_connect_ext(move |_: &WireStream<TcpStream>, connection| {
                connection.insert(address);
            })
            // As actix-web's own server does: idle connections end at once when the server stops.
            .graceful_shutdown_signal(move || {
                let shutdown = shutdown.clone();
                async move { shutdown.notified().await }
            })
            .keep_alive(settings.keep_alive)
            // The stream keeps the time itself, and for every head, not for the first alone.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            // Nothing in an answer depends on the host.
            .h1(map_config(application, |()| AppConfig::default()));
        fn_service(move |io: TcpStream| async move {
            let peer = io.peer_addr().ok();
            Ok((WireStream::new(io, settings), peer))
        })
        .and_then(http)
    })
}
