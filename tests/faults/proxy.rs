//! A proxy between a server and its database that can cut connections and drop traffic.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    port: u16,
    /// Counts the cuts. A connection from before the latest cut is closed.
    cuts: Arc<watch::Sender<u64>>,
    swallow: Arc<watch::Sender<bool>>,
}

impl Proxy {
    pub(crate) async fn start(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (cuts, swallow) = (Arc::new(watch::Sender::new(0)), Arc::new(watch::Sender::new(false)));
        let proxy = Self { port, cuts: Arc::clone(&cuts), swallow: Arc::clone(&swallow) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { continue };
                let mut cut = cuts.subscribe();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let up = pass(from_client, to_server, swallow.subscribe());
                let down = pass(from_server, to_client, swallow.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        () = up => {}
                        () = down => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts all open connections.
    pub(crate) fn cut_all(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Starts or stops dropping all traffic.
    pub(crate) fn swallow(&self, whether: bool) {
        self.swallow.send_replace(whether);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallow: watch::Receiver<bool>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !*swallow.borrow() && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
