//! The list of clients: what is asked for, and page by page. [`practice_api_streaming`](crate::practice_api_streaming) has all
//! of it at once.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::MockPractices;
use asteroid_application::ports::practice::{ClientListing, ClientQuery, ClientsSeen};
use asteroid_clients::{ClientFilter, ClientKey, ClientStatus, PracticeId, SearchPrefix};
use asteroid_kernel::Region;
use serde_json::{Value, json};

use crate::harness::{Answer, signed_in_accounts, time, with_token};
use crate::practice_api_harness::{admitted, admitting_practices, ask, client, client_of_id, id, ids, seed};

const EVERYTHING: ClientFilter =
    ClientFilter { practice: PracticeId(1), status: None, updated_since: None, prefix: None };

/// Practices whose caller is of the staff, and what was asked of them.
fn staffed(filter: ClientFilter, ids: &[&str]) -> (MockPractices, Arc<Mutex<Vec<ClientQuery>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let queries = Arc::clone(&asked);
    let mut practices = admitting_practices();
    let seen = filter.clone();
    practices.expect_look_at_clients().returning(move |proof, query| {
        assert_eq!(proof, admitted());
        queries.lock().expect("nobody panicked").push(query);
        Ok(ClientsSeen::All(ClientListing::assumed(seen.clone())))
    });
    let clients: Vec<_> = ids.iter().map(|id| client_of_id(id)).collect();
    practices.expect_next_clients().returning(move |asked, after, at_most| {
        assert_eq!(*asked.filter(), filter);
        let behind = |key: &ClientKey| after.as_ref().is_none_or(|after| key > after);
        let next = clients.iter().filter(|client| behind(&client.record.key));
        Ok(next.take(at_most).cloned().collect())
    });
    (practices, asked)
}

async fn get(practices: MockPractices, path: &str) -> Answer {
    ask(signed_in_accounts(), practices, with_token(TestRequest::get().uri(path))).await
}

/// The target of the `Link` to the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    Some(target.expect("a link to the next page").to_owned())
}

#[actix_web::test]
async fn the_staff_sees_all_as_an_array_of_the_documents_objects() {
    for path in ["/clients", "/clients/", "/clients?limit=1000", "/clients/?limit=3"] {
        let (practices, asked) = staffed(EVERYTHING, &["1", "12", "2"]);
        let answer = get(practices, path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("link"), None);
        assert_eq!(ids(&answer), ["1", "12", "2"]);
        assert_eq!(answer.json()[0], seed("client"));
        assert_eq!(*asked.lock().expect("nobody panicked"), [ClientQuery::default()]);
    }
}

#[actix_web::test]
async fn nobody_is_an_empty_array() {
    for path in ["/clients", "/clients?limit=1"] {
        let answer = get(staffed(EVERYTHING, &[]).0, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str(), answer.header("link")), (200, "[]", None));
    }
}

