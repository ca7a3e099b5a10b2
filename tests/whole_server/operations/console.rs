//! The console: its sessions end with their users and flags, and open nothing else.

use reqwest::redirect::Policy;
use serde_json::json;

use super::users::done;
use crate::harness::Server;

const PASSWORD: &str = "a fine long password";
const EMAIL: &str = "martha@example.com";
const SETTINGS: &[(&str, &str)] =
    &[("ASTEROID_LIMITS__ENABLED", "false"), ("ASTEROID_ADMIN__BIND", "127.0.0.1:0")];

fn with_form(request: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// A browser without redirects.
struct Browser {
    client: reqwest::Client,
    /// The cookie of the console.
    token: String,
}

impl Browser {
    /// Signs in at this server.
    async fn sign_in(server: &Server) -> Self {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        let form = [("contact", EMAIL), ("password", PASSWORD), ("to", "/admin/users")];
        let url = format!("http://{}/admin/sign-in", server.admin());
        let answer = with_form(client.post(url), &form).send().await.expect("an answer");
        assert_eq!(answer.headers()["location"], "/admin/users");
        let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
        let (token, attributes) = cookie.split_once(';').expect("attributes");
        assert_eq!(attributes, " HttpOnly; SameSite=Strict; Path=/");
        let token = token.strip_prefix("asteroid_console=").expect("a token").to_owned();
        Self { client, token }
    }

    /// The status and the text of a page.
    async fn get(&self, server: &Server, path: &str) -> (u16, String) {
        self.get_with(server, path, &self.token).await
    }

    async fn get_with(&self, server: &Server, path: &str, token: &str) -> (u16, String) {
        let request = self.client.get(format!("http://{}{path}", server.admin()));
        let request = request.header("cookie", format!("asteroid_console={token}"));
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Sends a form of the page of this path.
    async fn post(&self, server: &Server, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let (_, html) = self.get(server, page).await;
        let (_, rest) = html.split_once("name=\"csrf\" value=\"").expect("a form");
        let csrf = rest.split('"').next().expect("a token");
        let fields = [&[("csrf", csrf)], fields].concat();
        let request = self.client.post(format!("http://{}{action}", server.admin()));
        let request = request.header("cookie", format!("asteroid_console={}", self.token));
        let answer = with_form(request, &fields).send().await.expect("an answer");
        let location = answer.headers().get("location").and_then(|to| to.to_str().ok());
        location.map_or_else(|| format!("answered {}", answer.status()), str::to_owned)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_the_console_ends_with_its_user_or_flag_on_all_servers() {
    let one = Server::start_with(SETTINGS).await;
    let other = one.another().await;
    let opaque = one.user(EMAIL, PASSWORD).await;
    let id = done(&one, &["user", "grant-admin", EMAIL])["id"].to_string();
    let browser = Browser::sign_in(&one).await;
    for server in [&one, &other] {
        assert_eq!(browser.get(server, "/admin/users").await.0, 200);
        // Neither token opens what the other one does.
        assert_eq!(server.get("/v1/auth/me", Some(&browser.token)).await.status, 401);
        assert_eq!(browser.get_with(server, "/admin/users", &opaque).await.0, 303);
        // And nothing of it is on the public listener.
        for path in ["/admin/", "/admin/users", "/admin/sign-in", "/admin/assets/console.css"] {
            assert_eq!(server.get(path, None).await.status, 404, "{path}");
        }
    }
    assert!(!one.dump().contains(&browser.token));

    done(&one, &["user", "revoke-admin", &id]);
    for server in [&one, &other] {
        assert_eq!(browser.get(server, "/admin/users").await.0, 303);
        assert_eq!(server.get("/v1/auth/me", Some(&opaque)).await.status, 200);
    }
    done(&one, &["user", "grant-admin", &id]);
    assert_eq!(browser.get(&other, "/admin/users").await.0, 200);
    done(&other, &["user", "disable", &id]);
    done(&other, &["user", "enable", &id]);
    assert_eq!(browser.get(&one, "/admin/users").await.0, 303, "an ended session stays ended");

    let browser = Browser::sign_in(&other).await;
    assert_eq!(browser.post(&one, "/admin/users", "/admin/sign-out", &[]).await, "/admin/sign-in");
    assert_eq!(browser.get(&other, "/admin/users").await.0, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_finds_disables_and_deletes_a_user() {
    let server = Server::start_with(SETTINGS).await;
    server.user(EMAIL, PASSWORD).await;
    done(&server, &["user", "grant-admin", EMAIL]);
    let (counts, report) = server.import_users(&[
        json!({"id": 100, "name": "George Washington", "email": "george@example.com"}),
        json!({"id": 101, "name": "John Adams", "email": "john@example.com"}),
    ]);
    assert_eq!(counts, [2, 0, 0, 0], "{report}");
    let browser = Browser::sign_in(&server).await;
    let (_, found) = browser.get(&server, "/admin/users/results?search=wash").await;
    assert!(found.contains("George Washington") && !found.contains("John Adams"), "{found}");
    let page = "/admin/users/100";
    let disabled = browser.post(&server, page, "/admin/users/100/disable", &[]).await;
    assert_eq!(disabled, "/admin/users/100?done=disable");
    let (_, html) = browser.get(&server, &disabled).await;
    assert!(html.contains("The user is disabled") && html.contains("disable user"), "{html}");
    let (_, audit) = browser.get(&server, "/admin/audit?user=100&action=disable_user").await;
    assert!(audit.contains("disable user") && audit.contains("user 1"), "{audit}");
    let (_, csv) = browser.get(&server, "/admin/audit.csv?user=100").await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0].split(',').count(), lines.len()), (10, 2), "{csv}");
    let (_, ndjson) = browser.get(&server, "/admin/audit.ndjson").await;
    for line in ndjson.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    let delete = |confirm: &'static str| {
        let browser = &browser;
        let server = &server;
        async move {
            let fields = [("confirm", confirm)];
            browser.post(server, page, "/admin/users/100/delete", &fields).await
        }
    };
    assert_eq!(delete("john@example.com").await, "answered 200 OK");
    assert_eq!(delete("george@example.com").await, "/admin/users?done=delete");
    assert_eq!(browser.get(&server, page).await.0, 404);
}

#[tokio::test]
async fn the_start_page_links_to_the_console_in_development() {
    let server = Server::start_with(SETTINGS).await;
    let link = format!("<a href=\"http://{}/admin/\">", server.admin());
    assert!(server.get("/", None).await.text.contains(&link));
    let without = Server::start_with(&[("ASTEROID_ADMIN__BIND", "")]).await;
    assert!(!without.get("/", None).await.text.contains("/admin/"));
}
