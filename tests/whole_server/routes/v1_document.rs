//! The routes and examples of `docs/api/auth-v1-api.txt`, read from the document itself, so that the tests cannot drift
//! from it.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, Server};

const DOCUMENT: &str = include_str!("../../../docs/api/auth-v1-api.txt");

/// A documented route with its example request and responses.
pub(crate) struct Documented {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The exact text of the document.
    pub(crate) request: Option<String>,
    pub(crate) responses: Vec<(u16, Option<Value>)>,
}

impl Documented {
    /// The documented body for this status; [`None`] where the document has no body.
    pub(crate) fn response(&self, status: u16) -> Option<&Value> {
        let found = self.responses.iter().find(|(documented, _)| *documented == status);
        found.unwrap_or_else(|| panic!("{} {} documents no {status}", self.method, self.path)).1.as_ref()
    }
}

/// All routes of the document, in its order.
fn all() -> Vec<Documented> {
    let mut routes = Vec::new();
    let mut lines = DOCUMENT.lines().map(str::trim).peekable();
    let mut in_response = false;
    while let Some(line) = lines.next() {
        if line == "Example URI" {
            let uri = lines.by_ref().find(|line| !line.is_empty()).expect("a URI");
            let (method, path) = uri.split_once(char::is_whitespace).expect("a method and a path");
            routes.push(Documented {
                method: method.into(),
                path: path.trim().into(),
                request: None,
                responses: Vec::new(),
            });
            in_response = false;
        } else if let Some(status) = line.strip_prefix("Response").map(str::trim) {
            let route = routes.last_mut().expect("a route before its responses");
            route.responses.push((status.parse().expect("a status"), None));
            in_response = true;
        } else if line == "Body" {
            let mut body = String::new();
            while let Some(line) = lines.next_if(|line| *line != "Schema") {
                body.push_str(line);
                body.push('\n');
            }
            let route = routes.last_mut().expect("a route before its bodies");
            if in_response {
                let shown = serde_json::from_str(&body).expect("a documented answer is JSON");
                route.responses.last_mut().expect("a response").1 = Some(shown);
            } else {
                route.request = Some(body);
            }
        }
    }
    routes
}

/// The documented route of this method and path.
pub(crate) fn route(method: &str, path: &str) -> Documented {
    let found = all().into_iter().find(|route| route.method == method && route.path == path);
    found.unwrap_or_else(|| panic!("{method} {path} is not documented"))
}

/// Checks that an answer has every field of the documented one, with the same JSON types. Each item of a list is
/// compared with the first documented item.
fn assert_same_shape(documented: &Value, answered: &Value, at: &str) {
    match (documented, answered) {
        (Value::Object(documented), Value::Object(answered)) => {
            for (name, value) in documented {
                let at = format!("{at}.{name}");
                let got = answered.get(name).unwrap_or_else(|| panic!("{at} is missing"));
                assert_same_shape(value, got, &at);
            }
        }
        (Value::Array(documented), Value::Array(answered)) => {
            for item in answered {
                assert_same_shape(documented.first().expect("an example item"), item, &format!("{at}[]"));
            }
        }
        _ => assert_eq!(
            std::mem::discriminant(documented),
            std::mem::discriminant(answered),
            "{at} is {answered} where the document shows {documented}"
        ),
    }
}

/// Compares the answer with its snapshot, and with the document's example for its status.
pub(crate) fn check(route: &Documented, name: &str, answer: &Answer) {
    match route.response(answer.status.as_u16()) {
        Some(documented) => assert_same_shape(documented, &answer.json(), &route.path),
        None => assert!(["", "{}"].contains(&answer.text.as_str()), "{}", answer.text),
    }
    snapshot(&route.path, name, answer);
}

/// Compares the answer with the snapshot of this name in the folder of its path.
pub(crate) fn snapshot(path: &str, name: &str, answer: &Answer) {
    insta::with_settings!({
        snapshot_path => format!("snapshots{path}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, answer.snapshot());
    });
}

/// Sends a request with this body to the route.
pub(crate) async fn replay(
    server: &Server,
    route: &Documented,
    token: Option<&str>,
    body: Option<&str>,
) -> Answer {
    let method: Method = route.method.parse().expect("a method");
    server.request(method, &route.path, token, body).await.expect("an answer")
}

#[test]
fn the_document_has_these_routes() {
    let shown: Vec<String> = all().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(
        shown,
        [
            "POST /v1/auth/register",
            "POST /v1/auth/login",
            "GET /v1/auth/me",
            "PUT /v1/auth/password/change",
            "POST /v1/auth/password/forgot",
            "PUT /v1/auth/password/reset",
            "POST /v1/auth/verification_codes/send",
            "POST /v2/auth/verification_codes/send",
            "POST /v1/auth/verification_codes/verify",
        ]
    );
}
