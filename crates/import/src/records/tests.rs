use std::sync::Arc;

use asteroid_application::{ImportedClient, ImportedPassword, ImportedUser};
use asteroid_clients::{ClientStatus, PetRecords};
use asteroid_identity::UserStatus;
use serde_json::{Value, json};

use super::*;

/// A client as the API shows it, with everything that it can hold.
fn whole_client() -> Value {
    let patient = |id: &str, deceased: Value| {
        json!({
            "sourceId": 1, "patientId": id, "practiceId": 1, "name": "Pi", "displayId": null,
            "deceasedDate": deceased, "status": "inactive",
        })
    };
    json!({
        "sourceId": 1, "clientId": "1", "practiceId": 1, "fingerprint": 1, "clientClassId": "cool_clients",
        "firstSyncedAt": "2022-12-01T15:50:30.000Z", "lastSyncedAt": "2022-12-02T15:50:30.000Z",
        "createdAt": "2022-12-03T15:50:30.000Z", "updatedAt": "2022-12-04T15:50:30.000Z",
        "displayId": "1", "firstName": "Nora", "lastName": "Quayle", "address": "1 Quay", "city": "Cove",
        "state": "CA", "postalCode": "12345", "email": "nora@example.com", "homePhone": "5556650002",
        "workPhone": "5556650003", "mobilePhone": "5556650004", "status": "inactive", "balanceDue": 23871,
        "communicationsDisabled": "enabled", "emailVerificationStatus": "verified",
        "emailVerificationResponse": {"score": 0.5, "by": "link"}, "emailVerifiedAt": "2022-12-05T00:00:00.000Z",
        "emailPrior": "n@example.com", "alertsDisabled": true, "emailAlertDisabled": true,
        "smsAlertDisabled": true, "badPhysicalAddress": true, "fullAddressPrior": "",
        "loyaltyInvoiceProcessingEndedAt": "2022-12-06T00:00:00.000Z", "loyaltyInvoiceProcessingRemainder": -5,
        "loyaltyToggle": true,
        "clientClass": {
            "clientClassId": "cool_clients", "sourceId": 1, "description": "Cool Clients",
            "communicationsDisabled": "enabled",
        },
        "patients": [patient("pi", json!("2022-12-01")), patient("12000", Value::Null)],
        "primaryPractice": "Harbour Vets", "petRecordsStatus": "Unregistered",
    })
}

fn fields(value: &Value) -> Fields {
    Fields::of_json(value.to_string().as_bytes()).expect("an object")
}

fn read_json(kind: RecordKind, value: &Value) -> Result<ImportRecord, Vec<String>> {
    let line = |problem: FieldError| format!("{}: {}", problem.field, problem.reason);
    let record = read(kind, fields(value), Region::US);
    record.map_err(|problems| problems.into_iter().map(line).collect())
}

fn problems(kind: RecordKind, value: &Value) -> Vec<String> {
    read_json(kind, value).err().unwrap_or_default()
}

fn client(value: &Value) -> ImportedClient {
    match read_json(RecordKind::Client, value) {
        Ok(ImportRecord::Client(client)) => *client,
        Ok(_) => panic!("no client"),
        Err(problems) => panic!("{problems:?}"),
    }
}

