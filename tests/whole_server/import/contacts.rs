//! Ownership of imported contacts: shared, replaced, exchanged, removed and verified ones.

use serde_json::{Value, json};

use crate::harness::Server;

const ANN: &str = "three-spotted-hounds";
const BEN: &str = "quiet-parrot-at-dawn";

/// The record of a user who is a client of the practice.
pub(crate) fn owner(client: &str, name: &str, contacts: &Value) -> Value {
    let mut user = json!({
        "name": name, "primaryRole": "pet", "roles": ["client"], "practiceId": 1, "clientId": client,
        "password": if name.starts_with("Ben") { BEN } else { ANN },
    });
    let all = contacts.as_object().expect("an object");
    user.as_object_mut().expect("an object").extend(all.clone());
    user
}

/// A server with two practices and a few clients.
pub(crate) async fn server() -> Server {
    let server = Server::start_with(&[("ASTEROID_LIMITS__ENABLED", "false")]).await;
    let practice = |id: i64| {
        json!({
            "practiceId": id, "sourceId": id, "name": format!("Practice {id}"), "slug": format!("practice{id}"),
            "features": [], "timeZone": "UTC", "enterpriseIds": [],
        })
    };
    let client = |practice: i64, id: &str, name: &str| json!({"sourceId": practice, "practiceId": practice, "clientId": id, "firstName": name});
    let imported = server.import(&json!({
        "practices": [practice(1), practice(2)],
        "clients": [
            client(1, "1001", "Ann"), client(1, "1002", "Ben"), client(1, "1003", "Cyd"), client(2, "77", "Ann"),
        ],
    }));
    assert!(imported.status.success(), "{imported:?}");
    server
}

/// The response of `/users/sign_in`.
async fn sign_in(server: &Server, email: &str, password: &str) -> (u16, Value) {
    let answer =
        server.post("/users/sign_in", &json!({"user": {"email": email, "password": password}})).await;
    (answer.status.as_u16(), answer.json())
}

async fn signs_in(server: &Server, contact: &str, password: &str) -> bool {
    server.sign_in(contact, password).await.status == 200
}

