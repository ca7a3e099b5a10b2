//! The sockets that the server listens on.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpSocket;

use crate::config::Sources;

/// The most connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Why the server cannot listen. `setting` names the address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    #[error(
        "another program listens on {address}: stop it, or set {setting} ({}) to another address",
        Sources::variable_of(setting)
    )]
    InUse { setting: &'static str, address: SocketAddr },
    #[error(
        "cannot listen on {address}: set {setting} ({}) to another address",
        Sources::variable_of(setting)
    )]
    Failed { setting: &'static str, address: SocketAddr, source: io::Error },
}

/// A socket that accepts connections, which no one serves yet.
pub(crate) struct BoundListener {
    pub(crate) listener: TcpListener,
    /// The address, with the port that the system chose for port 0.
    pub(crate) address: SocketAddr,
}

impl BoundListener {
    /// Listens on the address that the setting names, even while connections of a previous server are closing.
    pub(crate) fn bind(setting: &'static str, address: SocketAddr) -> Result<Self, ListenError> {
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // On Windows, two servers could listen on one address with it.
            #[cfg(not(windows))]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?.into_std()?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        listen().map_err(|source: io::Error| match source.kind() {
            ErrorKind::AddrInUse => ListenError::InUse { setting, address },
            _ => ListenError::Failed { setting, address, source },
        })
    }
}
