//! Graceful shutdown of the HTTP server: no accepted request is cut off.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt;
use asteroid_runtime::ShutdownSignal;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest wait for connections that were accepted and not yet handed to a worker.
const HANDOVER_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the server until the shutdown signal, then until it has answered the requests that it has accepted.
pub(crate) async fn until_stopped(
    server: Server,
    mut stop: ShutdownSignal,
    workers: usize,
    address: SocketAddr,
) -> io::Result<()> {
    let handle = server.handle();
    let mut server = rt::spawn(server);
    tokio::select! {
        signal = stop.received() => tracing::info!(signal, "stopping"),
        ended = &mut server => return ended?,
    }
    let handed_over = join_all((0..workers).map(|_| request_itself(address)));
    if rt::time::timeout(HANDOVER_TIMEOUT, handed_over).await.is_err() {
        tracing::warn!("stopping, though some accepted connections may not have reached a worker");
    }
    handle.stop(true).await;
    server.await?
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
