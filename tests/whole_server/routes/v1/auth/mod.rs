//! `/v1/auth`: every example of the API document, and the rules beyond the document.

mod login;
mod me;
mod password;
mod register;
mod sessions;
mod verification_codes;

use serde_json::json;

use crate::harness::Server;

const VERIFY: &str = "/v1/auth/verification_codes/verify";

/// Registers a user by e-mail and verifies the address. Returns the session token.
async fn washington(server: &Server, email: &str, password: &str) -> String {
    let body = json!({
        "first_name": "George", "last_name": "Washington", "email": email, "type": "work",
        "password": password, "password_confirmation": password,
    });
    assert_eq!(server.post("/v1/auth/register", &body).await.status, 200);
    let code = server.code(email, "registration_code").await;
    server.post(VERIFY, &json!({"contact": email, "code": code})).await.token()
}
