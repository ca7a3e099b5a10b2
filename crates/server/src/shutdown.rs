//! Graceful shutdown within a fixed time: received requests are answered, and nothing else is waited for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use std::{io, process, thread};

use actix_web::dev::Server;
use actix_web::rt;
use asteroid_runtime::ShutdownSignal;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The longest wait for connections that were accepted and not yet handed to a worker.
const HANDOVER_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the rest of the shutdown may take after the time for requests. Then the process ends, whatever still runs: the
/// store loses nothing, as after a crash.
const GRACE: Duration = Duration::from_secs(2);
/// How much of it is left to close the store after background tasks had to end.
const CLOSING: Duration = Duration::from_millis(500);

/// How a server stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shutdown {
    /// How long received requests may take.
    pub(crate) requests: Duration,
    /// The number of worker threads.
    pub(crate) workers: usize,
}

impl Shutdown {
    /// Runs the server until the shutdown signal, then until it has answered the requests that it has received.
    ///
    /// Returns the time by which the rest of the process has to end, too. A little later the process ends by itself, with
    /// status 1.
    pub(crate) async fn run(
        self,
        server: Server,
        mut stop: ShutdownSignal,
        terminal_closed: &Notify,
        address: SocketAddr,
    ) -> (io::Result<()>, Instant) {
        let handle = server.handle();
        let mut server = rt::spawn(server);
        let limit = self.requests + GRACE;
        tokio::select! {
            signal = stop.received() => tracing::info!(signal, "stopping"),
            () = terminal_closed.notified() => tracing::info!("the terminal was closed, stopping"),
            ended = &mut server => return (ended.unwrap_or_else(|error| Err(error.into())), Instant::now() + GRACE),
        }
        let deadline = Instant::now() + limit - CLOSING;
        end_process_after(limit);
        let handed_over = join_all((0..self.workers).map(|_| request_itself(address)));
        if rt::time::timeout(HANDOVER_TIMEOUT, handed_over).await.is_err() {
            tracing::warn!("stopping, though some accepted connections may not have reached a worker");
        }
        handle.stop(true).await;
        (server.await.unwrap_or_else(|error| Err(error.into())), deadline)
    }
}

/// Ends the process after this time.
fn end_process_after(limit: Duration) {
    let end = move || {
        thread::sleep(limit);
        tracing::error!("the shutdown took too long, ending the process");
        process::exit(1);
    };
    if let Err(error) = thread::Builder::new().name("shutdown-limit".to_owned()).spawn(end) {
        tracing::warn!(%error, "the duration of the shutdown is not limited");
    }
}

/// Sends a request to this server, as any client does.
///
/// On stop, actix drops the connections that it has accepted and not yet handed to a worker. It hands them over in order of
/// arrival, to the workers in turn: once each worker has answered a request, all earlier connections have arrived.
async fn request_itself(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(reachable(address)).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// The address at which a server that listens on this address is reached from the same machine.
pub(crate) fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unspecified_bind_address_is_reached_on_loopback() {
        for (bind, reached) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reachable(bind.parse().expect("an address")).to_string(), reached);
        }
    }
}
