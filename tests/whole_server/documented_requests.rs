//! Reads the examples out of the API document that clients were written against, so that they cannot drift from it.

use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/api/auth-v1-api.txt");

/// One route with its example request and the answers that it shows.
pub(crate) struct Documented {
    pub(crate) method: String,
    pub(crate) path: String,
    /// As it stands in the document, to the letter.
    pub(crate) request: Option<String>,
    pub(crate) responses: Vec<(u16, Option<Value>)>,
}

impl Documented {
    /// What the document shows for this status; none where it shows no body.
    pub(crate) fn response(&self, status: u16) -> Option<&Value> {
        let found = self.responses.iter().find(|(documented, _)| *documented == status);
        found.unwrap_or_else(|| panic!("{} {} documents no {status}", self.method, self.path)).1.as_ref()
    }
}

/// Every route of the document, in its order.
pub(crate) fn all() -> Vec<Documented> {
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

/// Checks that an answer has every field of the documented one, with the same JSON types. A list's items are all
/// held against the documented first one.
pub(crate) fn assert_same_shape(documented: &Value, answered: &Value, at: &str) {
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

#[test]
fn the_document_shows_these_routes() {
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
