//! Serves an application over plaintext HTTP/1, and parses each request's head before the HTTP library does.
//!
//! actix-http answers malformed requests by itself, without a body or a request id. It closes a connection when a client
//! asks for an upgrade. And it refuses targets with unencoded non-ASCII letters. So a stream stands between the socket and
//! the library: see `docs/decisions/0009-heads-are-read-first.md`.

mod chunks;
mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
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
use error::HEAD_ERROR_FIELD;
pub(crate) use error::HeadError;
use stream::WireStream;

/// The longest target of a request, in bytes.
pub(crate) const MAX_TARGET: usize = 8 * 1024;
/// The largest number of fields in a head: the limit of the HTTP library.
pub(crate) const MAX_FIELDS: usize = 96;
/// How long a connection may take to close after the last answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Limits and timeouts of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireSettings {
    /// How long a request's head may take to arrive.
    pub header_timeout: Duration,
    /// The largest total size of a request's header fields, in bytes.
    pub header_limit: usize,
    /// How long a connection is kept open between requests.
    pub keep_alive: Duration,
    /// How long a write may make no progress; then the connection is closed.
    pub write_timeout: Duration,
}

/// The listen address that a connection was accepted on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

/// Adds a listener of this name for plaintext HTTP/1 to a server that serves this application.
///
/// # Errors
///
/// If the listener cannot be set to non-blocking mode.
pub fn listen<F, I, S, B>(
    name: &str,
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
    server.listen(name, listener, move || {
        let shutdown = shutdown.clone();
        let stopping = shutdown.clone();
        let application = application().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .on_connect_ext(move |_: &WireStream<TcpStream>, connection| {
                connection.insert(address);
            })
            // Like actix-web's own server: close idle connections at once when the server stops.
            .graceful_shutdown_signal(move || {
                let shutdown = shutdown.clone();
                async move { shutdown.notified().await }
            })
            .keep_alive(settings.keep_alive)
            // The stream has its own timer, for every head and not only for the first.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            // No answer depends on the host name.
            .h1(map_config(application, |()| AppConfig::default()));
        fn_service(move |io: TcpStream| {
            let stopping = stopping.clone();
            async move {
                let peer = io.peer_addr().ok();
                limit_unacknowledged(&io, settings.write_timeout);
                let stopping = async move { stopping.notified().await };
                Ok((WireStream::new(io, settings, stopping), peer))
            }
        })
        .and_then(http)
    })
}

/// Closes the connection if the client does not acknowledge what is written within this time, or leaves no room for it.
/// This covers what the system still has to send when the server is done with the connection.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn limit_unacknowledged(io: &TcpStream, timeout: Duration) {
    // It fails only if the client has closed the connection already.
    let _ = socket2::SockRef::from(io).set_tcp_user_timeout(Some(timeout));
}

/// Other systems have no such option.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn limit_unacknowledged(_: &TcpStream, _: Duration) {}
