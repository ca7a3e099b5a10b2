//! Starts the built server in its own folder, sends requests, and reads its messages.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use asteroid_diesel::postgres::testing::TestDatabase;
use reqwest::{Method, StatusCode};
use rustls::crypto::ring;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The longest wait for an event, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The password of the examples in the documentation.
const DOCUMENTED_PASSWORD: &str = "IWasTheFirstPrez1776";

/// The database of the servers that a test target starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// The database of this test target.
pub(crate) const BACKEND: Backend =
    if is_on_postgres(env!("CARGO_CRATE_NAME")) { Backend::Postgres } else { Backend::Sqlite };

const fn is_on_postgres(target: &str) -> bool {
    target.len() == "whole_server_postgres".len()
}

/// A fresh store and the folder of its servers. Dropping it removes both.
pub(crate) struct Store {
    pub(crate) folder: TempDir,
    database: Option<TestDatabase>,
}

impl Store {
    pub(crate) fn new() -> Self {
        // A line on standard error says that the tests are skipped. The test harness has no way to skip a target.
        Self::of(BACKEND).unwrap_or_else(|| std::process::exit(0))
    }

    /// A fresh store on this database; [`None`] if that is not installed, as a line on standard error says.
    pub(crate) fn of(backend: Backend) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(TestDatabase::create()?),
        };
        Some(Self { folder, database })
    }

    /// The URL of the database.
    pub(crate) fn url(&self) -> String {
        match &self.database {
            None => format!("sqlite://{}", self.folder.path().join("asteroid.db").display()),
            Some(database) => database.url().expose().to_owned(),
        }
    }
}

/// A running server. Dropping it kills the server, and fails the test if a secret of a request or a response is in a log or in
/// the database.
pub(crate) struct Server {
    store: Arc<Store>,
    secrets: Mutex<BTreeSet<String>>,
    settings: Vec<(String, String)>,
    port: u16,
    child: Child,
    pub(crate) client: reqwest::Client,
}

/// The response to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are text"))
    }

    /// The session token of a successful sign-in.
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["data"]["access_token"].as_str().expect("a token").to_owned()
    }

    /// The whole response as text, with tokens and times replaced.
    pub(crate) fn snapshot(&self) -> String {
        let mut lines = vec![self.status.to_string()];
        for name in ["content-type", "cache-control", "www-authenticate", "allow", "retry-after"] {
            lines.extend(self.header(name).map(|value| format!("{name}: {value}")));
        }
        if !self.text.is_empty() {
            let mut body = self.json();
            redact(&mut body);
            lines.push(format!("\n{body:#}"));
        }
        lines.join("\n")
    }
}

