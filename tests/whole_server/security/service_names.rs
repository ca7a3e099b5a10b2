//! New passwords must not contain the names of the service, wherever a user sets one.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Server, registration};

const EMAIL: &str = "martha@example.com";
const PASSWORD: &str = "a fine long password";

fn check_refused(answer: &Answer, field: &str) {
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["validation_messages"][field][0]["code"]),
        (422, &json!("contains_name")),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn password_with_a_name_of_the_service_is_refused_everywhere() {
    let server = Server::start_with(&[
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PRODUCT__NAME", "Happy Pets"),
        ("ASTEROID_PRODUCT__DOMAIN", "app.vetcloud.example"),
    ])
    .await;
    let token = server.user(EMAIL, PASSWORD).await;
    assert_eq!(server.post("/v1/auth/password/forgot", &json!({"contact": EMAIL})).await.status, 200);
    let code = server.code(EMAIL, "reset_code").await;
    for weak in ["happypets-2026!", "My VetCloud word"] {
        let register = registration("george@example.com", weak);
        check_refused(&server.post("/v1/auth/register", &register).await, "password");

        let reset = json!({"contact": EMAIL, "code": code, "password": weak, "password_confirmation": weak});
        check_refused(&server.put("/v1/auth/password/reset", None, &reset).await, "password");

        let change = json!({
            "existing_password": PASSWORD, "new_password": weak, "new_password_confirmation": weak,
        });
        check_refused(&server.put("/v1/auth/password/change", Some(&token), &change).await, "new_password");

        let update = json!({"user": {
            "current_password": PASSWORD, "password": weak, "password_confirmation": weak,
        }});
        let refused = server.put("/users", Some(&token), &update).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()),
            (422, json!({"errors": {"password": ["must not contain your name or that of this service"]}}))
        );
    }
    server.sign_in(EMAIL, PASSWORD).await.token();
    let good = "an apple with example";
    let reset = json!({"contact": EMAIL, "code": code, "password": good, "password_confirmation": good});
    assert_eq!(
        server
            .request(Method::PUT, "/v1/auth/password/reset", None, Some(&reset.to_string()))
            .await
            .expect("an answer")
            .status,
        200
    );
    server.sign_in(EMAIL, good).await.token();
}
