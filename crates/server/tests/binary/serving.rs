//! The server as a process: how it starts, what it refuses, and how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::machine::Machine;

/// Cheap hashes, a free port, no admin listener, messages in a file.
const QUICK: [(&str, &str); 5] = [
    ("ASTEROID_HTTP__BIND", "127.0.0.1:0"),
    ("ASTEROID_ADMIN__BIND", ""),
    ("ASTEROID_EMAIL__URL", "file:messages.ndjson"),
    ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "64"),
    ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "1"),
];

pub(crate) const REGISTER: &str = r#"{"first_name":"George","last_name":"Washington","email":"george@example.com","type":"personal","password":"IWasTheFirstPrez1776","password_confirmation":"IWasTheFirstPrez1776"}"#;

/// A server that runs. It is killed if a test forgets it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The address of the admin listener, or `off`.
    admin: String,
    banner: JoinHandle<String>,
    log: JoinHandle<String>,
}

/// What a server said until it ended.
pub(crate) struct End {
    pub(crate) status: i32,
    banner: String,
    log: String,
}

impl Server {
    /// Starts one and waits until it listens.
    pub(crate) fn start(machine: &Machine, more: &[(&str, &str)]) -> Self {
        let environment: Vec<(&str, &str)> = QUICK.iter().chain(more).copied().collect();
        let mut child = machine
            .command(&["serve"], &environment)
            .env("ASTEROID_LOG__FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut out = child.stdout.take().expect("piped");
        let banner = thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).expect("text");
            text
        });
        let mut err = BufReader::new(child.stderr.take().expect("piped"));
        let mut text = String::new();
        let (address, admin) = loop {
            let start = text.len();
            assert!(err.read_line(&mut text).expect("text") > 0, "it ended: {text}");
            let line: serde_json::Value = serde_json::from_str(&text[start..]).expect("JSON");
            if line["message"] == "listening" {
                let address = line["address"].as_str().expect("an address").parse().expect("an address");
                break (address, line["admin"].as_str().expect("an address or off").to_owned());
            }
        };
        let log = thread::spawn(move || {
            err.read_to_string(&mut text).expect("text");
            text
        });
        Self { child, address, admin, banner, log }
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = self.open(method, path, body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Sends a request whose answer is not read yet.
    fn open(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("connected");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: asteroid\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("sent");
        stream
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs").success());
    }

    pub(crate) fn end(mut self) -> End {
        let status = self.child.wait().expect("it ends").code().expect("by itself");
        let banner = self.banner.join().expect("no panic");
        End { status, banner, log: self.log.join().expect("no panic") }
    }
}

#[test]
fn development_server_starts_without_configuration() {
    let machine = Machine::new();
    let server = Server::start(&machine, &[]);
    assert!(server.request("GET", "/readyz", "").starts_with("HTTP/1.1 200 "));
    assert!(server.request("POST", "/v1/auth/register", REGISTER).starts_with("HTTP/1.1 200 "));
    let health = machine.run(&["health", "--url", &format!("http://{}", server.address), "--json"], &[]);
    assert_eq!(health.status, 0, "{}", health.err);
    let address = server.address;
    server.signal("TERM");
    let end = server.end();
    assert_eq!(end.status, 0, "{}", end.log);
    assert!(end.banner.contains(&format!("listens on http://{address} ")), "{}", end.banner);
    assert!(
        end.banner.contains("e-mails go to file:messages.ndjson, SMS are printed here"),
        "{}",
        end.banner
    );
    for name in ["data/asteroid.db", "data/keys.json", "messages.ndjson"] {
        assert!(machine.path(name).exists(), "{name}");
    }
    assert!(!machine.path("data/asteroid.db-wal").exists(), "the database is closed");
    let messages = std::fs::read_to_string(machine.path("messages.ndjson")).expect("there");
    let message: serde_json::Value = serde_json::from_str(&messages).expect("one message");
    let code = message["code"].as_str().expect("a code");
    assert!(!end.log.contains(code) && !end.log.contains("IWasTheFirstPrez1776"), "{}", end.log);
}