/// Replaces tokens and times by placeholders, after a check of their form.
fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("access_token", Some(text)) => {
                        assert!(text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()), "{text}");
                        *value = json!("[token]");
                    }
                    ("expires" | "last_login" | "created" | "last_used", Some(text)) => {
                        assert!(text.len() == 24 && text.ends_with('Z') && &text[19..20] == ".", "{text}");
                        *value = json!("[time]");
                    }
                    _ => redact(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

impl Server {
    /// A server on a fresh store, without rate limits.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[("ASTEROID_LIMITS__ENABLED", "false")]).await
    }

    /// A server on a fresh store, with these settings.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(Arc::new(Store::new()), owned(settings)).await
    }

    /// Another server on the same store, with the same keys and settings.
    pub(crate) async fn another(&self) -> Self {
        Self::start_on(Arc::clone(&self.store), self.settings.clone()).await
    }

    /// This many servers on one fresh store, all started at the same time.
    pub(crate) async fn start_together(count: usize, settings: &[(&str, &str)]) -> Vec<Self> {
        let store = Arc::new(Store::new());
        let mut servers: Vec<Self> =
            (0..count).map(|_| Self::spawn_on(Arc::clone(&store), owned(settings))).collect();
        for server in &mut servers {
            server.wait_until_ready().await;
        }
        servers
    }

    /// A server on a fresh store that may not be ready yet.
    pub(crate) fn spawn(settings: &[(&str, &str)]) -> Self {
        Self::spawn_on(Arc::new(Store::new()), owned(settings))
    }

    /// A server on this store.
    pub(crate) async fn start_on(store: Arc<Store>, settings: Vec<(String, String)>) -> Self {
        let mut server = Self::spawn_on(store, settings);
        server.wait_until_ready().await;
        server
    }

    fn spawn_on(store: Arc<Store>, settings: Vec<(String, String)>) -> Self {
        let (port, child) = spawn(&store, &settings);
        // reqwest makes no client before the process has a TLS provider; another test may have installed it.
        let _ = ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().pool_max_idle_per_host(64).timeout(TIMEOUT).build().expect("a client");
        Self { store, secrets: Mutex::default(), settings, port, child, client }
    }

    async fn wait_until_ready(&mut self) {
        let start = Instant::now();
        loop {
            if let Ok(response) = self.client.get(self.url("/readyz")).send().await
                && response.status() == 200
            {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("the server can be asked for") {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            assert!(start.elapsed() < TIMEOUT, "not ready:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The address of the admin listener, which is off unless a setting gives it one.
    pub(crate) fn admin(&self) -> String {
        let log = self.log();
        let (_, rest) = log.rsplit_once("admin=\"").unwrap_or_else(|| panic!("it does not listen:\n{log}"));
        rest.split('"').next().expect("an address").to_owned()
    }

    pub(crate) fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// The standard output and standard error of the server.
    pub(crate) fn log(&self) -> String {
        ["stdout", "stderr"]
            .map(|name| fs::read_to_string(self.folder().join(name)).unwrap_or_default())
            .join("\n")
    }

    /// Runs a command of the binary in the same folder with the same settings.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the command runs")
    }

    /// The same command, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.store, &self.settings);
        command.args(arguments);
        command
    }

    /// Imports these records.
    pub(crate) fn import(&self, records: &Value) -> Output {
        let file = self.folder().join("records.json");
        fs::write(&file, records.to_string()).expect("written");
        self.run(&["import", "records.json"])
    }

    /// Imports this file. Returns the exit status and the report.
    pub(crate) fn import_file(&self, arguments: &[&str], text: &str) -> (Option<i32>, Value) {
        let file = self.folder().join("import.txt");
        fs::write(&file, text).expect("written");
        let output = self.run(&[&["import", "import.txt", "--json"], arguments].concat());
        let report = serde_json::from_slice(&output.stdout);
        (output.status.code(), report.unwrap_or_else(|error| panic!("{error}: {output:?}")))
    }

    /// Imports these users. Returns the counts of created, updated, unchanged and refused records, and the report.
    pub(crate) fn import_users(&self, users: &[Value]) -> ([u64; 4], Value) {
        let (status, report) =
            self.import_file(&["--format", "json"], &json!({ "users": users }).to_string());
        let counts = counts(&report, "users");
        assert_eq!(status, Some(i32::from(counts[3] > 0)), "{report}");
        (counts, report)
    }

    /// Everything that the database holds, as text: the bytes of its files, or the rows of its tables.
    pub(crate) fn dump(&self) -> String {
        match &self.store.database {
            None => ["asteroid.db", "asteroid.db-wal"]
                .map(|name| fs::read(self.folder().join(name)).unwrap_or_default())
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .join("\n"),
            Some(database) => database.dump(),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.store.folder.path()
    }

    /// Kills the server (`kill -9`) and starts it again on the same store.
    pub(crate) async fn crash_and_restart(&mut self) {
        self.kill();
        self.restart().await;
    }

    /// Kills the server (`kill -9`).
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server has ended");
    }

    /// Waits until the server has ended, and starts it again on the same store.
    pub(crate) async fn restart(&mut self) {
        self.child.wait().expect("the server has ended");
        (self.port, self.child) = spawn(&self.store, &self.settings);
        self.wait_until_ready().await;
    }

    /// Stops the server gracefully (`SIGTERM`). Returns its exit status.
    pub(crate) fn stop(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        self.child.wait().expect("the server has ended")
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await?;
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await?,
        };
        self.note_secrets(body, &answer);
        Ok(answer)
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.request(Method::GET, path, token, None).await.expect("an answer")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path, None, Some(&body.to_string())).await.expect("an answer")
    }

    pub(crate) async fn put(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.request(Method::PUT, path, token, Some(&body.to_string())).await.expect("an answer")
    }

    /// All messages that the server has sent, the oldest first.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.messages_from(0)
    }

    /// The messages in the last 16 KiB of the outbox, the oldest first.
    pub(crate) fn recent_messages(&self) -> Vec<Value> {
        let length = fs::metadata(self.outbox()).map_or(0, |file| file.len());
        self.messages_from(length.saturating_sub(16 * 1024))
    }

    fn messages_from(&self, start: u64) -> Vec<Value> {
        let mut bytes = Vec::new();
        if let Ok(mut file) = File::open(self.outbox()) {
            file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut bytes)).expect("readable");
        }
        let text = String::from_utf8_lossy(&bytes);
        // The first line may begin before the start, and the last one may be incomplete.
        text.split_inclusive('\n')
            .skip(usize::from(start > 0))
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).expect("one JSON object on each line"))
            .collect()
    }

    fn outbox(&self) -> PathBuf {
        self.folder().join("outbox.jsonl")
    }

    /// Waits for a message to this address that `wanted` accepts. Returns the newest.
    pub(crate) async fn message(&self, to: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let found = self.messages().into_iter().rev().find(|m| m["to"] == to && wanted(m));
            if let Some(message) = found {
                return message;
            }
            assert!(start.elapsed() < TIMEOUT, "no message to {to}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the message after the first so many. Returns it.
    pub(crate) async fn next_message(&self, after: usize) -> Value {
        let start = Instant::now();
        loop {
            if let Some(message) = self.messages().into_iter().nth(after) {
                return message;
            }
            assert!(start.elapsed() < TIMEOUT, "no message after {after}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for a code of this kind to this address. Returns the newest.
    pub(crate) async fn code(&self, to: &str, kind: &str) -> String {
        let message = self.message(to, |message| message["kind"] == kind).await;
        message["code"].as_str().expect("the message carries a code").to_owned()
    }

    /// Creates a user with this address and password. Returns the session token.
    pub(crate) async fn user(&self, email: &str, password: &str) -> String {
        let answer = self.post("/v1/auth/register", &registration(email, password)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
        let code = self.code(email, "registration_code").await;
        self.post("/v1/auth/verification_codes/verify", &json!({"contact": email, "code": code}))
            .await
            .token()
    }

    pub(crate) async fn sign_in(&self, contact: &str, password: &str) -> Answer {
        self.post("/v1/auth/login", &json!({"contact": contact, "password": password})).await
    }
}

impl Server {
    /// Notes the passwords of a request and the tokens of its response.
    fn note_secrets(&self, body: Option<&str>, answer: &Answer) {
        let mut secrets = self.secrets.lock().expect("no panic while noting");
        let body = body.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        collect(&body, |name| name.contains("password"), &mut secrets);
        let response = serde_json::from_str(&answer.text).unwrap_or_default();
        collect(&response, |name| name == "access_token", &mut secrets);
        let bearer = answer.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        secrets.extend(bearer.map(str::to_owned));
    }

    /// The codes that were sent and that cannot be in a log by chance: those with several letters.
    fn codes(&self) -> impl Iterator<Item = String> {
        let codes =
            self.messages().into_iter().filter_map(|message| message["code"].as_str().map(str::to_owned));
        codes.filter(|code| code.bytes().filter(u8::is_ascii_uppercase).count() >= 3)
    }

    fn assert_no_secret_is_kept(&self) {
        let mut secrets = std::mem::take(&mut *self.secrets.lock().expect("no panic while noting"));
        // The start page and the banner show it.
        secrets.remove(DOCUMENTED_PASSWORD);
        assert_none_in(&self.folder().join("asteroid.db"), &secrets);
        assert_none_in(&self.folder().join("asteroid.db-wal"), &secrets);
        secrets.extend(self.codes());
        for log in ["stdout", "stderr"] {
            assert_none_in(&self.folder().join(log), &secrets);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            self.assert_no_secret_is_kept();
        }
    }
}

/// Collects the texts under these names.
fn collect(value: &Value, is_wanted: fn(&str) -> bool, texts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    // Shorter ones may be in any text by chance.
                    Value::String(text) if text.len() >= 12 && is_wanted(name) => {
                        texts.insert(text.clone());
                    }
                    _ => collect(value, is_wanted, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, is_wanted, texts)),
        _ => {}
    }
}

/// Fails if a file has one of these secrets. A file that is not there has none.
fn assert_none_in(path: &Path, secrets: &BTreeSet<String>) {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    for secret in secrets {
        assert!(!text.contains(secret), "{} has the secret {secret:?}", path.display());
    }
}

/// A simple generator for test choices: the same in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The counts of created, updated, unchanged and refused records of a kind.
pub(crate) fn counts(report: &Value, kind: &str) -> [u64; 4] {
    ["created", "updated", "unchanged", "refused"]
        .map(|name| report[kind][name].as_u64().unwrap_or_else(|| panic!("no count: {report}")))
}

/// The body of a registration by e-mail.
pub(crate) fn registration(email: &str, password: &str) -> Value {
    json!({
        "first_name": "Martha", "last_name": "Custis", "email": email, "type": "personal",
        "password": password, "password_confirmation": password,
    })
}

fn spawn(store: &Store, settings: &[(String, String)]) -> (u16, Child) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let log = |name| {
        File::options().create(true).append(true).open(store.folder.path().join(name)).expect("a log file")
    };
    let child = command(store, settings)
        .env("ASTEROID_HTTP__BIND", format!("127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(log("stdout"))
        .stderr(log("stderr"))
        .spawn()
        .expect("the server starts");
    (port, child)
}

/// The built binary, without the settings of this process.
fn command(store: &Store, settings: &[(String, String)]) -> Command {
    let folder = store.folder.path();
    let outbox = format!("file:{}", folder.join("outbox.jsonl").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_asteroid"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("ASTEROID_") || name == "DATABASE_URL")
    {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("ASTEROID_DATABASE__URL", store.url())
        // Fewer connections and a longer timeout than the defaults: many tests share one machine.
        .env("ASTEROID_DATABASE__CONNECTIONS", "8")
        .env("ASTEROID_DATABASE__TIMEOUT", "9s")
        .env("ASTEROID_KEYS__FILE", folder.join("keys.json"))
        .env("ASTEROID_EMAIL__URL", &outbox)
        .env("ASTEROID_SMS__URL", &outbox)
        // Off, so that servers of other tests and of this machine have nothing to share.
        .env("ASTEROID_ADMIN__BIND", "")
        .env("ASTEROID_LOG__LEVEL", "trace")
        .envs(settings.iter().map(|(name, value)| (name, value)));
    command
}
