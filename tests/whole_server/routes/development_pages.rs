//! `/` and `/dev/outbox` in development.

use serde_json::json;

use crate::harness::{Server, registration};

#[tokio::test]
async fn the_outbox_page_shows_a_code_until_it_is_used() {
    let server = Server::start().await;
    let email = "martha.o'custis&co@example.com";
    let start = server.get("/", None).await;
    assert!(start.text.contains(&server.url("/v1/auth/register")), "{}", start.text);
    let registered = server.post("/v1/auth/register", &registration(email, "a fine long password")).await;
    assert_eq!(registered.status, 200);

    let page = server.get("/dev/outbox", None).await.text;
    assert!(page.contains("to martha.o&#39;custis&#38;co@example.com"), "{page}");
    let (_, code) = page.split_once("<p class=\"code\"><code").expect("a code");
    let (_, code) = code.split_once('>').expect("the code");
    let (code, _) = code.split_once('<').expect("its end");
    let verify = json!({ "contact": email, "code": code });
    server.post("/v1/auth/verification_codes/verify", &verify).await.token();

    let page = server.get("/dev/outbox", None).await.text;
    assert!(!page.contains(code), "{page}");
    assert!(page.contains("The code was used"), "{page}");
}

#[tokio::test]
async fn the_outbox_page_is_hidden_from_other_host_names() {
    let server = Server::start().await;
    let asked = server.client.get(server.url("/dev/outbox")).header("host", "rebound.example.com");
    let answer = asked.send().await.expect("an answer");
    let nowhere = server.get("/nowhere", None).await;
    assert_eq!((answer.status(), nowhere.status.as_u16()), (nowhere.status, 404));
    assert_eq!(answer.text().await.expect("a body"), nowhere.text);
}
