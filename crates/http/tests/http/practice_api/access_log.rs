//! The access log.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;

use crate::access_log::{lines_during, printed};
use crate::harness::practice_api::{CHANGE, SIGN_IN, ask, form, willing_practices};
use crate::harness::{TOKEN, json, willing_accounts, with_token};

async fn lines(request: TestRequest) -> Vec<Value> {
    let request = request.insert_header(("x-request-id", "r-1"));
    lines_during(ask(willing_accounts(), willing_practices(), request)).await
}

#[actix_web::test]
async fn the_log_has_the_route_pattern_without_the_query_string() {
    let mut written = Vec::new();
    for path in ["/users/current?a=secret", "/clients/secret?q=secret", "/clients/?q=secret", "/users/secret"]
    {
        written.push(printed(&lines(with_token(TestRequest::get().uri(path))).await));
    }
    insta::assert_snapshot!(written.join("\n"), @r#"
    INFO "answered" {"bytes":588,"client":"203.0.113.9","duration_ms":"any","method":"GET","request_id":"r-1","route":"/users/current","status":200,"user_id":1}
    INFO "answered" {"bytes":1963,"client":"203.0.113.9","duration_ms":"any","method":"GET","request_id":"r-1","route":"/clients/{clientId}","status":200,"user_id":1}
    INFO "answered" {"bytes":1963,"client":"203.0.113.9","duration_ms":"any","method":"GET","request_id":"r-1","route":"/clients","status":200,"user_id":1}
    INFO "answered" {"bytes":63,"client":"203.0.113.9","duration_ms":"any","method":"GET","request_id":"r-1","route":"none","status":404}
    "#);
}

#[actix_web::test]
async fn the_log_holds_no_secret_and_no_contact_at_any_level() {
    let sign_in = "user[email]=jeremy%40test.com&user[password]=5VphcVNdGhJi";
    let change = "user[current_password]=oldpassword&user[password]=newpassword&user[password_confirmation]=newpassword";
    let post = Method::POST;
    let requests = [
        json(&post, "/users/sign_in", SIGN_IN),
        json(&post, "/users/sign_in", format!("[{SIGN_IN}]")),
        form(&post, "/users/sign_in", sign_in),
        TestRequest::post().uri(&format!("/users/sign_in?{sign_in}")),
        with_token(json(&Method::PUT, "/users", CHANGE)),
        with_token(form(&Method::PUT, "/users", change)),
        with_token(TestRequest::put().uri(&format!("/users?{change}"))),
        with_token(TestRequest::get().uri("/clients?q=jeremy")),
        with_token(TestRequest::get().uri(&format!("/clients/jeremy?access_token={TOKEN}"))),
    ];
    let secrets = [
        TOKEN,
        "jeremy",
        "Jeremy",
        "Mickelson",
        "test.com",
        "hGJi",
        "oldpassword",
        "newpassword",
        "8012223333",
    ];
    for request in requests {
        let written = format!("{:?}", lines(request).await);
        assert!(written.contains("answered"));
        for secret in secrets {
            assert!(!written.contains(secret), "{secret} in {written}");
        }
    }
}
