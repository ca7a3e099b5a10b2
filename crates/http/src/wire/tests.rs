//! The requests that the HTTP library reads from what clients send.

use std::future::pending;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::ServiceConfig;
use actix_http::h1::{Codec, Message};
use actix_web::web::BytesMut;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep};
use tokio_util::codec::Decoder;

use super::stream::WireStream;
use super::{HEAD_ERROR_FIELD, HeadError, WireSettings};

const SETTINGS: WireSettings = WireSettings {
    header_timeout: Duration::from_secs(5),
    header_limit: 8192,
    keep_alive: Duration::from_secs(15),
    write_timeout: Duration::from_secs(20),
};

/// A client that sends these bytes in pieces of this size, and then closes.
struct Client {
    bytes: Vec<u8>,
    sent: usize,
    piece: usize,
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let length = self.piece.min(self.bytes.len() - self.sent).min(buffer.remaining());
        buffer.put_slice(&self.bytes[self.sent..self.sent + length]);
        self.sent += length;
        Poll::Ready(Ok(()))
    }
}

/// The library needs a runtime for its timers.
fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

/// The bytes for the library when a client sends these bytes in pieces of this size.
fn written(bytes: &[u8], piece: usize) -> Vec<u8> {
    run(async {
        let client = Client { bytes: bytes.to_vec(), sent: 0, piece };
        let mut written = Vec::new();
        WireStream::new(client, SETTINGS, pending()).read_to_end(&mut written).await.expect("read");
        written
    })
}

fn text(request: &str) -> String {
    String::from_utf8(written(request.as_bytes(), 7)).expect("ASCII")
}

/// The requests that the library decodes, with their bodies and whether these are complete. Fails if it refuses one.
fn read(written: &[u8]) -> Vec<(String, Vec<u8>, bool)> {
    run(async { decode(written) })
}

fn decode(written: &[u8]) -> Vec<(String, Vec<u8>, bool)> {
    let (mut codec, mut input) = (Codec::new(ServiceConfig::default()), BytesMut::from(written));
    let mut requests: Vec<(String, Vec<u8>, bool)> = Vec::new();
    while let Some(message) = codec
        .decode(&mut input)
        .unwrap_or_else(|error| panic!("the library refuses {:?}: {error}", String::from_utf8_lossy(written)))
    {
        match message {
            Message::Item(request) => {
                assert!(!codec.upgrade(), "the library would switch protocols");
                let error = HeadError::of(&request.head().headers).map(HeadError::name).unwrap_or_default();
                requests.push((format!("{} {} {error}", request.method(), request.uri()), Vec::new(), true));
                // A body is incomplete until its end.
                let has_body = codec.message_type() != actix_http::h1::MessageType::None;
                requests.last_mut().expect("one").2 = !has_body;
            }
            Message::Chunk(Some(chunk)) => {
                requests.last_mut().expect("a request").1.extend_from_slice(&chunk);
            }
            Message::Chunk(None) => requests.last_mut().expect("a request").2 = true,
        }
    }
    requests
}

fn error(request: &[u8]) -> String {
    let requests = read(&written(request, 64 * 1024));
    requests.last().expect("a request").0.clone()
}

#[test]
fn an_ordinary_request_is_unchanged() {
    for request in [
        "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /clients?q=a%20b&terms[accept]=1 HTTP/1.1\r\nhost: a:80\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
        "POST /terms HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /terms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /terms HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_eq!(text(request), request);
    }
}

#[test]
fn an_upgrade_is_removed() {
    for (sent, kept) in [
        ("Connection: upgrade\r\n", ""),
        (
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n",
            "",
        ),
        ("Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n", "Connection: keep-alive\r\n"),
        ("upgrade: TLS/1.0, websocket\r\nCONNECTION:close,UPGRADE\r\n", "Connection: close\r\n"),
        ("Connection: x,upgrade ,\tkeep-alive\r\nConnection: upgrade\r\n", "Connection: x, keep-alive\r\n"),
        ("Upgrade: websocket\r\n", ""),
    ] {
        let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
        assert_eq!(text(&format!("{head}{sent}\r\n{{}}")), format!("{head}{kept}\r\n{{}}"), "{sent}");
    }
}

