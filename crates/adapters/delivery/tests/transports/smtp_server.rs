//! A mail server that follows a script and records the commands it receives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does in place of the normal reply.
#[derive(Clone, Copy)]
pub(crate) enum SmtpAction {
    /// Sends this reply.
    Reply(&'static str),
    /// Sends nothing, and keeps the connection open.
    Stall,
    /// Closes the connection.
    HangUp,
    /// Sends this, without a line end, and closes the connection.
    Truncate(&'static str),
    /// Sends this, without a line end, again and again.
    Repeat(&'static str),
    /// Sends one byte of a line that never ends each 100 ms.
    Drip,
}

#[derive(Default)]
pub(crate) struct SmtpScript {
    /// The extensions that it offers before TLS.
    pub(crate) offers: &'static [&'static str],
    /// The extensions that it offers within TLS.
    pub(crate) offers_within_tls: &'static [&'static str],
    pub(crate) tls: Option<TlsAcceptor>,
    /// Whether the server uses implicit TLS.
    pub(crate) implicit: bool,
    /// Each applies once, to this command. `CONNECT` stands for the greeting, `CONTENT` for the end of the message.
    pub(crate) actions: Vec<(&'static str, SmtpAction)>,
}

#[derive(Clone)]
pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    script: Arc<Mutex<SmtpScript>>,
    commands: Arc<Mutex<Vec<String>>>,
    mails: Arc<Mutex<Vec<String>>>,
    repeated: Arc<AtomicUsize>,
}

impl SmtpServer {
    pub(crate) async fn start(script: SmtpScript) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let script = Arc::new(Mutex::new(script));
        let server =
            Self { port, script, commands: Arc::default(), mails: Arc::default(), repeated: Arc::default() };
        let answering = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = answering.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    /// The commands that it received, `CONNECT` for each connection, `TLS` after each handshake.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.commands.lock().expect("no panic").clone()
    }

    /// The number of commands that start with this text.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.commands().iter().filter(|line| line.starts_with(start)).count()
    }

    /// The messages that it received in full, whatever it replied.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("no panic").clone()
    }

    /// How many bytes of endless replies the client let it send.
    pub(crate) fn repeated(&self) -> usize {
        self.repeated.load(Ordering::Relaxed)
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        self.record("CONNECT");
        let (acceptor, implicit) = {
            let script = self.script.lock().expect("no panic");
            (script.tls.clone(), script.implicit)
        };
        let stream = if implicit {
            stream
        } else {
            let mut stream = BufReader::new(stream);
            self.greet(&mut stream).await?;
            self.converse(&mut stream, false).await?;
            stream.into_inner()
        };
        let stream = acceptor?.accept(stream).await.ok()?;
        self.record("TLS");
        let mut stream = BufReader::new(stream);
        if implicit {
            self.greet(&mut stream).await?;
        }
        self.converse(&mut stream, true).await
    }

    async fn greet<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) -> Option<()> {
        self.reply(stream, "CONNECT", "220 mail.example.com ESMTP").await
    }

    /// Replies until the connection is closed ([`None`]) or TLS starts.
    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        tls: bool,
    ) -> Option<()> {
        loop {
            let line = read_line(stream).await?;
            self.record(&line);
            let verb = line.split(' ').next().unwrap_or_default();
            let positive = match verb {
                "EHLO" => {
                    let script = self.script.lock().expect("no panic");
                    let offers = if tls { script.offers_within_tls } else { script.offers };
                    let lines =
                        offers.iter().fold(String::new(), |lines, offer| lines + "250-" + offer + "\r\n");
                    format!("250-mail.example.com\r\n{lines}250 HELP")
                }
                "STARTTLS" => {
                    self.reply(stream, "STARTTLS", "220 go ahead").await?;
                    return Some(());
                }
                "AUTH" if line == "AUTH LOGIN" => {
                    for asked in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                        self.reply(stream, "CHALLENGE", asked).await?;
                        let line = read_line(stream).await?;
                        self.record(&line);
                    }
                    "235 2.7.0 welcome".to_owned()
                }
                "AUTH" => "235 2.7.0 welcome".to_owned(),
                "DATA" => {
                    if self.reply_or_refuse(stream, "DATA", "354 go on").await? {
                        let mut mail = String::new();
                        loop {
                            match read_line(stream).await?.as_str() {
                                "." => break,
                                line => mail = mail + line.strip_prefix('.').unwrap_or(line) + "\r\n",
                            }
                        }
                        self.mails.lock().expect("no panic").push(mail);
                        self.reply(stream, "CONTENT", "250 2.0.0 accepted").await?;
                    }
                    continue;
                }
                _ => "250 2.0.0 fine".to_owned(),
            };
            self.reply(stream, verb, &positive).await?;
        }
    }

    async fn reply<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        command: &str,
        positive: &str,
    ) -> Option<()> {
        self.reply_or_refuse(stream, command, positive).await.map(|_| ())
    }

    /// Follows the script, or sends the positive reply. [`None`] if the connection is closed, else whether the reply was
    /// positive.
    async fn reply_or_refuse<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        command: &str,
        positive: &str,
    ) -> Option<bool> {
        let action = {
            let actions = &mut self.script.lock().expect("no panic").actions;
            actions.iter().position(|(start, _)| *start == command).map(|index| actions.remove(index).1)
        };
        let reply = match action {
            None => positive,
            Some(SmtpAction::Reply(reply)) => reply,
            Some(SmtpAction::HangUp) => return None,
            Some(SmtpAction::Truncate(reply)) => {
                stream.write_all(reply.as_bytes()).await.ok()?;
                stream.flush().await.ok()?;
                return None;
            }
            Some(SmtpAction::Repeat(reply)) => {
                let many = reply.repeat(10_000);
                loop {
                    stream.write_all(many.as_bytes()).await.ok()?;
                    self.repeated.fetch_add(many.len(), Ordering::Relaxed);
                }
            }
            Some(SmtpAction::Drip) => loop {
                stream.write_all(b"2").await.ok()?;
                stream.flush().await.ok()?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            },
            Some(SmtpAction::Stall) => std::future::pending().await,
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        Some(action.is_none())
    }

    fn record(&self, line: &str) {
        self.commands.lock().expect("no panic").push(line.to_owned());
    }
}

async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    let line = line.strip_suffix("\r\n");
    assert!(count == 0 || line.is_some(), "lines end with CR LF");
    line.map(str::to_owned)
}
