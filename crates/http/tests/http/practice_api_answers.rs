//! What each route asks of its use case, and answers when all went well: the document's examples, to the letter.

use std::net::IpAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::ports::practice::{ClientQuery, ClientsSeen, PracticeProfile, TermsStatus};
use asteroid_application::ports::{ReviewPasswordChange, SignIn, TokenForm};
use asteroid_clients::GoogleApiKey;
use asteroid_identity::{PersonName, User};
use asteroid_kernel::{Contact, Origin, Region};
use mockall::predicate::eq;
use serde_json::{Value, json};

use crate::harness::{
    Answer, TOKEN, caller, json as json_request, signed_in_accounts, signed_in_user, with_token,
};
use crate::practice_api_harness::{
    CHANGE, SIGN_IN, admitted, admitting_practices, ask, bare_profile, client, id, profile, seed, terms,
};

/// The origin of each request in here.
fn is_origin(origin: &Origin) -> bool {
    *origin
        == Origin {
            ip: Some(IpAddr::from([203, 0, 113, 9])),
            user_agent: Some("Mozilla/5.0".into()),
            request_id: Some("r-1".into()),
        }
}

async fn answer(accounts: MockAccounts, practices: MockPractices, request: TestRequest) -> Answer {
    let request = request.insert_header(("user-agent", "Mozilla/5.0")).insert_header(("x-request-id", "r-1"));
    ask(accounts, practices, request).await
}

/// Practices that know this profile of the caller.
fn practices_of(profile: PracticeProfile) -> MockPractices {
    let mut practices = MockPractices::new();
    practices
        .expect_practice_profile()
        .once()
        .with(eq(caller()), eq(None))
        .return_once(|_, _| Ok(Some(profile)));
    practices
}

/// Asserts that an answer is an example of the document, with the keys in its order.
fn assert_is(answer: &Answer, example: &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let example_value: Value = serde_json::from_str(example).expect("JSON");
    assert_eq!(answer.json(), example_value);
    assert_eq!(answer.body, without_white_space(example), "in another order");
}

