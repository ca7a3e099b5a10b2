//! A stub of a message provider: accepts webhook requests and records them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The behaviour of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Accepts each message after this time.
    Takes(Duration),
    /// Sends no response until the behaviour changes.
    Stalls,
}

/// An accepted message: its id, the same in every attempt, and its JSON.
#[derive(Clone, Debug)]
pub(crate) struct AcceptedMessage {
    pub(crate) id: String,
    pub(crate) message: Value,
}

/// A provider on its own port. It ends with the runtime of the test.
pub(crate) struct Provider {
    pub(crate) url: String,
    behaviour: watch::Sender<Behaviour>,
    taken: Arc<Mutex<Vec<AcceptedMessage>>>,
}

impl Provider {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, behaviour) = watch::channel(behaviour);
        let taken = Arc::<Mutex<Vec<AcceptedMessage>>>::default();
        let log = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviour.clone(), Arc::clone(&log)));
            }
        });
        let url = format!("webhook+http://{address}/?secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        Self { url, behaviour: sender, taken }
    }

    pub(crate) fn now(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    /// All accepted messages, repetitions included.
    pub(crate) fn taken(&self) -> Vec<AcceptedMessage> {
        self.taken.lock().expect("no panic").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.taken.lock().expect("no panic").len()
    }
}

/// Serves one connection until the client closes it or is killed.
async fn serve(
    stream: TcpStream,
    mut behaviour: watch::Receiver<Behaviour>,
    taken: Arc<Mutex<Vec<AcceptedMessage>>>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(handed) = read(&mut stream).await {
        let Ok(how) =
            behaviour.wait_for(|behaviour| *behaviour != Behaviour::Stalls).await.map(|behaviour| *behaviour)
        else {
            return;
        };
        if let Behaviour::Takes(after) = how {
            // Accepted from here on: a client that is killed before the response behaviour not know it.
            taken.lock().expect("no panic").push(handed);
            tokio::time::sleep(after).await;
        }
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<AcceptedMessage> {
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
    Some(AcceptedMessage { id, message: serde_json::from_slice(&body).expect("JSON") })
}
