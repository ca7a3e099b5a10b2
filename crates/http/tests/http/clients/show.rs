//! `GET /clients/{clientId}`

use actix_web::test::TestRequest;
use asteroid_application::practice::{ClientQuery, ClientsSeen};
use mockall::predicate::eq;
use serde_json::{Value, json};

use crate::clients::list::get;
use crate::harness::practice_api::{admitted, admitting_practices, client, id};
use crate::harness::{signed_in_accounts, with_token};
use crate::practice_api::{answer, assert_is_example};

#[actix_web::test]
async fn a_client_sees_its_own_record_as_documented() {
    let mut practices = admitting_practices();
    let own = || Ok(ClientsSeen::Own(Box::new(client())));
    practices
        .expect_look_at_clients()
        .once()
        .with(eq(admitted()), eq(ClientQuery::default()))
        .returning(move |_, _| own());
    let request = with_token(TestRequest::get().uri("/clients"));
    let answer = answer(signed_in_accounts(), practices, request).await;
    assert_is_example(&answer, include_str!("../seeds/client.json"));
}

#[actix_web::test]
async fn a_client_is_found_by_its_id() {
    let mut practices = admitting_practices();
    practices
        .expect_find_client()
        .once()
        .with(eq(admitted()), eq(None), eq(id("1")))
        .returning(|_, _, _| Ok(client()));
    let request = with_token(TestRequest::get().uri("/clients/1"));
    let answer = answer(signed_in_accounts(), practices, request).await;
    assert_is_example(&answer, include_str!("../seeds/client.json"));
}

#[actix_web::test]
async fn a_client_id_may_hold_any_percent_encoded_character() {
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
async fn a_client_with_few_fields_has_nulls() {
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
async fn the_email_verification_response_is_passed_on_if_it_is_an_object() {
    for (kept, answered) in [
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
        let expected = answered.unwrap_or_else(|| serde_json::from_str(kept).expect("JSON"));
        assert_eq!(answer.json()["emailVerificationResponse"], expected, "{kept}");
    }
}

#[actix_web::test]
async fn a_malformed_client_id_is_not_found() {
    for path in ["/clients/%00", "/clients/%20", "/clients/a%0Ab", &format!("/clients/{}", "x".repeat(256))] {
        let answer = get(admitting_practices(), path).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (404, not_found()), "{path}");
    }
    let mut practices = admitting_practices();
    let longest = "é".repeat(255);
    let own = id(&longest);
    practices
        .expect_find_client()
        .once()
        .withf(move |_, _, asked| *asked == own)
        .returning(|_, _, _| Ok(client()));
    assert_eq!(get(practices, &format!("/clients/{}", "%C3%A9".repeat(255))).await.status, 200);
}

fn not_found() -> Value {
    json!({"error": "There is nothing here, or nothing that you may see."})
}