#[test]
fn keys_and_data_survive_a_restart() {
    let machine = Machine::new();
    let first = Server::start(&machine, &[]);
    assert!(first.request("POST", "/v1/auth/register", REGISTER).starts_with("HTTP/1.1 200 "));
    first.signal("TERM");
    assert_eq!(first.end().status, 0);

    let second = Server::start(&machine, &[]);
    let messages = std::fs::read_to_string(machine.path("messages.ndjson")).expect("there");
    let message: serde_json::Value = serde_json::from_str(&messages).expect("one message");
    let guess = serde_json::json!({ "contact": "george@example.com", "code": message["code"] });
    let answer = second.request("POST", "/v1/auth/verification_codes/verify", &guess.to_string());
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    second.signal("INT");
    assert_eq!(second.end().status, 0);
}

#[test]
fn graceful_shutdown_answers_accepted_requests() {
    let machine = Machine::new();
    // One thread and costly hashes: the last answer takes longer than the signal.
    let slow = [
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "19456"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "4"),
        ("ASTEROID_PASSWORDS__HASHING__THREADS", "1"),
        ("ASTEROID_PASSWORDS__HASHING__MAX_WAIT", "30s"),
        ("ASTEROID_LIMITS__ENABLED", "false"),
    ];
    for signal in ["TERM", "INT"] {
        let server = Server::start(&machine, &slow);
        let idle = TcpStream::connect(server.address).expect("connected");
        let mut streams: Vec<TcpStream> = (0..20)
            .map(|number| REGISTER.replace("george@", &format!("{signal}{number}@")))
            .map(|body| server.open("POST", "/v1/auth/register", &body))
            .collect();
        let started = Instant::now();
        server.signal(signal);
        let address = server.address;
        for stream in &mut streams {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
        let end = server.end();
        assert_eq!(end.status, 0, "{}", end.log);
        assert!(started.elapsed() < Duration::from_secs(25), "an idle connection does not keep it");
        assert!(TcpStream::connect(address).is_err());
        drop(idle);
        let messages = std::fs::read_to_string(machine.path("messages.ndjson")).expect("there");
        assert_eq!(messages.lines().filter(|line| line.contains(signal)).count(), 20, "none stays behind");
    }
}

/// What a start says of an address that is in use.
fn assert_in_use_is_reported(setting: &str, variable: &str, others: &[(&str, &str)]) {
    let machine = Machine::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let settings = [others, &[(variable, &address), ("ASTEROID_LOG__LEVEL", "error")]].concat();
    let answer = machine.run(&["serve"], &settings);
    assert_eq!((answer.status, answer.out.as_str()), (1, ""));
    assert_eq!(
        answer.err,
        format!(
            "asteroid: another program listens on {address}: stop it, or set {setting} ({variable}) to another address\n"
        )
    );
}

#[test]
fn port_in_use_is_reported_with_its_setting() {
    assert_in_use_is_reported("http.bind", "ASTEROID_HTTP__BIND", &[]);
}

#[test]
fn admin_port_in_use_is_reported_with_its_setting() {
    assert_in_use_is_reported("admin.bind", "ASTEROID_ADMIN__BIND", &[QUICK[0]]);
}

