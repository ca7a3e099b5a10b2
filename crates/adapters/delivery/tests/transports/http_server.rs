//! An HTTP server that records requests and follows a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What the server does after it has read a request.
#[derive(Clone, Copy)]
pub(crate) enum HttpAction {
    /// Sends a response with this status, these header lines and this body.
    Respond(u16, &'static str, &'static str),
    /// Sends this status, and closes the connection within the body.
    Truncate(u16),
    /// Sends this status, and stalls within the body.
    StallInBody(u16),
    /// Closes the connection.
    HangUp,
    /// Sends nothing, and keeps the connection open.
    Stall,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedRequest {
    /// `POST /path HTTP/1.1`
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl RecordedRequest {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values =
            self.headers.iter().filter(|header| header.0 == name).map(|header| header.1.as_str());
        let value = values.next().unwrap_or_else(|| panic!("there is a {name} header: {self:?}"));
        assert_eq!(values.next(), None, "there is one {name} header");
        value
    }
}

#[derive(Clone)]
pub(crate) struct HttpServer {
    pub(crate) port: u16,
    actions: Arc<Mutex<VecDeque<HttpAction>>>,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
    connections: Arc<Mutex<usize>>,
}

impl HttpServer {
    /// Starts a server that takes one of these actions for each request, in order.
    pub(crate) async fn start(
        actions: impl IntoIterator<Item = HttpAction>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let actions = Arc::new(Mutex::new(actions.into_iter().collect()));
        let server = Self { port, actions, requests: Arc::default(), connections: Arc::default() };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *accepting.connections.lock().expect("no panic") += 1;
                let (server, tls) = (accepting.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => server.serve(BufReader::new(stream)).await,
                        Some(tls) => server.serve(BufReader::new(tls.accept(stream).await.ok()?)).await,
                    }
                });
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().expect("no panic").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic")
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: BufReader<S>) -> Option<()> {
        loop {
            let request = read(&mut stream).await?;
            self.requests.lock().expect("no panic").push(request);
            let action =
                self.actions.lock().expect("no panic").pop_front().expect("an action for each request");
            match action {
                HttpAction::Respond(status, headers, body) => {
                    let length = body.len();
                    let response = format!(
                        "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\n\r\n{body}"
                    );
                    stream.write_all(response.as_bytes()).await.ok()?;
                    stream.flush().await.ok()?;
                }
                HttpAction::Truncate(status) => {
                    let response = format!("HTTP/1.1 {status} Status\r\ncontent-length: 99\r\n\r\n{{");
                    stream.write_all(response.as_bytes()).await.ok()?;
                    return stream.shutdown().await.ok();
                }
                HttpAction::StallInBody(status) => {
                    let response = format!("HTTP/1.1 {status} Status\r\ncontent-length: 99\r\n\r\n{{");
                    stream.write_all(response.as_bytes()).await.ok()?;
                    stream.flush().await.ok()?;
                    std::future::pending::<()>().await;
                }
                HttpAction::HangUp => return None,
                HttpAction::Stall => std::future::pending().await,
            }
        }
    }
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<RecordedRequest> {
    let line = read_line(stream).await?;
    let mut headers = Vec::new();
    loop {
        match read_line(stream).await?.split_once(": ") {
            None => break,
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
        }
    }
    let mut request = RecordedRequest { line, headers, body: String::new() };
    let length = if request.line.starts_with("GET ") {
        0
    } else {
        request.header("content-length").parse().expect("a length")
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).expect("UTF-8");
    Some(request)
}

async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.strip_suffix("\r\n").map(str::to_owned)
}