#[actix_web::test]
async fn what_is_asked_for_is_handed_on() {
    let prefix = |text| SearchPrefix::parse(text, Region::US);
    let since = Some(time("2022-12-01T15:50:30.123456Z"));
    for (query, expected) in [
        ("status=active", ClientQuery { status: Some(ClientStatus::Active), ..ClientQuery::default() }),
        ("status=inactive", ClientQuery { status: Some(ClientStatus::Inactive), ..ClientQuery::default() }),
        ("status=deleted", ClientQuery { status: Some(ClientStatus::Deleted), ..ClientQuery::default() }),
        (
            "updatedSince=2022-12-01T15:50:30.123456Z",
            ClientQuery { updated_since: since, ..ClientQuery::default() },
        ),
        (
            "updatedSince=2022-12-01T16%3A50%3A30.123456%2B01:00",
            ClientQuery { updated_since: since, ..ClientQuery::default() },
        ),
        ("q=Mick", ClientQuery { prefix: prefix("Mick"), ..ClientQuery::default() }),
        ("q=+%28909%29+64", ClientQuery { prefix: prefix("(909) 64"), ..ClientQuery::default() }),
        ("nothing=else&user[email]=a", ClientQuery::default()),
        (
            "q=Zo%C3%AB&status=active&updatedSince=2022-12-01T15:50:30.123456Z&limit=7",
            ClientQuery {
                status: Some(ClientStatus::Active),
                updated_since: since,
                prefix: prefix("Zoë"),
                practice: None,
            },
        ),
    ] {
        let (practices, asked) = staffed(EVERYTHING, &[]);
        let answer = get(practices, &format!("/clients?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(*asked.lock().expect("nobody panicked"), [expected], "{query}");
    }
}

#[actix_web::test]
async fn bad_parameters_are_named_all_at_once() {
    let long = format!("q={}", "x".repeat(101));
    let mut table = String::new();
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=1.0",
        "limit=%2B5",
        "limit=ten",
        "limit=",
        "limit",
        "limit=99999999999999999999999",
        "limit=1&limit=1",
        "after=",
        "after=1",
        "after=%00",
        "after=a&after=b",
        "status=",
        "status=Active",
        "status=gone",
        "updatedSince=",
        "updatedSince=2022-12-01",
        "updatedSince=2022-12-01T16:50:30+01:00",
        "updatedSince=yesterday",
        "q=",
        "q=%20",
        "q=%FF",
        "q=a%00",
        &long,
        "limit=0&after=x&status=x&updatedSince=x&q=",
    ] {
        let answer = get(admitting_practices(), &format!("/clients?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        let shown = query.get(..50).unwrap_or(query);
        writeln!(table, "{shown}: {}", answer.body).expect("a string");
    }
    insta::assert_snapshot!(table, @r#"
    limit=0: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=1001: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=-1: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=1.0: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=%2B5: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=ten: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=99999999999999999999999: {"errors":{"limit":["must be a whole number from 1 to 1000"]}}
    limit=1&limit=1: {"errors":{"limit":["is given more than once"]}}
    after=: {"errors":{"after":["must be a cursor that an earlier answer gave"]}}
    after=1: {"errors":{"after":["must be a cursor that an earlier answer gave"]}}
    after=%00: {"errors":{"after":["must be a cursor that an earlier answer gave"]}}
    after=a&after=b: {"errors":{"after":["is given more than once"]}}
    status=: {"errors":{"status":["must be active, inactive or deleted"]}}
    status=Active: {"errors":{"status":["must be active, inactive or deleted"]}}
    status=gone: {"errors":{"status":["must be active, inactive or deleted"]}}
    updatedSince=: {"errors":{"updatedSince":["must be a time of the form 2022-12-01T15:50:30.000Z"]}}
    updatedSince=2022-12-01: {"errors":{"updatedSince":["must be a time of the form 2022-12-01T15:50:30.000Z"]}}
    updatedSince=2022-12-01T16:50:30+01:00: {"errors":{"updatedSince":["must be a time of the form 2022-12-01T15:50:30.000Z"]}}
    updatedSince=yesterday: {"errors":{"updatedSince":["must be a time of the form 2022-12-01T15:50:30.000Z"]}}
    q=: {"errors":{"q":["must have from 1 to 100 characters, none of them a control character"]}}
    q=%20: {"errors":{"q":["must have from 1 to 100 characters, none of them a control character"]}}
    q=%FF: {"errors":{"q":["must have from 1 to 100 characters, none of them a control character"]}}
    q=a%00: {"errors":{"q":["must have from 1 to 100 characters, none of them a control character"]}}
    q=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: {"errors":{"q":["must have from 1 to 100 characters, none of them a control character"]}}
    limit=0&after=x&status=x&updatedSince=x&q=: {"errors":{"limit":["must be a whole number from 1 to 1000"],"after":["must be a cursor that an earlier answer gave"],"status":["must be active, inactive or deleted"],"updatedSince":["must be a time of the form 2022-12-01T15:50:30.000Z"],"q":["must have from 1 to 100 characters, none of them a control character"]}}
    "#);
}

#[actix_web::test]
async fn to_a_client_parameters_change_nothing_unless_they_are_wrong() {
    for query in ["limit=1", "status=deleted", "q=nobody", "updatedSince=2999-01-01T00:00:00Z&limit=5"] {
        let mut practices = admitting_practices();
        let own = || Ok(ClientsSeen::Own(Box::new(client())));
        practices.expect_look_at_clients().once().returning(move |_, _| own());
        let answer = get(practices, &format!("/clients?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("link")), (200, None));
        assert_eq!(answer.json(), seed("client"));
    }
    assert_eq!(get(admitting_practices(), "/clients?limit=0").await.status, 422);
}

#[actix_web::test]
async fn links_lead_through_all_pages_once() {
    let own = ["1", "10", "a b&c=d", "é", "ü:ü", "日本"];
    for (limit, pages) in [(1, 6), (2, 3), (3, 2), (4, 2), (6, 1), (1000, 1)] {
        let mut path = Some(format!("/clients?limit={limit}"));
        let (mut seen, mut asked) = (Vec::new(), 0);
        while let Some(page) = path {
            let answer = get(staffed(EVERYTHING, &own).0, &page).await;
            assert_eq!(answer.status, 200);
            let page = ids(&answer);
            assert!(page.len() <= limit);
            seen.extend(page);
            asked += 1;
            path = next(&answer);
        }
        assert_eq!((seen.as_slice(), asked), (own.map(String::from).as_slice(), pages), "{limit}");
    }
}

#[actix_web::test]
async fn a_link_is_the_same_request_from_there_on_and_owes_nothing_to_the_host() {
    let filter = ClientFilter { prefix: SearchPrefix::parse("Zoë +", Region::US), ..EVERYTHING };
    let mut told = Vec::new();
    for path in [
        "/clients?limit=1",
        "/clients/?q=Zo%C3%AB+%2B&limit=1&status=active&updatedSince=2022-12-01T15:50:30Z",
    ] {
        let (practices, _) = staffed(filter.clone(), &["1", "2"]);
        let request = TestRequest::get()
            .uri(path)
            .insert_header(("host", "evil.example"))
            .insert_header(("forwarded", "host=evil.example"))
            .insert_header(("x-forwarded-host", "evil.example"));
        let first = ask(signed_in_accounts(), practices, with_token(request)).await;
        assert_eq!(ids(&first), ["1"]);
        let link = next(&first).expect("another page");
        let (practices, asked) = staffed(filter.clone(), &["1", "2"]);
        let second = get(practices, &link).await;
        assert_eq!((ids(&second), next(&second)), (vec!["2".to_owned()], None));
        let (practices, before) = staffed(filter.clone(), &["1", "2"]);
        get(practices, path).await;
        let (before, asked) = (before.lock().expect("no panic"), asked.lock().expect("no panic"));
        assert_eq!(*before, *asked, "the same is asked for");
        told.push(link);
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    /clients?limit=1&after=MToxOjE
    /clients/?q=Zo%C3%AB+%2B&limit=1&status=active&updatedSince=2022-12-01T15%3A50%3A30Z&after=MToxOjE
    ");
}

#[actix_web::test]
async fn without_a_limit_a_cursor_tells_where_to_begin() {
    let first = get(staffed(EVERYTHING, &["1", "2", "3"]).0, "/clients?limit=1").await;
    let link = next(&first).expect("another page").replace("limit=1&", "");
    let rest = get(staffed(EVERYTHING, &["1", "2", "3"]).0, &link).await;
    assert_eq!((ids(&rest), next(&rest)), (vec!["2".to_owned(), "3".to_owned()], None));
}

#[actix_web::test]
async fn head_reads_one_page_and_never_all() {
    let head = |path: &str| with_token(TestRequest::default().method(Method::HEAD).uri(path));
    let mut practices = admitting_practices();
    practices
        .expect_look_at_clients()
        .once()
        .returning(|_, _| Ok(ClientsSeen::All(ClientListing::assumed(EVERYTHING))));
    let answer = ask(signed_in_accounts(), practices, head("/clients")).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    let paged = ask(signed_in_accounts(), staffed(EVERYTHING, &["1", "2"]).0, head("/clients?limit=1")).await;
    assert_eq!(paged.status, 200);
    assert!(next(&paged).is_some());
}

#[actix_web::test]
async fn an_id_that_cannot_be_is_not_found() {
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
