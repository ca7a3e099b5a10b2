//! The client address and the user agent that use cases receive.

use std::net::IpAddr;

use actix_web::http::Method;
use asteroid_application::accounts::ForgotPassword;
use asteroid_application::mocks::MockAccounts;
use asteroid_http::HttpSettings;

use crate::harness::{ask_with, json};

/// Asserts the origin that a use case receives. The peer is 203.0.113.9.
async fn assert_told(trusted: &[&str], fields: &[(&'static str, &str)], ip: &str, user_agent: Option<&str>) {
    let settings = HttpSettings {
        trusted_proxies: trusted.iter().map(|net| net.parse().expect("a network")).collect(),
        ..HttpSettings::default()
    };
    let expected: (IpAddr, Option<String>) = (ip.parse().expect("an address"), user_agent.map(str::to_owned));
    let mut accounts = MockAccounts::new();
    accounts.expect_forgot_password().once().returning(move |ForgotPassword { origin, .. }| {
        assert_eq!((origin.ip, &origin.user_agent), (Some(expected.0), &expected.1));
        assert_eq!(origin.request_id.as_deref().map(str::len), Some(36));
        Ok(())
    });
    let mut request = json(&Method::POST, "/v1/auth/password/forgot", r#"{"contact": "g@example.com"}"#);
    for field in fields {
        request = request.append_header(*field);
    }
    let answer = ask_with(accounts, settings, request).await;
    assert_eq!(answer.status, 200, "{fields:?}");
}

#[actix_web::test]
async fn a_forged_x_forwarded_for_has_no_effect() {
    let forged = [
        ("x-forwarded-for", "198.51.100.1"),
        ("forwarded", "for=198.51.100.1"),
        ("x-real-ip", "198.51.100.1"),
        ("host", "evil.example"),
    ];
    assert_told(&[], &forged, "203.0.113.9", None).await;
    assert_told(&["10.0.0.0/8"], &forged, "203.0.113.9", None).await;
}

#[actix_web::test]
async fn x_forwarded_for_of_a_trusted_proxy_names_the_client() {
    let proxies = ["203.0.113.0/24", "10.0.0.0/8"];
    let chain = [("x-forwarded-for", "6.6.6.6, 198.51.100.1"), ("x-forwarded-for", "10.0.0.1")];
    assert_told(&proxies, &chain, "198.51.100.1", None).await;
    assert_told(&proxies, &[("forwarded", "for=198.51.100.1")], "203.0.113.9", None).await;
    assert_told(&proxies, &[("x-forwarded-for", "unknown")], "203.0.113.9", None).await;
}

#[actix_web::test]
async fn a_long_user_agent_is_truncated() {
    assert_told(&[], &[("user-agent", " ")], "203.0.113.9", None).await;
    let long = "a".repeat(300);
    assert_told(&[], &[("user-agent", &long)], "203.0.113.9", Some(&long[..256])).await;
}
