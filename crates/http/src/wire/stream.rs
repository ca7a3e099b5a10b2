use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::chunks::{Chunks, Step};
use super::error::HeadError;
use super::head::{Framing, forward, forward_fault};
use super::{MAX_TARGET, WireSettings};

/// How much is read at once.
const READ: usize = 8 * 1024;
/// How long what a client still sends is read after its request was refused. A connection that is closed before all was
/// read is reset, and the client may lose the answer.
const LINGER: Duration = Duration::from_secs(1);

/// A connection whose requests are read here, and read again by the HTTP library as they are written here. What the
/// library writes passes through as it is.
pub(super) struct WireStream<T> {
    io: T,
    settings: WireSettings,
    /// What was read from the client.
    input: BytesMut,
    /// What the library is to read.
    output: BytesMut,
    state: State,
    /// The end of the time that a head may take, or after a refusal that of lingering.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether a request was refused, and what follows it is not read as requests.
    is_refused: bool,
    /// Whether the client knows that nothing more will come.
    is_shut: bool,
}

enum State {
    /// A head, of which so many bytes were looked at in vain.
    Head { seen: usize },
    /// So many bytes of a body.
    Length(u64),
    /// A body in chunks.
    Chunks(Chunks),
    /// Nothing more.
    Ended,
}

impl<T> WireStream<T> {
    pub(super) fn new(io: T, settings: WireSettings) -> Self {
        // The first head may take no longer than any other, though no byte of it has come.
        let timer = Some(timer(settings.header_timeout));
        Self {
            io,
            settings,
            input: BytesMut::new(),
            output: BytesMut::new(),
            state: State::Head { seen: 0 },
            timer,
            is_refused: false,
            is_shut: false,
        }
    }

    /// Makes output of input. False if that takes more input.
    fn advance(&mut self) -> bool {
        match self.state {
            State::Head { seen } => self.advance_head(seen),
            State::Length(_) if self.input.is_empty() => false,
            State::Length(left) => {
                let taken = usize::try_from(left).map_or(self.input.len(), |left| left.min(self.input.len()));
                self.output.unsplit(self.input.split_to(taken));
                self.state = match left - taken as u64 {
                    0 => State::Head { seen: 0 },
                    left => State::Length(left),
                };
                true
            }
            State::Chunks(chunks) => match chunks.step(&mut self.input, &mut self.output) {
                Step::Next(next) => {
                    self.state = State::Chunks(next);
                    true
                }
                Step::Starved => false,
                Step::Ended => {
                    self.state = State::Head { seen: 0 };
                    true
                }
                // The body breaks off; so its handler sees it.
                Step::Malformed => {
                    self.is_refused = true;
                    self.state = State::Ended;
                    true
                }
            },
            State::Ended => true,
        }
    }

    fn advance_head(&mut self, seen: usize) -> bool {
        // Looked at once it has begun, so that what is not HTTP is refused at once, and then line by line.
        let is_news = if seen == 0 { !self.input.is_empty() } else { self.input[seen..].contains(&b'\n') };
        let forwarded = if is_news { forward(&mut self.input, &mut self.output) } else { Ok(None) };
        match forwarded {
            Ok(Some(framing)) => {
                self.timer = None;
                self.state = match framing {
                    Framing::None => State::Head { seen: 0 },
                    Framing::Length(length) => State::Length(length),
                    Framing::Chunked => State::Chunks(Chunks::Size),
                };
                true
            }
            Ok(None) => {
                if let Some(error) = self.oversize() {
                    return self.refuse(error);
                }
                self.state = State::Head { seen: self.input.len() };
                false
            }
            Err(error) => self.refuse(error),
        }
    }

    /// What a head that is not whole has too much of.
    fn oversize(&self) -> Option<HeadError> {
        if self.input.len() <= self.settings.header_limit.saturating_add(MAX_TARGET) {
            return None;
        }
        let is_line_whole = self.input.iter().take(MAX_TARGET).any(|byte| *byte == b'\n');
        Some(if is_line_whole { HeadError::FieldsTooLarge } else { HeadError::TargetTooLong })
    }

    fn refuse(&mut self, error: HeadError) -> bool {
        forward_fault(error, &self.input, &mut self.output);
        self.input = BytesMut::new();
        self.timer = None;
        self.is_refused = true;
        self.state = State::Ended;
        true
    }
}

impl<T: AsyncRead + Unpin> WireStream<T> {
    /// Reads from the client, or refuses a head that takes too long. False at the end of the connection.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.input.reserve(READ);
        match tokio_util::io::poll_read_buf(Pin::new(&mut self.io), cx, &mut self.input) {
            Poll::Ready(read) => return Poll::Ready(read.map(|length| length > 0)),
            Poll::Pending => {}
        }
        if matches!(self.state, State::Head { .. }) {
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

    /// Reads and drops what still comes, until the client ends or the time does.
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
            // A head together with what is there of its body: an answer that does not wait for the body then finds it
            // read, and the connection stays.
            while this.output.len() < buffer.remaining()
                && !matches!(this.state, State::Ended)
                && this.advance()
            {}
            if !this.output.is_empty() {
                let length = this.output.len().min(buffer.remaining());
                buffer.put_slice(&this.output.split_to(length));
                return Poll::Ready(Ok(()));
            }
            if matches!(this.state, State::Ended) {
                return Poll::Ready(Ok(()));
            }
            if !ready!(this.poll_input(cx))? {
                this.state = State::Ended;
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WireStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
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
