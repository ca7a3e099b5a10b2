//! Parameters: as JSON, as a form, in the query string.

use std::fmt::Write;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::ports::{PasswordReview, ReviewPasswordChangeError, SignIn};
use asteroid_http::HttpSettings;

use crate::harness::{Answer, json, signed_in_accounts, signed_in_user, willing_accounts, with_token};
use crate::practice_api_harness::{CHANGE, ROUTES, SIGN_IN, ask, ask_with, form, willing_practices};

const PATH: &str = "/users/sign_in";

/// What is answered to a sign-in that must reach its use case with these credentials.
async fn sign_in_as(email: &str, password: &str, request: TestRequest) -> Answer {
    let expected = (email.to_owned(), password.to_owned());
    let mut accounts = MockAccounts::new();
    accounts.expect_sign_in().once().returning(move |SignIn { contact, password, .. }| {
        assert_eq!((contact.as_str(), password.expose()), (expected.0.as_str(), expected.1.as_str()));
        Ok(signed_in_user())
    });
    ask(accounts, MockPractices::new(), request).await
}

#[actix_web::test]
async fn the_same_parameters_may_come_in_any_form() {
    let query = "user[email]=jeremy%40test.com&user%5Bpassword%5D=5VphcVNdGhJi";
    let post = |body: &str| json(&Method::POST, PATH, body);
    let requests = [
        post(SIGN_IN),
        post(
            "{\n  \"user\": {\n    \"email\": \"jeremy@test.com\",\n    \"password\": \"5VphcVNdGhJi\",\n  },\n}",
        ),
        post(r#"{"user[email]": "jeremy@test.com", "user[password]": "5VphcVNdGhJi"}"#),
        post(r#"{"user": {"email": "jeremy@test.com"}, "user[password]": "5VphcVNdGhJi"}"#),
        post(
            r#"{"user": {"email": " jeremy@test.com ", "password": "5VphcVNdGhJi", "admin": true}, "a": [1]}"#,
        ),
        post(SIGN_IN).insert_header(("content-type", "application/json; charset=utf-8")),
        form(&Method::POST, PATH, query),
        form(&Method::POST, PATH, format!("utf8=%E2%9C%93&&x&{query}&commit=Log+in")),
        form(&Method::POST, PATH, query)
            .insert_header(("content-type", "application/x-www-form-urlencoded; charset=UTF-8")),
        TestRequest::post().uri(&format!("{PATH}?{query}")),
        TestRequest::post().uri(&format!("{PATH}/?{query}")),
        json(&Method::POST, &format!("{PATH}?{query}"), "{}"),
        json(&Method::POST, &format!("{PATH}?{query}"), " \n"),
        json(
            &Method::POST,
            &format!("{PATH}?user[password]=5VphcVNdGhJi"),
            r#"{"user": {"email": "jeremy@test.com"}}"#,
        ),
        form(&Method::POST, &format!("{PATH}?user[email]=jeremy@test.com"), "user[password]=5VphcVNdGhJi"),
    ];
    for request in requests {
        assert_eq!(sign_in_as("jeremy@test.com", "5VphcVNdGhJi", request).await.status, 200);
    }
}

#[actix_web::test]
async fn what_is_in_the_body_counts_more_than_what_is_in_the_query() {
    let path = format!("{PATH}?user[email]=other@test.com&user[email]=x&user[password]=otherpassword");
    assert_eq!(
        sign_in_as("jeremy@test.com", "5VphcVNdGhJi", json(&Method::POST, &path, SIGN_IN)).await.status,
        200
    );
    // A blank one, too.
    let blank = json(&Method::POST, &path, r#"{"user": {"email": null, "password": "5VphcVNdGhJi"}}"#);
    assert_eq!(ask(MockAccounts::new(), MockPractices::new(), blank).await.status, 401);
}

#[actix_web::test]
async fn a_form_says_every_character() {
    let request = form(
        &Method::POST,
        PATH,
        "user[email]=Zo%C3%AB%2Bvet@test.com&user[password]=+a%26b%3D%25+%F0%9F%A6%80",
    );
    assert_eq!(sign_in_as("Zoë+vet@test.com", " a&b=% 🦀", request).await.status, 200);
}

#[actix_web::test]
async fn the_password_is_changed_by_a_form_too() {
    let fields = "user[current_password]=oldpassword&user[password]=newpassword&user[password_confirmation]=newpassword";
    let requests = [
        json(&Method::PUT, "/users/", CHANGE),
        form(&Method::PUT, "/users", fields),
        TestRequest::put().uri(&format!("/users?{fields}")),
    ];
    for request in requests {
        let mut accounts = signed_in_accounts();
        accounts
            .expect_review_password_change()
            .once()
            .withf(|request| {
                let given = [&request.existing, &request.new]
                    .map(|given| given.as_ref().map(|own| own.expose().to_owned()));
                given == [Some("oldpassword".into()), Some("newpassword".into())] && request.complete
            })
            .returning(|_| Ok(()));
        assert_eq!(ask(accounts, willing_practices(), with_token(request)).await.status, 200);
    }
}

#[actix_web::test]
async fn what_nobody_can_sign_in_with_is_answered_as_wrong_credentials_are() {
    let long = format!(r#"{{"user": {{"email": "jeremy@test.com", "password": "{}"}}}}"#, "a".repeat(257));
    let bodies = [
        "{}",
        r#"{"user": {}}"#,
        r#"{"user": null}"#,
        r#"{"user": "jeremy@test.com"}"#,
        r#"{"user": [{"email": "jeremy@test.com", "password": "5VphcVNdGhJi"}]}"#,
        r#"{"email": "jeremy@test.com", "password": "5VphcVNdGhJi"}"#,
        r#"{"user": {"password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "", "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": null, "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": 1, "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": ["jeremy@test.com"], "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "555-665-4345", "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "jeremy", "password": "5VphcVNdGhJi"}}"#,
        r#"{"user": {"email": "jeremy@test.com"}}"#,
        r#"{"user": {"email": "jeremy@test.com", "password": " "}}"#,
        r#"{"user": {"email": "jeremy@test.com", "password": {"a": "5VphcVNdGhJi"}}}"#,
        r#"{"user": {"email": "jeremy@test.com", "password": 12345678}}"#,
        &long,
    ];
    for body in bodies {
        let answer = ask(MockAccounts::new(), MockPractices::new(), json(&Method::POST, PATH, body)).await;
        assert_eq!(answer.status, 401, "{body}");
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"Invalid email or password."}"#); }
    }
}

#[actix_web::test]
async fn a_parameter_that_is_given_twice_is_refused() {
    let twice = [
        json(
            &Method::POST,
            PATH,
            r#"{"user": {"email": "a@test.com", "email": "b@test.com", "password": "a"}}"#,
        ),
        json(&Method::POST, PATH, r#"{"user": {"email": "a@test.com"}, "user": {"email": "b@test.com"}}"#),
        json(&Method::POST, PATH, r#"{"user": {"email": "a@test.com"}, "user[email]": "b@test.com"}"#),
        form(&Method::POST, PATH, "user[email]=a@test.com&user%5Bemail%5D=a@test.com"),
        TestRequest::post().uri("/users/sign_in?user[email]=a@test.com&user[email]="),
    ];
    for request in twice {
        let answer = ask(MockAccounts::new(), MockPractices::new(), request).await;
        assert_eq!(answer.status, 422);
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"errors":{"email":["is given more than once"]}}"#); }
    }
    let both = form(&Method::POST, PATH, "user[email]=a&user[email]=b&user[password]=a&user[password]=b");
    insta::assert_snapshot!(ask(MockAccounts::new(), MockPractices::new(), both).await.body, @r#"{"errors":{"email":["is given more than once"],"password":["is given more than once"]}}"#);
    let terms = with_token(form(&Method::POST, "/terms", "terms[accept]=true&terms[accept]=true"));
    insta::assert_snapshot!(ask(signed_in_accounts(), MockPractices::new(), terms).await.body, @r#"{"errors":{"accept":["is given more than once"]}}"#);
}

#[actix_web::test]
async fn bytes_that_are_no_text_are_no_password() {
    // Two of them must not become one.
    let request = form(&Method::POST, PATH, "user[email]=jeremy@test.com&user[password]=p%E4ssword");
    assert_eq!(ask(MockAccounts::new(), MockPractices::new(), request).await.status, 401);
}

#[actix_web::test]
async fn terms_are_accepted_by_a_clear_yes_alone() {
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
            // No use case is expected to be asked where nothing is accepted.
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
async fn the_terms_are_accepted_in_any_form_and_unless_said_otherwise() {
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

/// The routes that read a body.
fn with_body() -> impl Iterator<Item = (&'static str, Method)> {
    ROUTES.into_iter().filter(|route| route.body.is_some()).map(|route| (route.path, route.method))
}

#[actix_web::test]
async fn what_is_no_json_object_is_refused_everywhere_with_its_position() {
    let deep = format!("{{\"user\": {}", "[".repeat(8000));
    let bodies: [(&str, &[u8]); 9] = [
        ("array", b" [1]"),
        ("string", b"\"a\""),
        ("UTF-16", b"\xff\xfe{\0}\0"),
        ("cut off", b"{\"user\":\n {\"email"),
        ("two commas", b"{\"user\": {\"email\": 1,,}}"),
        ("more behind", b"{} {}"),
        ("a form", b"user[email]=a"),
        ("not UTF-8", b"{\"user\": \"\xff\"}"),
        ("deep", deep.as_bytes()),
    ];
    for (path, method) in with_body() {
        let mut table = String::new();
        for (name, body) in bodies {
            let request = with_token(json(&method, path, "")).set_payload(body.to_vec());
            let answer = ask(signed_in_accounts(), MockPractices::new(), request).await;
            assert_eq!(answer.status, 400, "{name}");
            writeln!(table, "{name}: {}", answer.body).expect("a string");
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r#"
        array: {"error":"The request body must be a JSON object: line 1, column 2."}
        string: {"error":"The request body must be a JSON object: line 1, column 1."}
        UTF-16: {"error":"The request body must be JSON in UTF-8; this is UTF-16 or UTF-32."}
        cut off: {"error":"The request body is not valid JSON: line 2, column 8."}
        two commas: {"error":"The request body is not valid JSON: line 1, column 22."}
        more behind: {"error":"The request body is not valid JSON: line 1, column 4."}
        a form: {"error":"The request body is not valid JSON: line 1, column 1."}
        not UTF-8: {"error":"The request body is not valid JSON: line 1, column 11."}
        deep: {"error":"The request body is not valid JSON: line 1, column 136."}
        "#); }
    }
}

#[actix_web::test]
async fn a_null_body_and_an_empty_body_are_an_empty_object_everywhere() {
    for (path, method) in with_body() {
        let answer_to = async |body: &str| {
            let mut accounts = signed_in_accounts();
            accounts.expect_review_password_change().returning(|_| {
                let flaws = Vec::new();
                Err(ReviewPasswordChangeError::Refused(PasswordReview { existing_is_right: false, flaws }))
            });
            let request = with_token(json(&method, path, "")).set_payload(body.to_owned());
            let answer = ask(accounts, willing_practices(), request).await;
            (answer.status, answer.body)
        };
        let expected = answer_to("{}").await;
        for body in ["", " \r\n", "null", "null\n", "\u{feff}null", "\u{feff}", "\u{feff} {}"] {
            assert_eq!(answer_to(body).await, expected, "{path} {body:?}");
        }
    }
}

#[actix_web::test]
async fn a_body_says_what_it_is() {
    for (path, method) in with_body() {
        for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
            let request = with_token(json(&method, path, "{}")).insert_header(("content-type", media_type));
            let answer = ask(signed_in_accounts(), MockPractices::new(), request).await;
            assert_eq!(answer.status, 415, "{media_type}");
            insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"The request body must be sent as application/json or application/x-www-form-urlencoded, without a content coding."}"#); }
        }
        let compressed = with_token(json(&method, path, "{}")).insert_header(("content-encoding", "gzip"));
        assert_eq!(ask(signed_in_accounts(), MockPractices::new(), compressed).await.status, 415);
    }
}

#[actix_web::test]
async fn a_body_has_a_limit() {
    let settings = HttpSettings { body_limit: 10, ..HttpSettings::default() };
    for (path, method) in with_body() {
        let request = with_token(form(&method, path, "a=123456789"));
        let answer = ask_with(signed_in_accounts(), MockPractices::new(), settings.clone(), request).await;
        assert_eq!(answer.status, 413);
        insta::allow_duplicates! { insta::assert_snapshot!(answer.body, @r#"{"error":"The request body must have at most 10 bytes."}"#); }
    }
}

#[actix_web::test]
async fn a_body_of_a_request_that_has_none_is_not_read() {
    for route in ROUTES.iter().filter(|route| route.body.is_none()) {
        let request = route.request().insert_header(("content-type", "text/plain")).set_payload("{");
        assert!(
            ask(willing_accounts(), willing_practices(), request).await.status.is_success(),
            "{}",
            route.path
        );
    }
}
