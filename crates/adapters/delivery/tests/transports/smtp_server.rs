//! A mail server that does what a test tells it, and notes what it is told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does when it is asked for something, in place of doing it.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Answers this.
    Say(&'static str),
    /// Answers nothing, and keeps the connection.
    Stall,
    /// Ends the connection.
    HangUp,
}

#[derive(Default)]
pub(crate) struct Script {
    /// What it offers before TLS.
    pub(crate) offers: &'static [&'static str],
    /// What it offers within TLS.
    pub(crate) offers_within_tls: &'static [&'static str],
    pub(crate) tls: Option<TlsAcceptor>,
    /// Whether TLS begins with the first byte.
    pub(crate) implicit: bool,
    /// Each is done once, in place of what begins so. `CONNECT` and `CONTENT` stand for what has no command.
    pub(crate) acts: Vec<(&'static str, Act)>,
}

#[derive(Clone)]
pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    script: Arc<Mutex<Script>>,
    heard: Arc<Mutex<Vec<String>>>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl SmtpServer {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let script = Arc::new(Mutex::new(script));
        let server = Self { port, script, heard: Arc::default(), mails: Arc::default() };
        let answering = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = answering.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    /// The commands that it was given, `CONNECT` for each connection, `TLS` where one became secure.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").clone()
    }

    /// How often it heard what begins so.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.heard().iter().filter(|line| line.starts_with(start)).count()
    }

    /// The messages that it read to their end, whatever it answered.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("no panic").clone()
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        self.note("CONNECT");
        let (acceptor, implicit) = {
            let script = self.script.lock().expect("no panic");
            (script.tls.clone(), script.implicit)
        };
        let stream = if implicit {
            stream
        } else {
            let mut stream = BufReader::new(stream);
            self.greet(&mut stream).await?;
            self.talk(&mut stream, false).await?;
            stream.into_inner()
        };
        let stream = acceptor?.accept(stream).await.ok()?;
        self.note("TLS");
        let mut stream = BufReader::new(stream);
        if implicit {
            self.greet(&mut stream).await?;
        }
        self.talk(&mut stream, true).await
    }

    async fn greet<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>) -> Option<()> {
        self.answer(stream, "CONNECT", "220 mail.example.com ESMTP").await
    }

    /// Answers until the connection ends (none), or TLS is to begin.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        tls: bool,
    ) -> Option<()> {
        loop {
            let line = read_line(stream).await?;
            self.note(&line);
            let verb = line.split(' ').next().unwrap_or_default();
            let good = match verb {
                "EHLO" => {
                    let script = self.script.lock().expect("no panic");
                    let offers = if tls { script.offers_within_tls } else { script.offers };
                    let lines =
                        offers.iter().fold(String::new(), |lines, offer| lines + "250-" + offer + "\r\n");
                    format!("250-mail.example.com\r\n{lines}250 HELP")
                }
                "STARTTLS" => {
                    self.answer(stream, "STARTTLS", "220 go ahead").await?;
                    return Some(());
                }
                "AUTH" if line == "AUTH LOGIN" => {
                    for asked in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                        self.answer(stream, "CHALLENGE", asked).await?;
                        let line = read_line(stream).await?;
                        self.note(&line);
                    }
                    "235 2.7.0 welcome".to_owned()
                }
                "AUTH" => "235 2.7.0 welcome".to_owned(),
                "DATA" => {
                    if self.answer_or_refuse(stream, "DATA", "354 go on").await? {
                        let mut mail = String::new();
                        loop {
                            match read_line(stream).await?.as_str() {
                                "." => break,
                                line => mail = mail + line.strip_prefix('.').unwrap_or(line) + "\r\n",
                            }
                        }
                        self.mails.lock().expect("no panic").push(mail);
                        self.answer(stream, "CONTENT", "250 2.0.0 taken").await?;
                    }
                    continue;
                }
                _ => "250 2.0.0 fine".to_owned(),
            };
            self.answer(stream, verb, &good).await?;
        }
    }

    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, asked: &str, good: &str) -> Option<()> {
        self.answer_or_refuse(stream, asked, good).await.map(|_| ())
    }

    /// Does what the script says, or else what is good; none if the connection ends, whether it was good otherwise.
    async fn answer_or_refuse<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        asked: &str,
        good: &str,
    ) -> Option<bool> {
        let act = {
            let acts = &mut self.script.lock().expect("no panic").acts;
            acts.iter().position(|(start, _)| *start == asked).map(|index| acts.remove(index).1)
        };
        let answer = match act {
            None => good,
            Some(Act::Say(answer)) => answer,
            Some(Act::HangUp) => return None,
            Some(Act::Stall) => std::future::pending().await,
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
        Some(act.is_none())
    }

    fn note(&self, line: &str) {
        self.heard.lock().expect("no panic").push(line.to_owned());
    }
}

async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    let line = line.strip_suffix("\r\n");
    assert!(count == 0 || line.is_some(), "lines end with CR LF");
    line.map(str::to_owned)
}
