//! `POST /v1/auth/verification_codes/send` and `POST /v2/auth/verification_codes/send`

use actix_web::http::Method;
use asteroid_application::accounts::{CodeVersion, SendCodes, SendCodesError};
use asteroid_application::mocks::MockAccounts;

use crate::harness::errors::{WAIT, busy, country_not_served, failed, route_at, summary, unavailable};
use crate::harness::{ask, json};
use crate::v1::auth::{answer, answer_to, contact, is_origin};

#[actix_web::test]
async fn send_codes_to_both_contacts_answers_204_in_both_versions() {
    for (path, version) in [("/v1", CodeVersion::V1), ("/v2", CodeVersion::V2)] {
        let path = format!("{path}/auth/verification_codes/send");
        let mut accounts = MockAccounts::new();
        let asked = move |request: &SendCodes| {
            request.contacts == [contact("george.washington@example.com"), contact("555-555-5555")]
                && request.version == version
                && is_origin(&request.origin)
        };
        accounts.expect_send_codes().once().withf(asked).returning(|_| Ok(()));
        let body = r#"{"email": "george.washington@example.com", "phone": "555-555-5555"}"#;
        let answer = answer_to(accounts, Method::POST, &path, body).await;
        insta::allow_duplicates! { insta::assert_snapshot!(answer, @r"
        204 No Content
        cache-control: no-store
        x-request-id: r-1
        "); }
    }
}

#[actix_web::test]
async fn send_codes_to_one_contact_answers_204() {
    for (body, expected) in [
        (r#"{"email": "g@example.com"}"#, "g@example.com"),
        (r#"{"email": null, "phone": "5555555555"}"#, "555-555-5555"),
    ] {
        let mut accounts = MockAccounts::new();
        let asked = move |request: &SendCodes| request.contacts == [contact(expected)];
        accounts.expect_send_codes().once().withf(asked).returning(|_| Ok(()));
        let request = json(&Method::POST, "/v1/auth/verification_codes/send", body);
        assert_eq!(answer(accounts, request).await.status, 204);
    }
}

#[actix_web::test]
async fn send_codes_errors_are_answered_by_name_with_rate_limit_fields() {
    for version in ["/v1/auth/verification_codes/send", "/v2/auth/verification_codes/send"] {
        let mut table = String::new();
        for error in [
            SendCodesError::TooManyCodes { retry_after: WAIT },
            SendCodesError::CountryNotServed(country_not_served()),
            SendCodesError::Storage(busy()),
            SendCodesError::Storage(unavailable()),
            SendCodesError::Storage(failed()),
        ] {
            let mut accounts = MockAccounts::new();
            accounts.expect_send_codes().once().return_once(|_| Err(error));
            table += &summary(&ask(accounts, route_at(version).request(route_at(version).body())).await);
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        429 [retry-after: 60] [ratelimit: "default";r=0;t=60] {"error":{"code":"TOO_MANY_REQUESTS","message":"Too many requests. Please try again in 60 s."}}
        422 {"error":{"code":"VALIDATION_ERROR","message":"You have validation errors in your submission","validation_messages":{"phone":[{"message":"Codes are sent to phone numbers of these countries only: US.","code":"country_not_supported"}]}}}
        503 [retry-after: 1] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
        503 [retry-after: 5] {"error":{"code":"SERVICE_UNAVAILABLE","message":"The service is temporarily unavailable. Please try again."}}
        500 {"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}
        "#); }
    }
}
