//! Whether response times tell the contact of a user from one without a user, on both databases.
//!
//! `cargo bench -p asteroid --bench timing`, or with another number of measurements for each side of a pair:
//! `cargo bench -p asteroid --bench timing -- 2000`.
//!
//! Every measurement is a request as an attacker would send it: rate limits are on, and each request names a contact of its
//! own and comes from a network of its own, because the limits would stop an attacker who did otherwise. The two sides of a
//! pair alternate in random order.
//!
//! For each pair it prints the medians of both sides, their ratio, and the AUC: the probability that a request for a known
//! contact takes longer than one for an unknown contact (0.5: nothing can be told). The policy is a ratio within 5 % and an
//! AUC between 0.45 and 0.55.

#[path = "../../../tests/whole_server/harness.rs"]
#[expect(dead_code, reason = "the measurements need less of it")]
mod harness;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use asteroid_argon2::{Argon2Hasher, Argon2Settings};
use asteroid_identity::{NewPassword, Password, PasswordHasher};
use asteroid_kernel::Randomness;
use asteroid_kernel::system::SystemRandomness;
use harness::{Backend, Server, Store, registration};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

const MEASUREMENTS: usize = 500;
/// Between two requests.
const PAUSE: Duration = Duration::from_millis(8);
/// After a request that sends a message, so that its delivery, which begins 50 ms later, does not slow the next one down.
const PAUSE_AFTER_A_SEND: Duration = Duration::from_millis(80);
/// A contact is sent one code in this time.
const BETWEEN_SENDS: Duration = Duration::from_secs(61);

const RESET: &str = "/v1/auth/password/reset";

/// The journeys, each with contacts of its own.
const JOURNEYS: [&str; 6] = ["login", "sign-in", "send", "forgot", "register", "guess"];

#[tokio::main]
async fn main() {
    let measurements = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(MEASUREMENTS);
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(store) = Store::of(backend) else { continue };
        println!("\n{backend:?}, {measurements} measurements of each side");
        println!("{:32} {:>10} {:>10} {:>7} {:>6}", "", "known", "unknown", "ratio", "AUC");
        Attacker::new(store, measurements).await.measure().await;
    }
}

struct Attacker {
    server: Server,
    measurements: usize,
    networks: AtomicU32,
}

impl Attacker {
    async fn new(store: Store, measurements: usize) -> Self {
        let settings = [
            ("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
            ("ASTEROID_LOG__LEVEL", "warn"),
            ("ASTEROID_DATABASE__CONNECTIONS", "16"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let server = Server::start_on(Arc::new(store), settings).await;
        let hash = hash_of("a fine long password").await;
        let users: Vec<Value> = JOURNEYS
            .iter()
            .flat_map(|journey| (0..measurements).map(|number| contact(journey, true, number)))
            .map(|email| json!({ "name": "Martha Custis", "email": email, "passwordHash": hash }))
            .collect();
        let (counts, report) = server.import_users(&users);
        assert_eq!(counts[0], users.len() as u64, "{report}");
        Self { server, measurements, networks: AtomicU32::new(0) }
    }

    async fn measure(&self) {
        let login = |contact: &str| json!({ "contact": contact, "password": "a wrong password" });
        self.pair("login", "login", "/v1/auth/login", 401, login).await;
        let sign_in = |contact: &str| json!({ "user": { "email": contact, "password": "a wrong password" } });
        self.pair("sign_in", "sign-in", "/users/sign_in", 401, sign_in).await;

        let by_email = |contact: &str| json!({ "email": contact });
        let by_contact = |contact: &str| json!({ "contact": contact });
        let guess = |contact: &str| json!({ "contact": contact, "code": "00000" });
        let reset = |contact: &str| {
            json!({
                "contact": contact, "code": "00000",
                "password": "another fine password", "password_confirmation": "another fine password",
            })
        };
        let (send, forgot) = ("/v1/auth/verification_codes/send", "/v1/auth/password/forgot");
        let verify = "/v1/auth/verification_codes/verify";
        self.pair("verify without a code", "guess", verify, 401, guess).await;
        self.pair("first send", "send", send, 204, by_email).await;
        self.pair("forgot", "forgot", forgot, 200, by_contact).await;
        let sent = Instant::now();
        self.pair("verify with a wrong code", "send", verify, 401, guess).await;
        self.pair("reset with a wrong code", "forgot", RESET, 401, reset).await;
        self.pair("register", "register", "/v1/auth/register", 200, |contact| {
            registration(contact, "a fine long password")
        })
        .await;
        let registered = Instant::now();
        sleep(BETWEEN_SENDS.saturating_sub(sent.elapsed())).await;
        self.pair("second send", "send", send, 204, by_email).await;
        self.pair("second forgot", "forgot", forgot, 200, by_contact).await;
        sleep(BETWEEN_SENDS.saturating_sub(registered.elapsed())).await;
        self.pair("send after a registration", "register", send, 204, by_email).await;
    }

    /// Measures one request for known and unknown contacts of this journey, and prints what they tell.
    async fn pair(&self, name: &str, journey: &str, path: &str, status: u16, body: impl Fn(&str) -> Value) {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        let mut first = [0];
        for number in 0..self.measurements {
            SystemRandomness.fill(&mut first);
            for is_known in [first[0] & 1 == 0, first[0] & 1 != 0] {
                let contact = contact(journey, is_known, number);
                let time = self.time(path, status, &body(&contact)).await;
                if is_known { known.push(time) } else { unknown.push(time) }
            }
        }
        let auc = area_under_the_curve(&known, &unknown);
        let [known, unknown] = [known, unknown].map(median);
        let ratio = known.as_secs_f64() / unknown.as_secs_f64();
        println!("{name:32} {known:>10.2?} {unknown:>10.2?} {ratio:>7.3} {auc:>6.3}");
    }

    async fn time(&self, path: &str, status: u16, body: &Value) -> Duration {
        let [_, b, c, d] = self.networks.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let method = if path == RESET { Method::PUT } else { Method::POST };
        let request = self
            .server
            .client
            .request(method, self.server.url(path))
            .header("x-forwarded-for", Ipv4Addr::new(10, b, c, d).to_string())
            .header("content-type", "application/json")
            .body(body.to_string());
        sleep(if status == 401 { PAUSE } else { PAUSE_AFTER_A_SEND }).await;
        let start = Instant::now();
        let response = request.send().await.expect("an answer");
        let time = start.elapsed();
        let answered = response.status();
        let text = response.text().await.expect("the whole answer");
        assert_eq!(answered, status, "{path}: {text}");
        time
    }
}

fn contact(journey: &str, is_known: bool, number: usize) -> String {
    let side = if is_known { "known" } else { "other" };
    format!("{journey}.{side}.{number}@example.com")
}

async fn hash_of(password: &str) -> String {
    let hasher =
        Argon2Hasher::start(Argon2Settings::default(), Arc::new(SystemRandomness)).expect("a hasher");
    let hash = hasher.hash(&NewPassword::in_use(Password::new(password))).await.expect("room in the gate");
    hash.expose().to_owned()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The probability that one of `left` is greater than one of `right`; equal ones count half.
#[expect(clippy::cast_precision_loss, reason = "the square of any number of measurements is small")]
fn area_under_the_curve(left: &[Duration], right: &[Duration]) -> f64 {
    let mut sorted = right.to_vec();
    sorted.sort_unstable();
    let twice: usize = left
        .iter()
        .map(|time| {
            sorted.partition_point(|other| other < time) + sorted.partition_point(|other| other <= time)
        })
        .sum();
    twice as f64 / 2.0 / (left.len() * right.len()) as f64
}
