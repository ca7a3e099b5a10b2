use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead as _, AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;

/// A connection that returns at most one line from each read.
///
/// An attacker between us and the server can append further replies to the one to STARTTLS. A client that reads ahead
/// keeps them in its buffer and takes them for replies within TLS (CVE-2021-22947). With one line at a time they are
/// left to the TLS handshake, which fails.
#[derive(Debug)]
pub(super) struct LineByLine(pub(super) BufReader<TcpStream>);

impl AsyncRead for LineByLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut reader = Pin::new(&mut self.0);
        let buffered = ready!(reader.as_mut().poll_fill_buf(context))?;
        let line = buffered.iter().position(|byte| *byte == b'\n').map_or(buffered.len(), |end| end + 1);
        let count = line.min(buffer.remaining());
        buffer.put_slice(&buffered[..count]);
        reader.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