/// The e-mail addresses of the user.
async fn emails(server: &Server, token: &str) -> Vec<String> {
    let me = server.get("/v1/auth/me", Some(token)).await.json();
    let list = me["emails"]["data"].as_array().expect("a list").clone();
    list.iter().map(|email| email["email"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_two_records_belongs_to_the_first_and_the_second_is_refused() {
    let server = server().await;
    let shared = json!({"email": "lees@example.com"});
    let users = [owner("1001", "Ann Lee", &shared), owner("1002", "Ben Lee", &shared)];
    for expected in [[1, 0, 0, 1], [0, 0, 1, 1]] {
        let (counts, report) = server.import_users(&users);
        assert_eq!(counts, expected, "{report}");
        let problem = &report["refusals"][0]["problems"][0];
        assert_eq!(problem["field"], "email");
        assert_eq!(problem["reason"], "belongs to user 1, and the user would be left without a contact");
    }
    let (status, ann) = sign_in(&server, "lees@example.com", ANN).await;
    assert_eq!((status, &ann["name"], &ann["clientId"]), (200, &json!("Ann Lee"), &json!("1001")));
    assert_eq!(sign_in(&server, "lees@example.com", BEN).await.0, 401);
    let token = ann["token"].as_str();
    server.request(reqwest::Method::POST, "/terms", token, None).await.expect("an answer");
    assert_eq!(server.get("/clients", token).await.json()["firstName"], "Ann");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_of_three_records_belongs_to_the_first_and_the_others_get_a_warning() {
    let server = server().await;
    let contacts = |name: &str| json!({"email": format!("{name}@example.com"), "phone": "555-665-4345"});
    let users = [
        owner("1001", "Ann Lee", &contacts("ann")),
        owner("1002", "Ben Lee", &contacts("ben")),
        owner("1003", "Cyd Lee", &contacts("cyd")),
    ];
    let (counts, first) = server.import_users(&users);
    assert_eq!(counts, [3, 0, 0, 0], "{first}");
    let warning = &first["warnings"][0];
    assert_eq!((&warning["line"], &warning["type"]), (&json!(1), &json!("user")));
    assert_eq!(
        warning["problems"],
        json!([{
            "field": "phone",
            "reason": "belongs to user 1 and is left out here: a contact belongs to one user",
        }])
    );
    assert_eq!(first["warnings"].as_array().map(Vec::len), Some(2));
    // The same import in another order: the phone does not move.
    let (counts, again) = server.import_users(&users);
    assert_eq!((counts, &again["warnings"]), ([0, 0, 3, 0], &first["warnings"]));
    let reversed: Vec<Value> = users.iter().rev().cloned().collect();
    let (counts, report) = server.import_users(&reversed);
    assert_eq!((counts, report["warnings"].as_array().map(Vec::len)), ([0, 0, 3, 0], Some(2)), "{report}");
    assert!(signs_in(&server, "555-665-4345", ANN).await);
    let ben = server.sign_in("ben@example.com", BEN).await.token();
    assert_eq!(server.get("/v1/auth/me", Some(&ben)).await.json()["phones"]["data"], json!([]));
    let plain = server.import(&json!({ "users": users }));
    let (out, err) = (String::from_utf8_lossy(&plain.stdout), String::from_utf8_lossy(&plain.stderr));
    assert!(out.lines().any(|line| line.split_whitespace().eq(["with", "warnings", "2"])), "{out}");
    assert!(err.contains("user warning: phone: belongs to user 1"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_address_revokes_the_access_of_the_wrong_address() {
    let server = server().await;
    for (client, extra) in [("1001", json!({})), ("1002", json!({"id": 777}))] {
        let (mistaken, right) = (format!("nora{client}@exmaple.com"), format!("nora{client}@example.com"));
        let record = |email: &str| {
            let mut user = owner(client, "Nora Quayle", &json!({"email": email}));
            user.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
            user
        };
        server.import_users(&[record(&mistaken)]);
        let session = server.sign_in(&mistaken, ANN).await.token();
        // The owner of the wrong address sets a password, and has a sign-in code.
        server.post("/v1/auth/password/forgot", &json!({"contact": mistaken})).await;
        let code = server.code(&mistaken, "reset_code").await;
        let theirs = "a stranger's own words";
        let reset = json!({
            "contact": mistaken, "code": code, "password": theirs, "password_confirmation": theirs,
        });
        assert_eq!(server.put("/v1/auth/password/reset", None, &reset).await.status, 200);
        server.post("/v1/auth/verification_codes/send", &json!({"email": mistaken})).await;
        let code = server.code(&mistaken, "sign_in_code").await;
        let stolen = server.sign_in(&mistaken, theirs).await.token();

        assert_eq!(server.import_users(&[record(&right)]).0, [0, 1, 0, 0]);
        for token in [&session, &stolen] {
            assert_eq!(server.get("/users/current", Some(token)).await.status, 401);
        }
        let verify = json!({"contact": mistaken, "code": code});
        assert_eq!(server.post("/v1/auth/verification_codes/verify", &verify).await.status, 401);
        for (contact, password) in [(&mistaken, ANN), (&mistaken, theirs), (&right, theirs)] {
            assert!(!signs_in(&server, contact, password).await, "{contact} {password}");
        }
        assert_eq!(sign_in(&server, &right, ANN).await.1["clientId"], client);
        assert_eq!(server.import_users(&[record(&right)]).0, [0, 0, 1, 0]);
        // The wrong address is free.
        let stranger = server.user(&mistaken, "5VphcVNdGhJi").await;
        assert_eq!(server.get("/users/current", Some(&stranger)).await.json()["clientId"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_exchange_their_addresses_within_one_file() {
    let server = server().await;
    let mail = |email: &str| json!({"email": email});
    let users = |a: &str, b: &str, c: Option<&str>| {
        let mut users = vec![owner("1001", "Ann Lee", &mail(a)), owner("1002", "Ben Lee", &mail(b))];
        users.extend(c.map(|c| owner("1003", "Cyd Lee", &mail(c))));
        users
    };
    server.import_users(&users("a@example.com", "b@example.com", None));
    let session = server.sign_in("a@example.com", ANN).await.token();
    let swapped = users("b@example.com", "a@example.com", None);
    let (counts, report) = server.import_users(&swapped);
    assert_eq!((counts, &report["warnings"]), ([0, 2, 0, 0], &json!([])), "{report}");
    assert_eq!(server.get("/users/current", Some(&session)).await.status, 401);
    assert_eq!(sign_in(&server, "b@example.com", ANN).await.1["clientId"], "1001");
    assert_eq!(sign_in(&server, "a@example.com", BEN).await.1["clientId"], "1002");
    assert!(!signs_in(&server, "a@example.com", ANN).await);
    assert_eq!(server.import_users(&swapped).0, [0, 0, 2, 0]);
    // A chain: each record gets the address that the next one gives up, in any order.
    let mut chain = users("new@example.com", "b@example.com", Some("a@example.com"));
    chain.reverse();
    let (counts, report) = server.import_users(&chain);
    assert_eq!((counts, &report["warnings"]), ([1, 2, 0, 0], &json!([])), "{report}");
    chain.reverse();
    assert_eq!(server.import_users(&chain).0, [0, 0, 3, 0]);
    // A refused record keeps its address.
    let stuck = [
        owner("1001", "Ann Lee", &mail("b@example.com")),
        owner("1002", "Ben Lee", &mail("a@example.com")),
        owner("1003", "Cyd Lee", &mail("a@example.com")),
    ];
    let (counts, report) = server.import_users(&stuck);
    assert_eq!(counts, [0, 0, 1, 2], "{report}");
    for (email, password) in [("new@example.com", ANN), ("b@example.com", BEN), ("a@example.com", ANN)] {
        assert!(signs_in(&server, email, password).await, "{email}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_moves_to_another_record_in_any_order_and_a_removed_one_is_deleted() {
    let server = server().await;
    let (phones, email) = (["555-665-4345", "555-665-4346"], "a@example.com");
    for reversed in [false, true] {
        let before = [
            owner("1001", "Ann Lee", &json!({"email": email, "phone": phones[0]})),
            owner("1002", "Ben Lee", &json!({"phone": phones[1]})),
        ];
        let mut after = vec![
            owner("1001", "Ann Lee", &json!({"phone": phones[0]})),
            owner("1002", "Ben Lee", &json!({"email": email, "phone": phones[1]})),
        ];
        if reversed {
            after.reverse();
        }
        server.import_users(&before);
        assert!(signs_in(&server, email, ANN).await);
        let (counts, report) = server.import_users(&after);
        assert_eq!((counts, &report["warnings"]), ([0, 2, 0, 0], &json!([])), "{report}");
        assert!(!signs_in(&server, email, ANN).await && signs_in(&server, email, BEN).await);
        after.reverse();
        assert_eq!(server.import_users(&after).0, [0, 0, 2, 0]);
    }
    let none = owner("1001", "Ann Lee", &json!({"email": null}));
    assert_eq!(server.import_users(&[none]).0, [0, 0, 0, 1], "a user is never left without a contact");
    assert!(signs_in(&server, phones[0], ANN).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_spelling_of_a_contact_ends_no_session() {
    let server = server().await;
    let record =
        |email: &str, phone: &str| owner("1001", "Ann Lee", &json!({"email": email, "phone": phone}));
    server.import_users(&[record("Ann.Lee@Example.com", "555-665-4345")]);
    let token = server.sign_in("ann.lee@example.com", ANN).await.token();
    assert_eq!(server.import_users(&[record("ann.lee@example.com", "(555) 665 4345")]).0, [0, 1, 0, 0]);
    assert_eq!(emails(&server, &token).await, ["ann.lee@example.com"]);
    assert_eq!(server.import_users(&[record("ann.lee@example.com", "+15556654345")]).0, [0, 0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_the_user_verified_stays() {
    let server = server().await;
    let (own, password) = ("martha@example.com", "5VphcVNdGhJi");
    server.user(own, password).await;
    let record = |email: &str| owner("1001", "Martha Custis", &json!({"email": email}));
    let (counts, report) = server.import_users(&[record(own)]);
    assert_eq!((counts, &report["warnings"]), ([0, 1, 0, 0], &json!([])), "{report}");
    for (email, replaced) in [("m1@example.com", None), ("m2@example.com", Some("m1@example.com"))] {
        for expected in [[0, 1, 0, 0], [0, 0, 1, 0]] {
            let (counts, report) = server.import_users(&[record(email)]);
            assert_eq!(counts, expected, "{report}");
            let reason = &report["warnings"][0]["problems"][0]["reason"];
            assert_eq!(reason, "does not replace m…a@example.com, which the user verified");
        }
        assert!(signs_in(&server, own, password).await && signs_in(&server, email, password).await);
        if let Some(replaced) = replaced {
            assert!(!signs_in(&server, replaced, password).await);
        }
    }
    // A record cannot take over an account, neither by its id nor by its contact.
    server.user("other@example.com", password).await;
    for record in [
        json!({"id": 2, "name": "Zed Zed", "email": "zed@example.com"}),
        json!({"id": 99, "name": "Zed Zed", "email": "other@example.com"}),
    ] {
        let (counts, report) = server.import_users(&[record]);
        assert_eq!(counts, [0, 0, 0, 1], "{report}");
    }
}
