//! A small load: sign-ins, which write, and reads, in several tasks.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::harness::Server;

const TASKS: usize = 8;
const EMAIL: &str = "martha@example.com";
const PASSWORD: &str = "a fine long password";
/// The longest wait for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The results of a load.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Successful responses.
    pub(crate) succeeded: usize,
    /// Responses with 503 and `Retry-After`.
    pub(crate) refused: usize,
    /// All other responses.
    pub(crate) wrong: Vec<String>,
    /// Failed requests of `/healthz`.
    pub(crate) not_alive: usize,
    /// The time of the slowest response.
    pub(crate) slowest: Duration,
    /// The tokens of all acknowledged sessions.
    pub(crate) sessions: Vec<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { succeeded, refused, slowest, sessions, .. } = self;
        let sessions = sessions.len();
        write!(
            f,
            "{succeeded} successes, {refused} times 503; {sessions} sign-ins; slowest response {slowest:?}"
        )
    }
}

/// A load that runs until [`Load::end`].
pub(crate) struct Load {
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    base: String,
    email: String,
    ended: AtomicBool,
    seen: Mutex<Seen>,
}

impl Load {
    pub(crate) async fn start(server: &Server) -> Self {
        Self::start_as(server, EMAIL).await
    }

    /// A load of sign-ins of a new user with this address.
    pub(crate) async fn start_as(server: &Server, email: &str) -> Self {
        server.user(email, PASSWORD).await;
        let shared = Arc::new(Shared {
            client: server.client.clone(),
            base: server.url(""),
            email: email.to_owned(),
            ended: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            tasks.spawn(Arc::clone(&shared).use_the_server());
        }
        tasks.spawn(Arc::clone(&shared).poll_healthz());
        Self { tasks, shared }
    }

    /// Waits for the next success. Returns the time until it.
    pub(crate) async fn succeeds(&self) -> Duration {
        let (start, before) = (Instant::now(), self.shared.seen().succeeded);
        // More than are in flight: the last of them started after this.
        while self.shared.seen().succeeded <= before + TASKS {
            assert!(start.elapsed() < TIMEOUT, "no request succeeds any more: {}", *self.shared.seen());
            sleep(Duration::from_millis(5)).await;
        }
        start.elapsed()
    }

    pub(crate) async fn end(self) -> Seen {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.tasks.join_all().await;
        std::mem::take(&mut self.shared.seen())
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no task panics while it holds it")
    }

    async fn use_the_server(self: Arc<Self>) {
        let mut token = None;
        while !self.ended.load(Ordering::Relaxed) {
            let sign_in = self.client.post(format!("{}/v1/auth/login", self.base));
            let sign_in = sign_in.header("content-type", "application/json");
            let sign_in = sign_in.body(json!({"contact": self.email, "password": PASSWORD}).to_string());
            if let Some(text) = self.note("sign-in", sign_in.send()).await {
                let body: Value = serde_json::from_str(&text).expect("JSON");
                let opened = body["data"]["access_token"].as_str().expect("a token").to_owned();
                self.seen().sessions.push(opened.clone());
                token = Some(opened);
            }
            if let Some(token) = &token {
                for _ in 0..3 {
                    let me = self.client.get(format!("{}/v1/auth/me", self.base)).bearer_auth(token);
                    self.note("me", me.send()).await;
                    sleep(Duration::from_millis(10)).await;
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Counts a response. Returns the body of a success.
    async fn note(
        &self,
        what: &str,
        request: impl Future<Output = reqwest::Result<Response>>,
    ) -> Option<String> {
        let start = Instant::now();
        let answer = match request.await {
            Ok(response) => {
                let (status, retry_after) =
                    (response.status(), response.headers().contains_key("retry-after"));
                response.text().await.map(|text| (status, retry_after, text))
            }
            Err(error) => Err(error),
        };
        let mut seen = self.seen();
        seen.slowest = seen.slowest.max(start.elapsed());
        match answer {
            Ok((status, _, text)) if status.is_success() => {
                seen.succeeded += 1;
                return Some(text);
            }
            Ok((status, true, _)) if status == 503 => seen.refused += 1,
            Ok((status, _, text)) => seen.wrong.push(format!("{what}: {status} {text}")),
            Err(error) => seen.wrong.push(format!("{what}: {error:?}")),
        }
        None
    }

    async fn poll_healthz(self: Arc<Self>) {
        while !self.ended.load(Ordering::Relaxed) {
            let answer = self.client.get(format!("{}/healthz", self.base)).send().await;
            if !answer.is_ok_and(|answer| answer.status() == 200) {
                self.seen().not_alive += 1;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}
