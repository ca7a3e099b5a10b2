//! How a server comes to its end: by a signal, and without cutting off what it has accepted.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A stopping server waits no longer than this for what lies between its listener and its workers.
const SETTLE: Duration = Duration::from_secs(5);

/// Lets the server run until the process is told to stop; then lets it finish the requests that it has accepted.
pub(crate) async fn until_stopped(
    server: Server,
    mut stop: StopSignal,
    workers: usize,
    address: SocketAddr,
) -> io::Result<()> {
    let handle = server.handle();
    let mut server = rt::spawn(server);
    tokio::select! {
        signal = stop.received() => tracing::info!(signal, "stopping"),
        ended = &mut server => return ended?,
    }
    let settled = join_all((0..workers).map(|_| ask_itself(address)));
    if rt::time::timeout(SETTLE, settled).await.is_err() {
        tracing::warn!("stopping, though not all that was accepted may have reached a worker");
    }
    handle.stop(true).await;
    server.await?
}

/// Asks this server for an answer, as any client does.
///
/// actix drops the connections that it has accepted and not handed to a worker yet. They are handed on in the order
/// in which they came, to the workers in turn: once each worker has answered, everything from before has arrived.
async fn ask_itself(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(reachable(address)).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Where a server that listens on this address is reached from its own machine.
pub(crate) fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

/// SIGTERM and SIGINT.
#[cfg(unix)]
pub(crate) struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

#[cfg(unix)]
impl StopSignal {
    /// From now on the signals do not end the process.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one, and gives its name.
    async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct StopSignal;

#[cfg(not(unix))]
impl StopSignal {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn received(&mut self) -> &'static str {
        // Without a signal to wait for, the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_reached_on_the_loopback() {
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