#[test]
fn default_admin_port_in_use_is_a_warning_in_development() {
    let machine = Machine::new();
    // Whether this test takes it or another program has it.
    let _taken = TcpListener::bind("127.0.0.1:8081");
    let server = Server::start(&machine, &[("ASTEROID_ADMIN__BIND", "127.0.0.1:8081")]);
    assert_eq!(server.admin, "off");
    assert!(server.request("GET", "/healthz", "").starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    let end = server.end();
    assert_eq!(end.status, 0, "{}", end.log);
    let warnings =
        end.log.lines().filter(|line| line.contains("no admin listener: another program listens on"));
    assert_eq!(warnings.count(), 1, "{}", end.log);
}

#[test]
fn admin_listener_serves_beside_the_public_one_and_stops_with_it() {
    let machine = Machine::new();
    let server = Server::start(&machine, &[("ASTEROID_ADMIN__BIND", "127.0.0.1:0")]);
    let admin: SocketAddr = server.admin.parse().expect("an address");
    let ask = |address: SocketAddr, host: &str| {
        let mut stream = TcpStream::connect(address).expect("connected");
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(ask(admin, "localhost").starts_with("HTTP/1.1 200 "));
    assert!(ask(admin, "evil.example").starts_with("HTTP/1.1 421 "));
    assert!(ask(server.address, "evil.example").starts_with("HTTP/1.1 200 "));
    let idle = TcpStream::connect(admin).expect("connected");
    server.signal("TERM");
    let end = server.end();
    assert_eq!(end.status, 0, "{}", end.log);
    assert!(TcpStream::connect(admin).is_err());
    drop(idle);
}

#[test]
fn serve_refuses_pending_migrations_if_migrate_at_start_is_off() {
    let machine = Machine::new();
    let environment = [("ASTEROID_DATABASE__MIGRATE_AT_START", "false"), QUICK[0], QUICK[1]];
    let answer = machine.run(&["serve"], &environment);
    assert_eq!((answer.status, answer.out.as_str()), (1, ""));
    assert!(answer.err.starts_with("asteroid: the database has pending migrations (0001"), "{}", answer.err);
    assert!(answer.err.contains("asteroid migrate"), "{}", answer.err);

    assert_eq!(machine.run(&["migrate"], &environment).status, 0);
    let server = Server::start(&machine, &environment[..1]);
    server.signal("TERM");
    assert_eq!(server.end().status, 0);
}

#[test]
fn concurrent_servers_share_one_database() {
    let machine = Machine::new();
    let (one, other) = (Server::start(&machine, &[]), Server::start(&machine, &[]));
    for (number, server) in [&one, &other, &one, &other].into_iter().enumerate() {
        let body = REGISTER.replace("george@", &format!("george{number}@"));
        assert!(server.request("POST", "/v1/auth/register", &body).starts_with("HTTP/1.1 200 "));
    }
    for server in [one, other] {
        server.signal("TERM");
        let end = server.end();
        assert_eq!(end.status, 0, "{}", end.log);
    }
    let messages = std::fs::read_to_string(machine.path("messages.ndjson")).expect("there");
    assert_eq!(messages.lines().count(), 4, "each message is delivered once");
}

#[test]
fn invalid_key_file_prevents_the_start() {
    let machine = Machine::new();
    machine.write("data/keys.json", "{}");
    let answer = machine.run(&["serve"], &[("ASTEROID_LOG__LEVEL", "error"), QUICK[0]]);
    assert_eq!(
        (answer.status, answer.err.as_str()),
        (
            1,
            "asteroid: the keys cannot be used (keys.file)\n  because data/keys.json is not a valid key file: line 1, \
             column 2\n"
        )
    );
}

#[cfg(unix)]
#[test]
fn hangup_changes_the_log_level() {
    let machine = Machine::new();
    machine.write("config/asteroid.toml", "log.level = 'info'\n");
    let server = Server::start(&machine, &[]);
    assert!(server.request("GET", "/healthz", "").starts_with("HTTP/1.1 200 "));
    machine.write("config/asteroid.toml", "log.level = 'error'\n");
    server.signal("HUP");
    thread::sleep(Duration::from_secs(5));
    assert!(server.request("GET", "/openapi.json", "").starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    let end = server.end();
    assert_eq!(end.status, 0, "{}", end.log);
    assert!(end.log.contains("/healthz"), "{}", end.log);
    assert!(!end.log.contains("/openapi.json") && !end.log.contains("stopped"), "{}", end.log);
}

#[cfg(target_os = "linux")]
#[test]
fn service_manager_is_told_of_start_life_and_stop() {
    use std::os::unix::net::UnixDatagram;

    let machine = Machine::new();
    let path = machine.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    let told = || {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).expect("a notification");
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    let path = path.to_str().expect("UTF-8");
    let server = Server::start(&machine, &[("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "300000")]);
    assert_eq!([told(), told(), told()], ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    server.signal("TERM");
    let last = std::iter::repeat_with(told).find(|told| told != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
    assert_eq!(server.end().status, 0);
}
