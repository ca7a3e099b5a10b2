//! `GET /terms` and `POST /terms`

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockPractices;
use asteroid_application::practice::TermsStatus;
use asteroid_kernel::Origin;
use mockall::predicate::eq;

use crate::harness::errors::summary;
use crate::harness::practice_api::{ask, form, terms, willing_practices};
use crate::harness::{caller, json, signed_in_accounts, with_token};
use crate::practice_api::{answer, assert_is_example, is_origin};

#[actix_web::test]
async fn terms_are_answered_with_their_acceptance() {
    let mut practices = MockPractices::new();
    practices.expect_terms_status().once().with(eq(caller())).returning(|_| Ok(Some(terms())));
    let request = with_token(TestRequest::get().uri("/terms"));
    insta::assert_snapshot!(answer(signed_in_accounts(), practices, request).await, @r#"
    200 OK
    cache-control: no-store
    content-type: application/json; charset=utf-8
    x-request-id: r-1

    {"version":"2022-11","text":"Be kind to animals.","publishedAt":"2022-12-01T15:50:30.000Z","acceptedAt":"2022-12-02T00:00:00.500Z"}
    "#);
    let mut practices = MockPractices::new();
    let open = || TermsStatus { accepted_at: None, ..terms() };
    practices.expect_terms_status().once().returning(move |_| Ok(Some(open())));
    let request = with_token(TestRequest::get().uri("/terms"));
    insta::assert_snapshot!(answer(signed_in_accounts(), practices, request).await.body, @r#"{"version":"2022-11","text":"Be kind to animals.","publishedAt":"2022-12-01T15:50:30.000Z","acceptedAt":null}"#);
}

#[actix_web::test]
async fn accept_terms_answers_the_documented_example() {
    let mut practices = MockPractices::new();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    practices.expect_accept_terms().once().withf(asked).returning(|_, _| Ok(()));
    // The documented request: with a media type, and without a body.
    let request = with_token(json(&Method::POST, "/terms", ""));
    let answer = answer(signed_in_accounts(), practices, request).await;
    assert_is_example(&answer, include_str!("seeds/terms_accepted.json"));
}

#[actix_web::test]
async fn only_a_clear_yes_accepts_the_terms() {
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| format!("{text:?}")).collect() };
    let yes = texts(&["true", "1", "t", "yes", "on", "TRUE", "True", "T", "Yes", "YES", "On", "oN"]);
    let no = texts(&[
        "false",
        "False",
        "FALSE",
        "0",
        "f",
        "F",
        "off",
        "OFF",
        "no",
        "No",
        "n",
        "N",
        "null",
        "None",
        "nil",
        "undefined",
        "NaN",
        "-",
        "2",
        "-1",
        "01",
        "1.0",
        "y",
        "ok",
        "truee",
        "true ",
        " true",
        "",
        " ",
        "tru\u{435}",
        "[true]",
    ]);
    let yes = yes.into_iter().chain(["true", "1"].map(str::to_owned));
    let no = no.into_iter().chain(
        [
            "false",
            "0",
            "-1",
            "2",
            "1.0",
            "1.5",
            "1e0",
            "null",
            "[]",
            "[true]",
            "{}",
            "{\"a\": true}",
            "18446744073709551617",
        ]
        .map(str::to_owned),
    );
    for (value, status) in yes.map(|value| (value, 200)).chain(no.map(|value| (value, 422))) {
        let body = format!("{{\"terms\": {{\"accept\": {value}}}}}");
        let mut requests = vec![json(&Method::POST, "/terms", body)];
        if let Ok(text) = serde_json::from_str::<String>(&value) {
            let pair =
                form_urlencoded::Serializer::new(String::new()).append_pair("terms[accept]", &text).finish();
            requests.push(form(&Method::POST, "/terms", &pair));
            requests.push(TestRequest::post().uri(&format!("/terms?{pair}")));
        }
        for request in requests {
            // No use case may be called if the terms are not accepted.
            let practices = if status == 200 { willing_practices() } else { MockPractices::new() };
            let answer = ask(signed_in_accounts(), practices, with_token(request)).await;
            assert_eq!(answer.status, status, "{value}: {answer}");
            let expected = if status == 200 {
                r#"{"success":"success"}"#
            } else {
                r#"{"errors":{"accept":["must be accepted"]}}"#
            };
            assert_eq!(answer.body, expected, "{value}");
        }
    }
}

#[actix_web::test]
async fn terms_are_accepted_without_parameters_and_in_every_media_type() {
    for (request, status) in vec![
        (TestRequest::post().uri("/terms"), 200),
        (TestRequest::post().uri("/terms/"), 200),
        (TestRequest::post().uri("/terms?terms[accept]=true"), 200),
        (TestRequest::post().uri("/terms?terms%5Baccept%5D=1"), 200),
        (TestRequest::post().uri("/terms?terms[accept]=false"), 422),
        (TestRequest::post().uri("/terms?terms[accept]="), 422),
        (TestRequest::post().uri("/terms?terms[accept]"), 422),
        (form(&Method::POST, "/terms", "terms[accept]=true"), 200),
        (form(&Method::POST, "/terms", "terms[accept]=off"), 422),
        (form(&Method::POST, "/terms", ""), 200),
        (form(&Method::POST, "/terms?terms[accept]=false", "terms[accept]=true"), 200),
        (json(&Method::POST, "/terms", ""), 200),
        (json(&Method::POST, "/terms", "{}"), 200),
        (json(&Method::POST, "/terms", r#"{"terms": {}}"#), 200),
        (json(&Method::POST, "/terms", r#"{"terms": {"accept": true,},}"#), 200),
        (json(&Method::POST, "/terms", "null"), 200),
        (json(&Method::POST, "/terms", r#"{"terms": null}"#), 200),
        (json(&Method::POST, "/terms", r#"{"terms": {"version": 2}}"#), 200),
        (json(&Method::POST, "/terms", r#"{"terms[accept]": "false"}"#), 422),
        (json(&Method::POST, "/terms", r#"{"terms[accept]": "On"}"#), 200),
        (json(&Method::POST, "/terms", r#"{"terms": false}"#), 422),
        (json(&Method::POST, "/terms", r#"{"terms": "no"}"#), 422),
        (json(&Method::POST, "/terms", r#"{"terms": []}"#), 422),
        (form(&Method::POST, "/terms", "terms=false"), 422),
        (form(&Method::POST, "/terms", "terms[accept][]=false"), 422),
        (form(&Method::POST, "/terms", "terms[accept][value]=true"), 422),
        (form(&Method::POST, "/terms", "terms[accept]=true&terms[accept][]=false"), 422),
        (TestRequest::post().uri("/terms?terms[accept][]=no"), 422),
        (TestRequest::post().uri("/terms?terms=no"), 422),
        (json(&Method::POST, "/terms?terms[accept]=true", r#"{"terms": {"accept": null}}"#), 422),
    ] {
        let answer = ask(signed_in_accounts(), willing_practices(), with_token(request)).await;
        assert_eq!(answer.status, status, "{answer}");
    }
}

#[actix_web::test]
async fn terms_that_are_not_published_are_not_found() {
    let mut practices = MockPractices::new();
    practices.expect_terms_status().once().returning(|_| Ok(None));
    let request = with_token(TestRequest::get().uri("/terms"));
    insta::assert_snapshot!(summary(&ask(signed_in_accounts(), practices, request).await), @r#"404 {"error":"There is nothing here, or nothing that you may see."}"#);
}
