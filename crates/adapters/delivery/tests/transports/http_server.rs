//! A server that notes the requests it gets, and answers what a test tells it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What becomes of a request that was read whole.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// It is answered with this status, these header lines and this body.
    Answer(u16, &'static str, &'static str),
    /// It is answered with this status, and the connection ends within the body.
    BreakOff(u16),
    /// The connection ends.
    HangUp,
    /// Nothing.
    Stall,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// `POST /path HTTP/1.1`
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values =
            self.headers.iter().filter(|header| header.0 == name).map(|header| header.1.as_str());
        let value = values.next().unwrap_or_else(|| panic!("{name} is there: {self:?}"));
        assert_eq!(values.next(), None, "{name} is there once");
        value
    }
}

#[derive(Clone)]
pub(crate) struct HttpServer {
    pub(crate) port: u16,
    acts: Arc<Mutex<VecDeque<Act>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<usize>>,
}

impl HttpServer {
    /// Does these in turn.
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let acts = Arc::new(Mutex::new(acts.into_iter().collect()));
        let server = Self { port, acts, requests: Arc::default(), connections: Arc::default() };
        let answering = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *answering.connections.lock().expect("no panic") += 1;
                let (server, tls) = (answering.clone(), tls.clone());
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

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic")
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: BufReader<S>) -> Option<()> {
        loop {
            let request = read(&mut stream).await?;
            self.requests.lock().expect("no panic").push(request);
            let act = self.acts.lock().expect("no panic").pop_front().expect("no more requests than acts");
            match act {
                Act::Answer(status, headers, body) => {
                    let length = body.len();
                    let answer = format!(
                        "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\n\r\n{body}"
                    );
                    stream.write_all(answer.as_bytes()).await.ok()?;
                    stream.flush().await.ok()?;
                }
                Act::BreakOff(status) => {
                    let answer = format!("HTTP/1.1 {status} Status\r\ncontent-length: 99\r\n\r\n{{");
                    stream.write_all(answer.as_bytes()).await.ok()?;
                    return stream.shutdown().await.ok();
                }
                Act::HangUp => return None,
                Act::Stall => std::future::pending().await,
            }
        }
    }
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<Request> {
    let line = read_line(stream).await?;
    let mut headers = Vec::new();
    loop {
        match read_line(stream).await?.split_once(": ") {
            None => break,
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
        }
    }
    let mut request = Request { line, headers, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().expect("a length")];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).expect("UTF-8");
    Some(request)
}

async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.strip_suffix("\r\n").map(str::to_owned)
}
