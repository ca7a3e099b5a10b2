//! Delivery of messages: with crashes of the server, and with a provider that stalls.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};

use super::provider::{AcceptedMessage, Behaviour, Provider};
use crate::harness::{Server, registration};

const TIMEOUT: Duration = Duration::from_secs(120);
const QUICK: Duration = Duration::from_millis(20);

fn email(number: usize) -> String {
    format!("user{number}@example.com")
}

fn phone(number: usize) -> String {
    format!("+1555665{number:04}")
}

async fn register(server: &Server, contact: &str) {
    let mut body = registration(contact, "a fine long password");
    if !contact.contains('@') {
        let fields = body.as_object_mut().expect("an object");
        fields.remove("email");
        fields.insert("phone".to_owned(), contact.into());
    }
    let answer = server.post("/v1/auth/register", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn register_all(server: &Server, contacts: impl IntoIterator<Item = String>) {
    let all = stream::iter(contacts);
    all.for_each_concurrent(16, |contact| async move { register(server, &contact).await }).await;
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < TIMEOUT, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The messages of the outbox in this state.
fn listed(server: &Server, state: &str) -> Vec<Value> {
    let output = server.run(&["outbox", "list", "--state", state, "--limit", "100000", "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Settings with cheap hashes and these providers.
fn settings<'a>(emails: &'a Provider, sms: &'a Provider) -> [(&'a str, &'a str); 6] {
    [
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "64"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "1"),
        // The shortest lease that exceeds the timeout of a webhook, ten seconds.
        ("ASTEROID_OUTBOX__LEASE", "11s"),
        ("ASTEROID_EMAIL__URL", &emails.url),
        ("ASTEROID_SMS__URL", &sms.url),
    ]
}

/// A message that was in flight at a crash (claimed, its result not written) may be sent twice, with the same id. All others
/// are sent once, and none is lost. At most 16 messages of each channel are in flight.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_messages_survive_kill_9_and_only_those_in_flight_are_sent_twice() {
    const EACH: usize = 1000;
    const IN_FLIGHT: usize = 2 * 16;
    // The provider is slow until all messages are in the outbox, so that most of them are there at the crashes.
    let slow = Behaviour::Takes(Duration::from_secs(2));
    let (emails, sms) = (Provider::start(slow).await, Provider::start(slow).await);
    let mut server = Server::start_with(&settings(&emails, &sms)).await;
    let contacts: BTreeSet<String> = (0..EACH).flat_map(|number| [email(number), phone(number)]).collect();
    register_all(&server, contacts.iter().cloned()).await;

    emails.now(Behaviour::Takes(QUICK));
    sms.now(Behaviour::Takes(QUICK));
    let kills = [600, 1000, 1400];
    for threshold in kills {
        until("enough is delivered", || emails.count() + sms.count() >= threshold).await;
        server.crash_and_restart().await;
    }
    let started = Instant::now();
    while !listed(&server, "waiting").is_empty() {
        assert!(started.elapsed() < TIMEOUT, "some messages are never delivered");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let delivered = listed(&server, "delivered");
    let failed = listed(&server, "failed");
    assert_eq!(delivered.len() + failed.len(), contacts.len());
    let expired = "it had become useless before it could be delivered";
    assert!(failed.iter().all(|message| message["reason"] == expired), "{failed:?}");

    let mut taken: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for handed in [emails.taken(), sms.taken()].concat() {
        taken.entry(handed.id).or_default().push(handed.message);
    }
    for message in &delivered {
        assert!(taken.contains_key(message["id"].as_str().expect("an id")), "{message}");
    }
    let mut reached = BTreeSet::new();
    for (id, times) in &taken {
        for message in times {
            assert_eq!(message["id"], id.as_str());
            for field in ["to", "kind", "code"] {
                assert_eq!(message[field], times[0][field], "each time the same");
            }
        }
        reached.insert(times[0]["to"].as_str().expect("a recipient").to_owned());
    }
    if failed.is_empty() {
        assert_eq!(reached, contacts);
    }
    let again: usize = taken.values().map(|times| times.len() - 1).sum();
    assert!(again <= kills.len() * IN_FLIGHT, "{again} messages went twice");
}

/// Lets the provider of one channel stall: the other channel and the API go on as if nothing were, and nothing is lost.
async fn stall(stalled: fn(usize) -> String, going: fn(usize) -> String) {
    let takes = Behaviour::Takes(Duration::ZERO);
    let [emails, sms] = [email, phone].map(|channel| {
        let does = if channel(0) == stalled(0) { Behaviour::Stalls } else { takes };
        Provider::start(does)
    });
    let (emails, sms) = (emails.await, sms.await);
    let server = Server::start_with(&settings(&emails, &sms)).await;
    let (stalling, working) = if stalled(0).contains('@') { (&emails, &sms) } else { (&sms, &emails) };

    // More than there are places for, before and between what can be delivered.
    register_all(&server, (0..40).map(stalled)).await;
    register_all(&server, (0..40).flat_map(|number| [stalled(40 + number), going(number)])).await;
    until("the other channel has delivered all", || working.count() == 40).await;
    assert_eq!(stalling.count(), 0);
    let to = going(7);
    let message = working.taken().into_iter().find(|handed| handed.message["to"] == to.as_str());
    let code = message.expect("it was delivered").message["code"].clone();
    let verified = json!({ "contact": to, "code": code });
    let verified = server.post("/v1/auth/verification_codes/verify", &verified).await;
    assert_eq!(server.get("/v1/auth/me", Some(&verified.token())).await.status, 200);
    assert_eq!(server.sign_in(&to, "a fine long password").await.status, 200);

    stalling.now(takes);
    let all: BTreeSet<String> = (0..80).map(stalled).collect();
    let reached = || -> BTreeSet<String> {
        let to = |handed: AcceptedMessage| handed.message["to"].as_str().map(str::to_owned);
        stalling.taken().into_iter().filter_map(to).collect()
    };
    until("the provider that stalled has taken all", || reached() == all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_email_provider_delays_neither_sms_nor_requests() {
    stall(email, phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_sms_provider_delays_neither_email_nor_requests() {
    stall(phone, email).await;
}
