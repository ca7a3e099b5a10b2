//! `POST /v1/auth/verification_codes/send`, `POST /v2/…/send`, `POST /v1/…/verify`

use serde_json::{Value, json};

use super::{VERIFY, washington};
use crate::harness::Server;
use crate::routes::v1_document::{check, replay, route};

#[tokio::test]
async fn send_and_verify_codes_answer_as_documented() {
    let server = Server::start().await;
    washington(&server, "george.washington@example.com", "IWasTheFirstPrez1776").await;
    for (path, length) in [("/v1/auth/verification_codes/send", 5), ("/v2/auth/verification_codes/send", 6)] {
        let send = route("POST", path);
        check(&send, "example", &replay(&server, &send, None, send.request.as_deref()).await);
        check(&send, "nothing_given", &replay(&server, &send, None, Some("{}")).await);
        let null_phone = json!({"email": "george.washington@example.com", "phone": null}).to_string();
        check(&send, "null_phone", &replay(&server, &send, None, Some(&null_phone)).await);
        let is_code = |m: &Value| {
            m["kind"] == "sign_in_code" && m["code"].as_str().is_some_and(|code| code.len() == length)
        };
        let message = server.message("george.washington@example.com", is_code).await;
        let verify = route("POST", VERIFY);
        let body = json!({"contact": "George.Washington@EXAMPLE.com", "code": message["code"]}).to_string();
        check(&verify, "right_code", &replay(&server, &verify, None, Some(&body)).await);
    }
    let verify = route("POST", VERIFY);
    check(&verify, "example", &replay(&server, &verify, None, verify.request.as_deref()).await);
    check(&verify, "nothing_given", &replay(&server, &verify, None, Some("{}")).await);
}