fn user(value: &Value) -> ImportedUser {
    match read_json(RecordKind::User, value) {
        Ok(ImportRecord::User(user)) => Arc::into_inner(user).expect("the only one"),
        Ok(_) => panic!("no user"),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// The same object with one field set, or without it.
fn with(value: &Value, name: &str, field: Value) -> Value {
    let mut value = value.clone();
    value[name] = field;
    value
}

fn without(value: &Value, name: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().expect("an object").remove(name);
    value
}

#[test]
fn client_with_every_field_is_read_unchanged() {
    let client = client(&whole_client());
    let text = |text: &str| Some(text.to_owned());
    assert_eq!((client.key.source.0, client.key.id.as_str(), client.practice.0), (1, "1", 1));
    assert_eq!(client.status, ClientStatus::Inactive);
    assert_eq!(client.primary_practice, text("Harbour Vets"));
    let times = [client.first_synced_at, client.last_synced_at, client.created_at, client.updated_at];
    let days = times.map(|time| time.expect("a time").to_string()[..10].to_owned());
    assert_eq!(days, ["2022-12-01", "2022-12-02", "2022-12-03", "2022-12-04"]);
    let content = &client.content;
    assert_eq!(content.client_class.as_ref().map(ToString::to_string), text("cool_clients"));
    assert_eq!(
        [
            &content.display_id,
            &content.first_name,
            &content.last_name,
            &content.address,
            &content.city,
            &content.state,
            &content.postal_code,
            &content.email,
            &content.home_phone,
            &content.work_phone,
            &content.mobile_phone,
            &content.communications_disabled,
            &content.email_verification_status,
            &content.email_prior,
            &content.full_address_prior,
        ]
        .map(|field| field.as_deref().expect("a text")),
        [
            "1",
            "Nora",
            "Quayle",
            "1 Quay",
            "Cove",
            "CA",
            "12345",
            "nora@example.com",
            "5556650002",
            "5556650003",
            "5556650004",
            "enabled",
            "verified",
            "n@example.com",
            ""
        ]
    );
    assert_eq!(content.email_verification_response, r#"{"by":"link","score":0.5}"#);
    assert_eq!((content.balance_due, content.loyalty_invoice_processing_remainder), (23871, Some(-5)));
    let switches = [
        content.alerts_disabled,
        content.email_alert_disabled,
        content.sms_alert_disabled,
        content.bad_physical_address,
        content.loyalty_toggle,
    ];
    assert_eq!(switches, [true; 5]);
    let times = [content.email_verified_at, content.loyalty_invoice_processing_ended_at];
    let days = times.map(|time| time.expect("a time").to_string()[..10].to_owned());
    assert_eq!(days, ["2022-12-05", "2022-12-06"]);
    assert_eq!(content.pet_records, Some(PetRecords::Unregistered));
    let class = client.class.expect("a class");
    assert_eq!((class.source.0, class.id.as_str()), (1, "cool_clients"));
    assert_eq!((class.description, class.communications_disabled), (text("Cool Clients"), text("enabled")));
    let [first, second] = &client.patients[..] else { panic!("two patients") };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("pi", "12000"));
    assert_eq!(first.deceased_date.map(|date| date.to_string()), text("2022-12-01"));
    assert_eq!((second.deceased_date, &second.display_id), (None, &None));
    assert_eq!((first.name.as_str(), first.status.as_str()), ("Pi", "inactive"));
}

#[test]
fn missing_client_fields_get_defaults() {
    let value = json!({
        "sourceId": 7, "clientId": "x", "practiceId": 3, "lastName": null,
        "clientClass": {"clientClassId": "cool"}, "patients": [{"patientId": "pi", "name": ""}],
    });
    let client = client(&value);
    assert_eq!(client.status, ClientStatus::Active);
    assert_eq!(client.content.client_class, client.class.as_ref().map(|class| class.id.clone()));
    assert_eq!(client.class.map(|class| class.source.0), Some(7));
    let patient = &client.patients[0];
    assert_eq!((patient.source.0, patient.practice.0, patient.status.as_str()), (7, 3, "active"));
    assert_eq!((client.content.last_name, client.content.email_verification_response.as_str()), (None, "{}"));
    assert_eq!((client.content.balance_due, client.content.pet_records), (0, None));
    assert_eq!((client.first_synced_at, client.updated_at), (None, None));
}

#[test]
fn client_errors_are_reported_together() {
    let value = json!({
        "sourceId": "1", "clientId": " ", "frist_name": "Nora", "status": "gone", "balanceDue": 1.5,
        "emailVerificationResponse": [], "alertsDisabled": "no", "updatedAt": "yesterday",
        "petRecordsStatus": "active", "clientClass": "cool_clients",
        "patients": [{"patientId": "pi", "deceasedDate": "2022-02-30", "nmae": "Pi"}, 5],
    });
    assert_eq!(
        problems(RecordKind::Client, &value),
        [
            "sourceId: must be a whole number from 0 to 9007199254740991",
            "clientId: an id has 1 to 255 characters, none of them a control character",
            "practiceId: is missing",
            "status: a status is active, inactive or deleted",
            "balanceDue: must be a whole number from -9007199254740991 to 9007199254740991",
            "emailVerificationResponse: must be a JSON object",
            "alertsDisabled: must be true or false",
            "petRecordsStatus: must be Active or Unregistered",
            "clientClass: must be an object, not text",
            "patients[0].name: is missing",
            "patients[0].deceasedDate: not a date of the form 2022-12-01",
            "patients[0].nmae: is unknown: did you mean \"name\"?",
            "patients[1]: must be an object, not a number",
            "updatedAt: must be a time like 2022-12-01T15:50:30.000Z",
            "frist_name: is unknown: did you mean \"firstName\"?",
        ]
    );
    let patients = with(&whole_client(), "patients", json!({}));
    assert_eq!(
        problems(RecordKind::Client, &patients),
        ["patients: must be a list of objects, not an object"]
    );
}

#[test]
fn duplicate_field_is_refused() {
    let fields = Fields::of_json(br#"{"clientClassId": "a", "sourceId": 1, "clientClassId": "b"}"#);
    let problems =
        read(RecordKind::ClientClass, fields.expect("an object"), Region::US).err().expect("refused");
    assert_eq!(problems, [FieldError { field: "clientClassId".into(), reason: "is there twice".into() }]);
}

#[test]
fn practice_needs_an_iana_time_zone() {
    let practice = json!({
        "practiceId": 1, "sourceId": 1, "name": "Harbour Vets", "slug": "harbour", "pms": null, "sms": null,
        "features": ["analytics"], "timeZone": "America/New_York", "enterpriseIds": [1123, 5813],
    });
    match read_json(RecordKind::Practice, &practice) {
        Ok(ImportRecord::Practice(practice)) => {
            assert_eq!((practice.id.0, practice.time_zone.as_str()), (1, "America/New_York"));
            assert_eq!(
                (practice.features, practice.enterprise_ids),
                (vec!["analytics".into()], vec![1123, 5813])
            );
        }
        _ => panic!("a practice"),
    }
    for (name, value, problem) in [
        (
            "timeZone",
            json!("Eastern"),
            "`Eastern` is no time zone of the IANA list, such as America/New_York",
        ),
        ("slug", json!("a/b"), "must be 1 to 64 letters, digits, - or _"),
        ("name", json!(" "), "must not be blank"),
        ("features", json!("analytics"), "must be a list"),
        ("enterpriseIds", json!([1, -1]), "item 2: must be a whole number from 0 to 9007199254740991"),
    ] {
        let problems = problems(RecordKind::Practice, &with(&practice, name, value));
        assert_eq!(problems, [format!("{name}: {problem}")]);
    }
}

#[test]
fn user_errors_name_the_field() {
    let base = json!({
        "id": 25, "name": "Jeremy  van der Mickelson ", "email": "jeremy@example.com", "phone": "555-665-4345",
        "password": "5VphcVNdGhJi", "primaryRole": "pet", "roles": ["client"], "practiceId": 1,
        "clientId": "1", "googleApiKey": null,
    });
    let whole = user(&base);
    assert_eq!((whole.name.first(), whole.name.last()), ("Jeremy  van der", "Mickelson"));
    assert_eq!(whole.id.map(|id| id.0), Some(25));
    assert_eq!(whole.phone.map(|phone| phone.e164().to_owned()).as_deref(), Some("+15556654345"));
    assert!(matches!(whole.password, Some(ImportedPassword::Plain(_))));
    let membership = whole.membership.expect("of a practice");
    assert_eq!((membership.primary_role.as_str(), membership.roles[0].as_str()), ("pet", "client"));
    assert_eq!((whole.status, whole.unplaced), (None, vec![]));

    let parts =
        with(&with(&without(&base, "name"), "firstName", json!("Jeremy")), "lastName", json!("Mickelson"));
    let hashed = with(&without(&parts, "password"), "passwordHash", json!("$2a$10$"));
    let hashed = user(&hashed);
    assert_eq!(hashed.name.full(), "Jeremy Mickelson");
    assert!(matches!(hashed.password, Some(ImportedPassword::Hash(_))));

    for (wrong, expected) in [
        (without(&base, "name"), "name: is missing"),
        (with(&base, "name", json!(" ")), "name: a name is not blank"),
        (with(&with(&parts, "firstName", json!("")), "lastName", json!(" ")), "name: is missing"),
        (with(&base, "status", json!("active")), "status: must be enabled or disabled"),
        (with(&base, "lastName", json!("Mickelson")), "name: is given as a whole and in parts"),
        (with(&base, "passwordHash", json!("$2a$10$")), "passwordHash: is given beside a password"),
        (with(&base, "email", json!("jeremy")), "email: not of the form name@example.com"),
        (with(&base, "phone", json!("12")), "phone: no number of its country has this many digits"),
        (with(&base, "phone", json!("12x")), "phone: not a phone number"),
        (with(&base, "id", json!(0)), "id: must be a whole number from 1 to 4503599627370496"),
        (with(&base, "roles", json!(["a b"])), "roles: item 1: must be 1 to 64 letters, digits, - or _"),
        (without(&base, "primaryRole"), "primaryRole: is missing"),
        (with(&base, "password", json!(12_345_678)), "password: must be text, not a number"),
    ] {
        assert_eq!(problems(RecordKind::User, &wrong)[0], expected);
    }
}

#[test]
fn user_without_practice_last_name_or_password_is_valid() {
    let base = json!({"firstName": "Ada", "lastName": "Quill", "email": "ada@example.com"});
    let single = json!({"name": " Teller ", "email": "teller@example.com", "practiceId": null});
    for (record, first, last) in [
        (base.clone(), "Ada", "Quill"),
        (without(&base, "lastName"), "Ada", ""),
        (with(&base, "lastName", json!("")), "Ada", ""),
        (with(&base, "lastName", Value::Null), "Ada", ""),
        (without(&base, "firstName"), "Quill", ""),
        (single, "Teller", ""),
        (with(&base, "passwordHash", json!("")), "Ada", "Quill"),
        (with(&base, "passwordHash", Value::Null), "Ada", "Quill"),
    ] {
        let user = user(&record);
        assert_eq!((user.name.first(), user.name.last()), (first, last), "{record}");
        assert!(user.membership.is_none() && user.password.is_none());
    }
    let unplaced = with(&with(&base, "roles", json!(["client"])), "clientId", json!("9"));
    assert_eq!(user(&unplaced).unplaced, ["roles", "clientId"]);
    for (status, read) in [("enabled", UserStatus::Enabled), ("disabled", UserStatus::Disabled)] {
        assert_eq!(user(&with(&base, "status", json!(status))).status, Some(read));
    }
}

#[test]
fn field_names_of_each_kind_are_complete() {
    for (kind, name) in [
        (RecordKind::Practice, "enterpriseIds"),
        (RecordKind::ClientClass, "communicationsDisabled"),
        (RecordKind::User, "lastName"),
        (RecordKind::Client, "updatedAt"),
    ] {
        assert!(names(kind).contains(&name), "{name}");
    }
    let client = whole_client();
    let mut fields: Vec<&str> = client.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut known = names(RecordKind::Client);
    fields.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, fields);
}
