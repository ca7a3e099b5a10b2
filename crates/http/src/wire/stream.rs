use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::chunks::{ChunkParser, ChunkStep};
use super::error::HeadError;
use super::head::{Framing, forward, forward_error};
use super::{MAX_TARGET, WireSettings};

/// How many bytes are read at once.
const READ: usize = 8 * 1024;
/// How long to read the rest of what a client sends after its request was refused. Closing a connection with unread data
/// resets it, and the client may lose the answer.
const LINGER: Duration = Duration::from_secs(1);

/// A connection whose requests are parsed and rewritten here before the HTTP library parses them. Answers pass through
/// unchanged.
pub(super) struct WireStream<T> {
    io: T,
    settings: WireSettings,
    /// Bytes from the client that are not parsed yet.
    input: BytesMut,
    /// Bytes that the library has not read yet.
    output: BytesMut,
    state: ReadState,
    /// The deadline for a head, or after a refusal for lingering.
    timer: Option<Pin<Box<Sleep>>>,
    /// The deadline for the client to take more of what is written, while it takes nothing.
    write_timer: Option<Pin<Box<Sleep>>>,
    /// Ready when the server stops; [`None`] from then on.
    stopping: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// Whether a request was refused. The bytes after it are not parsed.
    is_refused: bool,
    /// Whether the write side is shut down.
    is_shut: bool,
}

enum ReadState {
    /// A head, of which this many bytes were examined and are incomplete.
    Head { seen: usize },
    /// This many bytes of a body.
    Length(u64),
    /// A chunked body.
    Chunked(ChunkParser),
    /// Nothing more.
    Ended,
}

impl<T> WireStream<T> {
    /// A connection. When `stopping` is ready, nothing more is read: what was received is answered, and a request of which
    /// a part is missing ends there.
    pub(super) fn new(io: T, settings: WireSettings, stopping: impl Future<Output = ()> + 'static) -> Self {
        // The deadline of the first head begins with the connection.
        let timer = Some(timer(settings.header_timeout));
        Self {
            io,
            settings,
            input: BytesMut::new(),
            output: BytesMut::new(),
            state: ReadState::Head { seen: 0 },
            timer,
            write_timer: None,
            stopping: Some(Box::pin(stopping)),
            is_refused: false,
            is_shut: false,
        }
    }

    /// Turns input into output. False if it needs more input.
    fn advance(&mut self) -> bool {
        match self.state {
            ReadState::Head { seen } => self.advance_head(seen),
            ReadState::Length(_) if self.input.is_empty() => false,
            ReadState::Length(left) => {
                let taken = usize::try_from(left).map_or(self.input.len(), |left| left.min(self.input.len()));
                self.output.unsplit(self.input.split_to(taken));
                self.state = match left - taken as u64 {
                    0 => ReadState::Head { seen: 0 },
                    left => ReadState::Length(left),
                };
                true
            }
            ReadState::Chunked(chunks) => match chunks.step(&mut self.input, &mut self.output) {
                ChunkStep::Next(next) => {
                    self.state = ReadState::Chunked(next);
                    true
                }
                ChunkStep::Starved => false,
                ChunkStep::Ended => {
                    self.state = ReadState::Head { seen: 0 };
                    true
                }
                // The body ends here, so that its handler reads an incomplete body.
                ChunkStep::Malformed => {
                    self.is_refused = true;
                    self.state = ReadState::Ended;
                    true
                }
            },
            ReadState::Ended => true,
        }
    }

    fn advance_head(&mut self, seen: usize) -> bool {
        // Examine the first bytes at once, to refuse what is not HTTP; after that, every complete line.
        let is_news = if seen == 0 { !self.input.is_empty() } else { self.input[seen..].contains(&b'\n') };
        let forwarded = if is_news { forward(&mut self.input, &mut self.output) } else { Ok(None) };
        match forwarded {
            Ok(Some(framing)) => {
                self.timer = None;
                self.state = match framing {
                    Framing::None => ReadState::Head { seen: 0 },
                    Framing::Length(length) => ReadState::Length(length),
                    Framing::Chunked => ReadState::Chunked(ChunkParser::Size),
                };
                true
            }
            Ok(None) => {
                if let Some(error) = self.oversize() {
                    return self.refuse(error);
                }
                self.state = ReadState::Head { seen: self.input.len() };
                false
            }
            Err(error) => self.refuse(error),
        }
    }

    /// The error of an incomplete head that is too long already.
    fn oversize(&self) -> Option<HeadError> {
        if self.input.len() <= self.settings.header_limit.saturating_add(MAX_TARGET) {
            return None;
        }
        let is_line_whole = self.input.iter().take(MAX_TARGET).any(|byte| *byte == b'\n');
        Some(if is_line_whole { HeadError::FieldsTooLarge } else { HeadError::TargetTooLong })
    }

    fn poll_stopping(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(stopping) = &mut self.stopping {
            ready!(stopping.as_mut().poll(cx));
            self.stopping = None;
        }
        Poll::Ready(())
    }

    /// The result of a write, or an error if the client has taken nothing for too long.
    fn limit_stall(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        let timer = self.write_timer.get_or_insert_with(|| timer(self.settings.write_timeout));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn refuse(&mut self, error: HeadError) -> bool {
        forward_error(error, &self.input, &mut self.output);
        self.input = BytesMut::new();
        self.timer = None;
        self.is_refused = true;
        self.state = ReadState::Ended;
        true
    }
}

impl<T: AsyncRead + Unpin> WireStream<T> {
    /// Reads from the client, or refuses a head that is late. False at the end of the connection.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.input.reserve(READ);
        match tokio_util::io::poll_read_buf(Pin::new(&mut self.io), cx, &mut self.input) {
            Poll::Ready(read) => return Poll::Ready(read.map(|length| length > 0)),
            Poll::Pending => {}
        }
        if self.poll_stopping(cx).is_ready() {
            return Poll::Ready(Ok(false));
        }
        if matches!(self.state, ReadState::Head { .. }) {
            if self.timer.is_none() && !self.input.is_empty() {
                self.timer = Some(timer(self.settings.header_timeout));
            }
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(cx));
                self.refuse(HeadError::Timeout);
                return Poll::Ready(Ok(true));
            }
        }
        Poll::Pending
    }

    /// Reads and drops input until the client closes the connection or the time is over.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| timer(LINGER));
        let mut dropped = [0; 1024];
        loop {
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

fn timer(time: Duration) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + time))
}

impl<T: AsyncRead + Unpin> AsyncRead for WireStream<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            // Pass a head on with the part of its body that has arrived: an answer that does not wait for the body then
            // finds it read, and the connection stays open.
            while this.output.len() < buffer.remaining()
                && !matches!(this.state, ReadState::Ended)
                && this.advance()
            {}
            if !this.output.is_empty() {
                let length = this.output.len().min(buffer.remaining());
                buffer.put_slice(&this.output.split_to(length));
                return Poll::Ready(Ok(()));
            }
            if matches!(this.state, ReadState::Ended) {
                return Poll::Ready(Ok(()));
            }
            if !ready!(this.poll_input(cx))? {
                this.state = ReadState::Ended;
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WireStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.limit_stall(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.limit_stall(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_shut {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            this.is_shut = true;
        }
        if this.is_refused {
            ready!(this.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
