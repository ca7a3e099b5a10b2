//! Clients that do anything in any order. A model knows what each answer has to be: no request fails in the server, a password
//! opens a session if and only if it is the user's, a token works if and only if its session lives, and a code works once at
//! the most.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Chance, Server, registration};

/// Each works on contacts of its own, so that its model is exact.
const CLIENTS: u64 = 8;
const CONTACTS: u64 = 3;
/// The most sessions of a user.
const SESSIONS: usize = 20;
const PATHS: [&str; 9] = [
    "/v1/auth/register",
    "/v1/auth/login",
    "/v1/auth/verification_codes/send",
    "/v2/auth/verification_codes/send",
    "/v1/auth/verification_codes/verify",
    "/v1/auth/password/forgot",
    "/v1/auth/password/reset",
    "/users/sign_in",
    "/terms",
];

/// What a client knows of the server.
struct Client<'a> {
    server: &'a Server,
    chance: Chance,
    name: u64,
    /// The passwords of the registrations of each contact without a user.
    registered: BTreeMap<String, BTreeSet<String>>,
    /// The password of each user.
    users: BTreeMap<String, String>,
    /// The token and the user of each live session, the oldest first.
    sessions: Vec<(String, String)>,
    ended: Vec<String>,
    used_codes: BTreeSet<String>,
    passwords: u64,
    requests: u64,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server, name: u64) -> Self {
        Self {
            server,
            chance: Chance(name),
            name,
            registered: BTreeMap::new(),
            users: BTreeMap::new(),
            sessions: Vec::new(),
            ended: Vec::new(),
            used_codes: BTreeSet::new(),
            passwords: 0,
            requests: 0,
        }
    }

    fn contact(&mut self) -> String {
        format!("client{}.{}@example.com", self.name, self.chance.below(CONTACTS))
    }

    fn new_password(&mut self) -> String {
        self.passwords += 1;
        format!("Chestnut-{}-grove-{}", self.name, self.passwords)
    }

    /// The password of the contact's user, or another one.
    fn some_password(&mut self, contact: &str) -> String {
        let known = self.users.get(contact).cloned().filter(|_| self.chance.below(3) > 0);
        known.unwrap_or_else(|| "Not-the-password-1732".to_owned())
    }

    /// A token that works, one that worked, or one that never did.
    fn some_token(&mut self) -> String {
        let live: Vec<_> = self.sessions.iter().map(|(token, _)| token.clone()).collect();
        let from = match self.chance.below(4) {
            0 => &self.ended,
            _ => &live,
        };
        match from.len() as u64 {
            0 => "0123456789abcdef0123456789abcdef".to_owned(),
            some => from[usize::try_from(self.chance.below(some)).expect("small")].clone(),
        }
    }

    /// One of the last codes of a contact, of any kind, or a wrong one.
    fn some_code(&mut self, contact: &str) -> String {
        let messages = self.server.recent_messages();
        let codes: Vec<_> = messages
            .iter()
            .rev()
            .filter(|message| message["to"] == contact)
            .filter_map(|message| message["code"].as_str())
            .take(3)
            .collect();
        let place = usize::try_from(self.chance.below(4)).expect("small");
        codes.get(place).map_or("0U0U0", |code| *code).to_owned()
    }

    /// Holds a code that worked against the model.
    fn spend(&mut self, contact: &str, code: &str) {
        assert_ne!(code, "0U0U0", "a code works only if it was sent");
        assert!(self.used_codes.insert(format!("{contact} {code}")), "a code works once");
    }

    fn end_sessions_of(&mut self, user: &str, but: Option<&str>) {
        let (live, ended): (_, Vec<_>) = std::mem::take(&mut self.sessions)
            .into_iter()
            .partition(|(token, owner)| owner != user || Some(token.as_str()) == but);
        self.sessions = live;
        self.ended.extend(ended.into_iter().map(|(token, _)| token));
    }

    fn session_opened(&mut self, token: String, user: &str) {
        self.sessions.push((token, user.to_owned()));
        let own = |(_, owner): &(String, String)| owner == user;
        if self.sessions.iter().filter(|session| own(session)).count() > SESSIONS {
            let oldest = self.sessions.iter().position(own).expect("one of them");
            self.ended.push(self.sessions.remove(oldest).0);
        }
    }

    fn user_of(&self, token: &str) -> Option<String> {
        self.sessions.iter().find(|(own, _)| own == token).map(|(_, user)| user.clone())
    }

    async fn request(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> Answer {
        self.requests += 1;
        let answer = self.server.request(method, path, token, body).await.expect("an answer");
        assert!(answer.status.as_u16() < 500, "{path} {body:?}: {answer:?}");
        answer
    }

    async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path, None, Some(&body.to_string())).await
    }

    async fn step(&mut self) {
        match self.chance.below(14) {
            0 => self.register().await,
            1 => self.send_code().await,
            2 | 3 => self.verify_code().await,
            4 | 5 => self.sign_in().await,
            6 | 7 => self.look_at_oneself().await,
            8 => self.list_sessions().await,
            9 => self.change_password().await,
            10 => self.forget_password().await,
            11 => self.reset_password().await,
            12 => self.sign_out().await,
            _ => self.talk_nonsense().await,
        }
    }

    async fn register(&mut self) {
        let (contact, password) = (self.contact(), self.new_password());
        let answer = self.post("/v1/auth/register", &registration(&contact, &password)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        if !self.users.contains_key(&contact) {
            self.registered.entry(contact).or_default().insert(password);
        }
    }

    async fn send_code(&mut self) {
        let contact = self.contact();
        let version = 1 + self.chance.below(2);
        let path = format!("/v{version}/auth/verification_codes/send");
        assert_eq!(self.post(&path, &json!({ "email": contact })).await.status, 204);
    }

    async fn verify_code(&mut self) {
        let contact = self.contact();
        let code = self.some_code(&contact);
        let body = json!({ "contact": contact, "code": code });
        let answer = self.post("/v1/auth/verification_codes/verify", &body).await;
        if answer.status != 200 {
            assert_eq!(answer.status, 401, "{answer:?}");
            return;
        }
        self.spend(&contact, &code);
        self.session_opened(answer.token(), &contact);
        if let Some(passwords) = self.registered.remove(&contact) {
            // One of the registrations made the user, with its password.
            for password in passwords {
                let answer = self.server.sign_in(&contact, &password).await;
                if answer.status == 200 {
                    self.session_opened(answer.token(), &contact);
                    let other = self.users.insert(contact.clone(), password);
                    assert_eq!(other, None, "one password works");
                }
            }
            assert!(self.users.contains_key(&contact), "one password works");
        }
    }

    async fn sign_in(&mut self) {
        let contact = self.contact();
        let password = self.some_password(&contact);
        let answer = self.server.sign_in(&contact, &password).await;
        self.requests += 1;
        if self.users.get(&contact) == Some(&password) {
            self.session_opened(answer.token(), &contact);
        } else {
            assert_eq!(answer.status, 401, "{answer:?}");
        }
    }

    async fn look_at_oneself(&mut self) {
        let token = self.some_token();
        let answer = self.request(Method::GET, "/v1/auth/me", Some(&token), None).await;
        match self.user_of(&token) {
            Some(user) => assert!(answer.status == 200 && answer.text.contains(&user), "{user}: {answer:?}"),
            None => assert_eq!(answer.status, 401, "{answer:?}"),
        }
    }

    async fn list_sessions(&mut self) {
        let token = self.some_token();
        let answer = self.request(Method::GET, "/v1/auth/sessions", Some(&token), None).await;
        match self.user_of(&token) {
            Some(_) => assert_eq!(answer.status, 200, "{answer:?}"),
            None => assert_eq!(answer.status, 401, "{answer:?}"),
        }
    }

    async fn change_password(&mut self) {
        let (token, new) = (self.some_token(), self.new_password());
        let user = self.user_of(&token);
        let existing = self.some_password(user.as_deref().unwrap_or_default());
        let body = json!({
            "existing_password": existing, "new_password": new, "new_password_confirmation": new,
        });
        let path = "/v1/auth/password/change";
        let answer = self.request(Method::PUT, path, Some(&token), Some(&body.to_string())).await;
        match user {
            Some(user) if self.users.get(&user) == Some(&existing) => {
                assert_eq!(answer.status, 200, "{answer:?}");
                self.end_sessions_of(&user, Some(&token));
                self.users.insert(user, new);
            }
            _ => assert!(answer.status.is_client_error(), "{answer:?}"),
        }
    }

    async fn forget_password(&mut self) {
        let contact = self.contact();
        assert_eq!(self.post("/v1/auth/password/forgot", &json!({ "contact": contact })).await.status, 200);
    }

    async fn reset_password(&mut self) {
        let (contact, new) = (self.contact(), self.new_password());
        let code = self.some_code(&contact);
        let body = json!({ "contact": contact, "code": code, "password": new, "password_confirmation": new });
        let path = "/v1/auth/password/reset";
        let answer = self.request(Method::PUT, path, None, Some(&body.to_string())).await;
        if answer.status == 200 {
            self.spend(&contact, &code);
            self.end_sessions_of(&contact, None);
            assert!(self.users.insert(contact, new).is_some(), "only a user has a password to reset");
        } else {
            assert_eq!(answer.status, 401, "{answer:?}");
        }
    }

    async fn sign_out(&mut self) {
        let token = self.some_token();
        let answer = self.request(Method::POST, "/v1/auth/logout", Some(&token), None).await;
        assert_eq!(answer.status.is_success(), self.user_of(&token).is_some(), "{answer:?}");
        self.sessions.retain(|(own, _)| *own != token);
        self.ended.push(token);
    }

    /// A body that is not what the route reads.
    async fn talk_nonsense(&mut self) {
        let path = PATHS[usize::try_from(self.chance.below(PATHS.len() as u64)).expect("small")];
        let contact = self.contact();
        let bodies = [
            String::new(),
            "[]".to_owned(),
            "{\"contact\": {\"$ne\": null}, \"email\": [\"a\"], \"code\": 1}".to_owned(),
            format!("{{\"contact\": \"{contact}\", \"contact\": \"{contact}\", \"code\": \"0U0U0\"}}"),
            format!(
                "{{\"contact\": \"{contact}' OR 1=1 --\", \"password\": \"' OR '1'='1\", \"code\": \"' OR 1\"}}"
            ),
            format!("{{\"user\": {{\"email\": \"{contact}\\u0000\", \"password\": \"\\ud800\"}}}}"),
            "\u{feff}{\"contact\": \"\u{202e}\u{0}\"".to_owned(),
        ];
        let body = &bodies[usize::try_from(self.chance.below(bodies.len() as u64)).expect("small")];
        let answer = self.request(Method::POST, path, None, Some(body)).await;
        assert!(answer.status.is_client_error(), "{path} {body}: {answer:?}");
    }
}

async fn assert_the_model_holds(requests: u64) {
    let settings = [
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_LOG__LEVEL", "warn"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "8"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "1"),
    ];
    let server = Server::start_with(&settings).await;
    let clients = (0..CLIENTS).map(|name| {
        let mut client = Client::new(&server, name);
        async move {
            while client.requests < requests / CLIENTS {
                client.step().await;
            }
            (client.requests, client.used_codes.len())
        }
    });
    let done = join_all(clients).await;
    let requests: u64 = done.iter().map(|(requests, _)| requests).sum();
    let codes: usize = done.iter().map(|(_, codes)| codes).sum();
    println!("{requests} requests, {codes} codes redeemed, no answer that the model does not know");
    assert!(codes > 0, "the clients got somewhere");
}

#[tokio::test]
async fn random_clients_get_the_answers_that_the_model_knows() {
    assert_the_model_holds(2000).await;
}

#[tokio::test]
#[ignore = "takes long; `just ci-full` runs it"]
async fn random_clients_get_the_answers_that_the_model_knows_a_million_times() {
    assert_the_model_holds(1_000_000).await;
}