#[test]
fn an_unencoded_target_is_percent_encoded() {
    for (sent, encoded) in [
        ("/clients?q=Müller", "/clients?q=M%C3%BCller"),
        ("/clients?q=O’Brien&limit=1", "/clients?q=O%E2%80%99Brien&limit=1"),
        ("/clients?q=\"a\"", "/clients?q=%22a%22"),
        ("/clients?q=<a>|{b}^`\\", "/clients?q=%3Ca%3E%7C%7Bb%7D%5E%60%5C"),
        ("/v1/auth/mé", "/v1/auth/m%C3%A9"),
        ("/clients/名前?q=%C3%BC", "/clients/%E5%90%8D%E5%89%8D?q=%C3%BC"),
        ("/a?terms[accept]=1", "/a?terms[accept]=1"),
    ] {
        let written = text(&format!("\r\nGET {sent} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(written, format!("GET {encoded} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    let latin_1 = written(b"GET /clients?q=M\xfcller HTTP/1.1\r\nHost: a\r\n\r\n", 3);
    assert_eq!(latin_1, b"GET /clients?q=M%FCller HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn chunks_lose_their_extensions_and_trailer_fields() {
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let next = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for body in [
        "3;a=b\r\nabc\r\n00002\r\nde\r\n0;x\r\nX-T: 1\r\nContent-Length: 7\r\n\r\n",
        "5 ; q=\"1\"\r\nabcde\r\n0\r\n\r\n",
        "2\r\nab\r\nA\r\ncdeabcdeab\r\n0\r\n\r\n",
    ] {
        for piece in [1, 2, 3, 1000] {
            let requests = read(&written(format!("{head}{body}{next}").as_bytes(), piece));
            let [(post, sent, true), (get, _, true)] = &requests[..] else { panic!("{requests:?}") };
            assert_eq!((post.as_str(), get.as_str()), ("POST /a ", "GET / "));
            assert!(sent.starts_with(b"abcde"), "{sent:?}");
        }
    }
    // An invalid chunk ends the body as incomplete, and the bytes after it are not a request.
    for body in [
        "x\r\n",
        "-1\r\na\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        "1\na\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na\n\n0\r\n\r\n",
        "\r\n",
        ";\r\n",
        "10000000000000000\r\n",
        "1;\r\r\na\r\n0\r\n\r\n",
        "0\r\nX: \0\r\n\r\n",
        "0\r\n\n",
    ] {
        let requests = read(&written(format!("{head}{body}{next}").as_bytes(), 1000));
        assert_eq!(requests.len(), 1, "{body:?}: {requests:?}");
        assert!(!requests[0].2, "{body:?}");
    }
    let long = format!("{head}1;{}\r\na\r\n0\r\n\r\n{next}", "x".repeat(5000));
    assert!(!read(&written(long.as_bytes(), 1000))[0].2);
    let trailer = format!("{head}0\r\n{}\r\n{next}", format!("X: {}\r\n", "x".repeat(1000)).repeat(9));
    assert!(!read(&written(trailer.as_bytes(), 1000))[0].2);
}

#[test]
fn a_head_that_is_refused_keeps_its_path_and_request_id() {
    for (request, expected) in [
        (&b"GET /users/current?a HTTP/1.1\r\n\r\n"[..], "GET /users/current host"),
        (b"HEAD /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "HEAD /a host"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / syntax"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "GET / syntax"),
        (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a syntax"),
        (b"GET /terms HTTP/2.0\r\nHost: a\r\n\r\n", "GET /terms syntax"),
        (b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / syntax"),
        (b"\x16\x03\x01\x02\x00\x01\n", "GET / syntax"),
        (b"GET foo HTTP/1.1\r\nHost: a\r\n\r\n", "GET / target"),
        (b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / target"),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / target"),
        (b"CONNECT /terms HTTP/1.1\r\nHost: a\r\n\r\n", "GET /terms target"),
        (b"POST /terms HTTP/1.0\r\n\r\n", "GET /terms body-length"),
    ] {
        assert_eq!(error(request), expected, "{}", String::from_utf8_lossy(request));
    }
    let sane = text("GET / HTTP/1.1\r\nx-request-ID: r-1\r\n\r\n");
    assert!(sane.contains("X-Request-Id: r-1\r\n"), "{sane}");
}

#[test]
fn a_body_whose_length_is_ambiguous_is_refused() {
    for fields in [
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: -1",
        "Content-Length: 0x1",
        "Content-Length: 1 1",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        assert_eq!(error(request.as_bytes()), "GET / body-length", "{fields}");
    }
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(error(old.as_bytes()), "GET / body-length");
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length - 1));
    assert!(error(target(8192).as_bytes()).ends_with(' '));
    assert!(error(target(8193).as_bytes()).ends_with("target-too-long"));
    assert_eq!(error("x".repeat(40_000).as_bytes()), "GET / target-too-long");
    let long = format!("GET /terms HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(40_000));
    assert_eq!(error(long.as_bytes()), "GET /terms fields-too-large");
    let many = |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    assert_eq!(error(many(96).as_bytes()), "GET / ");
    assert_eq!(error(many(97).as_bytes()), "GET / fields-too-large");
}

#[test]
fn a_client_cannot_send_the_head_error_field() {
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{HEAD_ERROR_FIELD}: host\r\n\r\n");
    assert_eq!(error(request.as_bytes()), "GET / ");
}

/// The parts of valid and hostile requests.
const PARTS: [&str; 44] = [
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.1\r\n",
    "POST /b HTTP/1.0\r\n",
    "CONNECT a:1 HTTP/1.1\r\n",
    "HEAD /é HTTP/1.1\n",
    "PRI * HTTP/2.0\r\n",
    "Host: a\r\n",
    "Host: a\n",
    "host:b\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "content-length:+5\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length : 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "transfer-encoding:\tCHUNKED \r\n",
    "Transfer-Encoding: x\r\n",
    "Connection: upgrade\r\n",
    "Connection: close, upgrade\r\n",
    "Upgrade: websocket\r\n",
    "Upgrade: h2c\r\n",
    "HTTP2-Settings: AA\r\n",
    "Expect: 100-continue\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "\0",
    "\u{b}",
    ":",
    "hello",
    "5\r\nhello\r\n",
    "5;x=\"\r\nhello\r\n",
    "0\r\n\r\n",
    "0\r\n",
    "ffffffffffffffff\r\n",
    "+5\r\n",
    "X-Trailer: 1\r\n",
    "asteroid-head-error: host\r\n",
    "Cookie: a\u{80}b\r\n",
    "GET /\u{7f} HTTP/1.1\r\n",
];

/// It ends with a line end, so that an incomplete head is examined to its end.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        12 => (0..PARTS.len()).prop_map(|part| PARTS[part].as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    let start = prop_oneof![
        3 => Just(b"POST /a HTTP/1.1\r\nHost: a\r\n".to_vec()),
        1 => Just(Vec::new()),
    ];
    (start, prop::collection::vec(part, 0..24))
        .prop_map(|(start, parts)| [start, parts.concat(), b"\n".to_vec()].concat())
}

/// A request, as it is sent and as it must be read.
fn request() -> impl Strategy<Value = (Vec<u8>, (String, Vec<u8>, bool))> {
    let body = prop::collection::vec(any::<u8>(), 0..200);
    let chunks = prop::collection::vec(1..50_usize, 1..6);
    (any::<bool>(), body, chunks, "[a-z]{1,8}", any::<bool>()).prop_map(
        |(is_chunked, body, sizes, path, upgrade)| {
            let upgrade = if upgrade { "Connection: Upgrade\r\nUpgrade: websocket\r\n" } else { "" };
            let mut sent = format!("POST /{path} HTTP/1.1\r\nHost: a\r\n{upgrade}").into_bytes();
            if is_chunked {
                sent.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                let (mut rest, mut sizes) = (&body[..], sizes.into_iter().cycle());
                while let (false, Some(size)) = (rest.is_empty(), sizes.next()) {
                    let (chunk, others) = rest.split_at(size.min(rest.len()));
                    sent.extend_from_slice(format!("{:X};e=1\r\n", chunk.len()).as_bytes());
                    sent.extend_from_slice(chunk);
                    sent.extend_from_slice(b"\r\n");
                    rest = others;
                }
                sent.extend_from_slice(b"0\r\nX-T: 1\r\n\r\n");
            } else {
                sent.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                sent.extend_from_slice(&body);
            }
            (sent, (format!("POST /{path} "), body, true))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn requests_in_any_pieces_are_read_as_they_were_sent(
        requests in prop::collection::vec(request(), 1..5),
        piece in 1..400_usize,
    ) {
        let (sent, expected): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        prop_assert_eq!(read(&written(&sent.concat(), piece)), expected);
    }

    #[test]
    fn the_library_refuses_nothing_of_what_is_written(bytes in hostile(), piece in 1..60_usize) {
        // `read` fails if the library refuses. A head in pieces may be refused before its path has arrived.
        let requests = |piece| -> Vec<(String, Vec<u8>, bool)> {
            let requests = read(&written(&bytes, piece)).into_iter();
            let without_path = |name: String| if name.ends_with(' ') { name } else { "refused".to_owned() };
            requests.map(|(name, body, is_whole)| (without_path(name), body, is_whole)).collect()
        };
        prop_assert_eq!(requests(piece), requests(usize::MAX), "the result depends on the pieces");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_disconnected_after_the_write_timeout() {
    let (mut client, server) = tokio::io::duplex(16);
    let mut stream = WireStream::new(server, SETTINGS, pending());
    let start = Instant::now();
    // Each byte that the client takes begins the time anew.
    let reading = tokio::spawn(async move {
        for _ in 0..3 {
            sleep(Duration::from_secs(19)).await;
            client.read_u8().await.expect("a byte");
        }
        pending::<()>().await;
        drop(client);
    });
    let stalled = stream.write_all(&[0; 64]).await.expect_err("the client stopped reading");
    assert_eq!(stalled.kind(), ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 3 * 19 + 20);
    reading.abort();
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_reads_what_has_arrived_and_no_more() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    for sent in ["", "GET / HT", &format!("{head}ab"), &format!("{head}abcd")] {
        let (mut client, server) = tokio::io::duplex(1024);
        client.write_all(sent.as_bytes()).await.expect("sent");
        let start = Instant::now();
        let mut stream = WireStream::new(server, SETTINGS, sleep(Duration::from_secs(1)));
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.expect("read");
        assert_eq!(start.elapsed().as_secs(), 1, "{sent}");
        let body = sent.strip_prefix(head).unwrap_or_default();
        assert!(read.ends_with(body.as_bytes()) && read.is_empty() != sent.starts_with(head), "{read:?}");
    }
}
