//! Passwords of other systems, with other rules.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

/// bcrypt of [`PAST_72_BYTES`].
const OF_PAST_72_BYTES: &str = "$2a$04$fRaNHWbJLgH/9ficGmzGVOtGk9sKQr1RUaevny4gZatqHbLRUktSS";
const PAST_72_BYTES: &str = "абвгдежзиклмнопрстуфхцчшщэюя-абвгдежзи";

/// bcrypt of [`NFD`], created with Python's bcrypt 5.0.0.
const OF_NFD: &str = "$2b$04$7Zw5GJeium32iEK15bIoD.aENddjtprRXbWcKIIxVVxufYrfgRrNy";
const NFD: &str = "U\u{308}berma\u{308}ßig scho\u{308}n";
const NFC: &str = "Übermäßig schön";
const MIXED: &str = "Überma\u{308}ßig schön";

async fn server_with(hashes: &[(&str, &str)]) -> Server {
    let server = Server::start().await;
    let imported = server.import(&records(hashes));
    assert!(imported.status.success(), "{imported:?}");
    server
}

fn records(hashes: &[(&str, &str)]) -> Value {
    let users = hashes.iter().map(|(email, hash)| {
        json!({
            "name": "Ada Quill", "email": email, "passwordHash": hash,
            "primaryRole": "staff", "roles": ["staff"], "practiceId": 1,
        })
    });
    json!({
        "practices": [{
            "practiceId": 1, "sourceId": 1, "name": "Practice 1", "slug": "practice1",
            "features": [], "timeZone": "UTC", "enterpriseIds": [],
        }],
        "users": users.collect::<Vec<_>>(),
    })
}

async fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    server.post("/users/sign_in", &json!({ "user": { "email": email, "password": password } })).await
}

#[tokio::test]
async fn a_longer_text_with_the_same_72_bytes_never_becomes_the_password() {
    let emails = ["a@example.com", "b@example.com", "c@example.com"];
    let server = server_with(&emails.map(|email| (email, OF_PAST_72_BYTES))).await;
    let mistyped = format!("{PAST_72_BYTES} and a typing error");
    // The 72nd byte is the first of two in both letters.
    let shorter = format!("{}к", &PAST_72_BYTES[..71]);
    for (email, other) in [(emails[0], &mistyped), (emails[1], &shorter)] {
        assert_eq!(
            server.sign_in(email, other).await.status,
            200,
            "{other}: bcrypt does not tell them apart"
        );
        assert_eq!(sign_in(&server, email, other).await.status, 200, "{other}");
        assert_eq!(server.sign_in(email, PAST_72_BYTES).await.status, 200, "after {other}");
        assert_eq!(sign_in(&server, email, PAST_72_BYTES).await.status, 200, "after {other}");
    }
    // A change of password ends it.
    let token = server.sign_in(emails[2], PAST_72_BYTES).await.token();
    let body = json!({
        "existing_password": PAST_72_BYTES, "new_password": mistyped, "new_password_confirmation": mistyped,
    });
    let changed = server.put("/v1/auth/password/change", Some(&token), &body).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(server.sign_in(emails[2], PAST_72_BYTES).await.status, 401);
    assert_eq!(server.sign_in(emails[2], &mistyped).await.status, 200);
}

#[tokio::test]
async fn a_hash_of_nfd_text_matches_every_spelling_on_both_apis() {
    let emails = ["a@example.com", "b@example.com", "c@example.com"];
    let server = server_with(&emails.map(|email| (email, OF_NFD))).await;
    for (email, first) in emails.into_iter().zip([NFC, NFD, MIXED]) {
        for wrong in ["Ubermaßig schon", "Übermäßig schö"] {
            assert_eq!(server.sign_in(email, wrong).await.status, 401, "{wrong}");
        }
        // The first sign-in replaces the hash by one of the NFC text.
        for spelling in [first, NFC, NFD, MIXED] {
            assert_eq!(server.sign_in(email, spelling).await.status, 200, "{spelling:?} after {first:?}");
            assert_eq!(sign_in(&server, email, spelling).await.status, 200, "{spelling:?} after {first:?}");
        }
    }
}

