//! A stand-in for a provider of messages: it takes what a webhook is handed, and says what it was.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a provider does with what it is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Takes it after so long.
    Takes(Duration),
    /// Answers nothing, until it does something else.
    Stalls,
}

/// What a provider was handed: the id that is the same over all tries, and the message.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) id: String,
    pub(crate) message: Value,
}

/// A provider on a port of its own, until the runtime of the test ends.
pub(crate) struct Provider {
    pub(crate) url: String,
    does: watch::Sender<Does>,
    taken: Arc<Mutex<Vec<Handed>>>,
}

impl Provider {
    pub(crate) async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, does) = watch::channel(does);
        let taken = Arc::<Mutex<Vec<Handed>>>::default();
        let log = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, does.clone(), Arc::clone(&log)));
            }
        });
        let url = format!("webhook+http://{address}/?secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        Self { url, does: sender, taken }
    }

    pub(crate) fn now(&self, does: Does) {
        self.does.send_replace(does);
    }

    /// All that it has taken so far, as often as it was handed over.
    pub(crate) fn taken(&self) -> Vec<Handed> {
        self.taken.lock().expect("no panic").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.taken.lock().expect("no panic").len()
    }
}

/// Answers the requests of one connection, until the other side goes away or is killed.
async fn serve(stream: TcpStream, mut does: watch::Receiver<Does>, taken: Arc<Mutex<Vec<Handed>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(handed) = read(&mut stream).await {
        let Ok(how) = does.wait_for(|does| *does != Does::Stalls).await.map(|does| *does) else { return };
        if let Does::Takes(after) = how {
            // Taken from here on: whoever is killed before the answer does not know it.
            taken.lock().expect("no panic").push(handed);
            tokio::time::sleep(after).await;
        }
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Handed> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => value.clone_into(&mut id),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().expect("a number");
            }
            Some(_) => {}
            None if line == "\r\n" => break,
            None => assert!(line.starts_with("POST "), "{line:?}"),
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Handed { id, message: serde_json::from_slice(&body).expect("JSON") })
}