/// The same JSON without the white space between its tokens.
fn without_white_space(json: &str) -> String {
    // No string of the document holds a quotation mark.
    let parts = json.split('"').enumerate();
    let parts =
        parts.map(|(at, part)| if at % 2 == 0 { part.replace([' ', '\n'], "") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("\"")
}

#[actix_web::test]
async fn sign_in() {
    let mut accounts = MockAccounts::new();
    let asked = |request: &SignIn| {
        request.contact == Contact::parse("jeremy@test.com", Region::US).expect("a contact")
            && request.password.expose() == "5VphcVNdGhJi"
            && request.token == TokenForm::Signed
            && is_origin(&request.origin)
    };
    accounts.expect_sign_in().once().withf(asked).returning(|_| Ok(signed_in_user()));
    let request = json_request(&Method::POST, "/users/sign_in", SIGN_IN);
    let answer = answer(accounts, MockPractices::new(), request).await;
    let token = seed("sign_in")["token"].as_str().expect("a token").to_owned();
    assert_is(&answer, &include_str!("seeds/sign_in.json").replace(&token, TOKEN));
}

#[actix_web::test]
async fn sign_out() {
    let mut accounts = signed_in_accounts();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    accounts.expect_sign_out().once().withf(asked).returning(|_, _| Ok(()));
    let request = with_token(TestRequest::delete().uri("/users/sign_out"));
    insta::assert_snapshot!(answer(accounts, MockPractices::new(), request).await, @r"
    204 No Content
    cache-control: no-store
    x-request-id: r-1
    ");
}

#[actix_web::test]
async fn change_password() {
    for path in ["/users", "/users/"] {
        let mut accounts = signed_in_accounts();
        let asked = |request: &ReviewPasswordChange| {
            request.caller == caller()
                && request.existing.as_ref().is_some_and(|given| given.expose() == "oldpassword")
                && request.new.as_ref().is_some_and(|given| given.expose() == "newpassword")
                && request.complete
                && is_origin(&request.origin)
        };
        accounts.expect_review_password_change().once().withf(asked).returning(|_| Ok(()));
        let request = with_token(json_request(&Method::PUT, path, CHANGE));
        let answer = answer(accounts, practices_of(profile()), request).await;
        assert_is(&answer, include_str!("seeds/password_changed.json"));
    }
}

#[actix_web::test]
async fn current_user() {
    let request = with_token(TestRequest::get().uri("/users/current"));
    let answer = answer(signed_in_accounts(), practices_of(profile()), request).await;
    assert_is(&answer, include_str!("seeds/current_user.json"));
}

#[actix_web::test]
async fn current_user_without_a_practice_and_an_address() {
    let mut bare = bare_profile();
    bare.profile.contacts.clear();
    bare.profile.user =
        User { name: PersonName::new("Zoë", "O’Neil").expect("a name"), ..bare.profile.user };
    let request = with_token(TestRequest::get().uri("/users/current"));
    let answer = answer(signed_in_accounts(), practices_of(bare), request).await;
    insta::assert_snapshot!(answer.body, @r#"{"signInPath":null,"id":25,"name":"Zoë O’Neil","email":null,"googleApiKey":null,"clientId":null,"primaryRole":null,"roles":[],"practiceId":null,"practiceName":null,"practicePms":null,"practiceSms":null,"practiceFeatures":[],"sourceId":null,"timeZone":null,"enterpriseIds":[]}"#);
}

#[actix_web::test]
async fn current_user_with_all_that_there_can_be() {
    let mut full = profile();
    let (membership, practice) = full.membership.as_mut().expect("a membership");
    membership.google_api_key = Some(GoogleApiKey::new("key"));
    membership.source.0 = 2;
    practice.sms = Some("twilio".into());
    practice.features.clear();
    let request = with_token(TestRequest::get().uri("/users/current"));
    let answer = answer(signed_in_accounts(), practices_of(full), request).await.json();
    let told = ["googleApiKey", "sourceId", "practiceSms", "practiceFeatures"].map(|key| &answer[key]);
    assert_eq!(told, [&json!("key"), &json!(2), &json!("twilio"), &json!([])]);
}

#[actix_web::test]
async fn show_terms() {
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
async fn accept_terms() {
    let mut practices = MockPractices::new();
    let asked = |who: &_, origin: &Origin| *who == caller() && is_origin(origin);
    practices.expect_accept_terms().once().withf(asked).returning(|_, _| Ok(()));
    // As the document has it: with a media type, and no body.
    let request = with_token(json_request(&Method::POST, "/terms", ""));
    let answer = answer(signed_in_accounts(), practices, request).await;
    assert_is(&answer, include_str!("seeds/terms_accepted.json"));
}

#[actix_web::test]
async fn a_client_sees_itself() {
    let mut practices = admitting_practices();
    let own = || Ok(ClientsSeen::Own(Box::new(client())));
    practices
        .expect_look_at_clients()
        .once()
        .with(eq(admitted()), eq(ClientQuery::default()))
        .returning(move |_, _| own());
    let request = with_token(TestRequest::get().uri("/clients"));
    let answer = answer(signed_in_accounts(), practices, request).await;
    assert_is(&answer, include_str!("seeds/client.json"));
}

#[actix_web::test]
async fn a_client_by_its_id() {
    let mut practices = admitting_practices();
    practices
        .expect_find_client()
        .once()
        .with(eq(admitted()), eq(None), eq(id("1")))
        .returning(|_, _, _| Ok(client()));
    let request = with_token(TestRequest::get().uri("/clients/1"));
    let answer = answer(signed_in_accounts(), practices, request).await;
    assert_is(&answer, include_str!("seeds/client.json"));
}

#[actix_web::test]
async fn an_id_holds_whatever_a_path_can_encode() {
    for (path, own) in [
        ("/clients/xzy-abc-12345-00001", "xzy-abc-12345-00001"),
        ("/clients/a%20b%2Fc%2Bd+e", "a b/c+d+e"),
        ("/clients/100%25", "100%"),
        ("/clients/%252F", "%2F"),
        ("/clients/Zo%C3%AB/", "Zoë"),
        ("/clients/..", ".."),
        ("/clients/%7BclientId%7D", "{clientId}"),
    ] {
        let mut practices = admitting_practices();
        practices
            .expect_find_client()
            .once()
            .with(eq(admitted()), eq(None), eq(id(own)))
            .returning(|_, _, _| Ok(client()));
        let request = with_token(TestRequest::get().uri(path));
        assert_eq!(answer(signed_in_accounts(), practices, request).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn a_client_of_which_little_is_known() {
    let mut bare = client();
    bare.class = None;
    bare.has_user = false;
    bare.record.patients.clear();
    bare.record.content = asteroid_clients::ClientContent::default();
    let mut practices = admitting_practices();
    practices.expect_find_client().once().return_once(|_, _, _| Ok(bare));
    let request = with_token(TestRequest::get().uri("/clients/1"));
    let answer = answer(signed_in_accounts(), practices, request).await;
    insta::assert_snapshot!(answer.body, @r#"{"sourceId":1,"clientId":"1","practiceId":1,"fingerprint":1,"clientClassId":null,"firstSyncedAt":"2022-12-01T15:50:30.000Z","lastSyncedAt":"2022-12-01T15:50:30.000Z","createdAt":"2022-12-01T15:50:30.000Z","updatedAt":"2022-12-01T15:50:30.000Z","displayId":null,"firstName":null,"lastName":null,"address":null,"city":null,"state":null,"postalCode":null,"email":null,"homePhone":null,"workPhone":null,"mobilePhone":null,"status":"active","balanceDue":0,"communicationsDisabled":null,"emailVerificationStatus":null,"emailVerificationResponse":{},"emailVerifiedAt":null,"emailPrior":null,"alertsDisabled":false,"emailAlertDisabled":false,"smsAlertDisabled":false,"badPhysicalAddress":false,"fullAddressPrior":null,"loyaltyInvoiceProcessingEndedAt":null,"loyaltyInvoiceProcessingRemainder":null,"loyaltyToggle":false,"clientClass":null,"patients":[],"primaryPractice":"AllyDVM Test Practice","petRecordsStatus":"Unregistered"}"#);
}

#[actix_web::test]
async fn the_response_of_a_verification_is_passed_on_if_it_is_an_object() {
    for (kept, told) in [
        (r#"{"result": "ok", "n": [1, 2.5, 18446744073709551615], "o": {"a": null}}"#, None),
        ("{}", None),
        ("", Some(json!({}))),
        ("[1]", Some(json!({}))),
        ("null", Some(json!({}))),
        ("{\"a\":", Some(json!({}))),
    ] {
        let mut client = client();
        client.record.content.email_verification_response = kept.into();
        let mut practices = admitting_practices();
        practices.expect_find_client().once().return_once(|_, _, _| Ok(client));
        let request = with_token(TestRequest::get().uri("/clients/1"));
        let answer = answer(signed_in_accounts(), practices, request).await;
        let expected = told.unwrap_or_else(|| serde_json::from_str(kept).expect("JSON"));
        assert_eq!(answer.json()["emailVerificationResponse"], expected, "{kept}");
    }
}