#[tokio::test]
async fn an_imported_password_is_changed_in_any_spelling_on_both_apis() {
    let server = server_with(&[("a@example.com", OF_NFD), ("b@example.com", OF_NFD)]).await;
    let new = "larch and heather";

    let token = server.sign_in("a@example.com", NFC).await.token();
    let body = json!({ "existing_password": MIXED, "new_password": new, "new_password_confirmation": new });
    let changed = server.put("/v1/auth/password/change", Some(&token), &body).await;
    assert_eq!((changed.status, changed.text.as_str()), (StatusCode::OK, "{}"));

    let token = server.sign_in("b@example.com", MIXED).await.token();
    let user = json!({ "current_password": NFD, "password": new, "password_confirmation": new });
    let changed = server.put("/users", Some(&token), &json!({ "user": user })).await;
    assert_eq!(changed.status, 200, "{}", changed.text);

    for email in ["a@example.com", "b@example.com"] {
        assert_eq!(server.sign_in(email, new).await.status, 200);
        assert_eq!(server.sign_in(email, NFD).await.status, 401);
    }
}

#[tokio::test]
async fn an_imported_password_may_be_shorter_or_longer_than_a_new_one() {
    let long = "a ferry over the sound ".repeat(10);
    let emails = ["short@example.com", "long@example.com"];
    // Created with Werkzeug 3.1.9.
    let hashes = [
        "pbkdf2:sha256:1000$qUxh3yaO9PIGCHGO$27405c45eed8a165480ba8464647be41efd48b0718ab508a3f48203b84c63d12",
        "scrypt:1024:8:1$TuauapUQlY71ve7D$701dbff7abcac0c55c233298ae69946a09e13900d57337028361ccd5fe19903a9b2dff5c921341577870d5776b16bc676bf9b98078cea632a97320ef25ce602a",
    ];
    let server = server_with(&[(emails[0], hashes[0]), (emails[1], hashes[1])]).await;
    for (email, password) in emails.into_iter().zip(["moss", &long]) {
        for time in ["first", "second"] {
            assert_eq!(server.sign_in(email, password).await.status, 200, "{email}, {time} time");
            assert_eq!(sign_in(&server, email, password).await.status, 200, "{email}, {time} time");
        }
    }
    let too_long = server.sign_in(emails[1], &long.repeat(2)).await;
    assert_eq!(too_long.status, 422, "{}", too_long.text);
    assert_eq!(sign_in(&server, emails[1], &long.repeat(2)).await.status, 401);
}

#[tokio::test]
async fn an_empty_hash_counts_as_no_password() {
    let server = server_with(&[("a@example.com", ""), ("b@example.com", "  ")]).await;
    for email in ["a@example.com", "b@example.com"] {
        for password in [" ", "password"] {
            assert_ne!(server.sign_in(email, password).await.status, 200, "{password:?}");
        }
        server.post("/v1/auth/password/forgot", &json!({ "contact": email })).await;
        server.code(email, "reset_code").await;
    }
}

#[tokio::test]
async fn an_unsupported_hash_is_refused_with_a_reason_and_never_printed() {
    let server = Server::start().await;
    let secret = "sinEjMkFfgSyaTwo75bh5syG30eIsOw5Qcrs6H9UGZc=";
    let hashes = [
        (
            format!("pbkdf2_sha256$0$salt${secret}"),
            "is a hash of PBKDF2 whose iterations must be 1 to 4000000",
        ),
        (format!("scrypt$1000$salt$8$1${secret}"), "is not a valid hash of scrypt: its N is not valid"),
        (
            format!("$scrypt$ln=30,r=8,p=1$salt${secret}"),
            "is a hash of scrypt whose memory must be 0 to 131072 KiB",
        ),
        (format!("$6$salt${secret}"), "is a hash of sha512crypt, which is not supported"),
        (secret.to_owned(), "is not a hash of bcrypt, argon2, scrypt or PBKDF2 in a known form"),
    ];
    let emails: Vec<String> = (0..hashes.len()).map(|n| format!("user{n}@example.com")).collect();
    let users: Vec<_> =
        emails.iter().zip(&hashes).map(|(email, (hash, _))| (email.as_str(), hash.as_str())).collect();
    let imported = server.import(&records(&users));
    assert_eq!(imported.status.code(), Some(1), "{imported:?}");
    let said = [imported.stdout, imported.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    for (_, reason) in &hashes {
        assert!(said.contains(&format!("user refused: passwordHash: {reason}")), "{reason}: {said}");
    }
    assert!(!said.contains(secret) && !server.log().contains(secret), "{said}");
}
