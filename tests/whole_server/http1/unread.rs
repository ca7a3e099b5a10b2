//! Clients that do not read their responses.

use std::fs;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::harness::Server;

/// The resident memory of the server in KiB (proc(5)).
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn unread_pipelined_responses_take_no_memory_and_end_the_connection() {
    const REQUESTS: usize = 400;
    let server =
        Server::start_with(&[("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_HTTP__WRITE_TIMEOUT", "2s")])
            .await;
    let length = server.get("/openapi.json", None).await.text.len();
    let before = memory(&server);
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let (host, port) = server.address();
    let address = format!("{host}:{port}").parse().expect("an address");
    let mut client = socket.connect(address).await.expect("a connection");
    let requests = "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(REQUESTS);
    client.write_all(requests.as_bytes()).await.expect("sent");

    tokio::time::sleep(Duration::from_secs(1)).await;
    let grown = memory(&server).saturating_sub(before);
    eprintln!("{REQUESTS} unread responses of {length} bytes: {grown} KiB more memory");
    assert!(grown < 16 * 1024, "{grown} KiB");
    // Longer than the timeout. The rest of the responses never comes.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut read = Vec::new();
    let ended = timeout(Duration::from_secs(5), client.read_to_end(&mut read)).await;
    assert!(ended.is_ok(), "the connection is still open");
    assert!(read.len() < REQUESTS * length / 4, "{} bytes", read.len());
}
