//! `GET /clients`

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::test::TestRequest;
use asteroid_application::mocks::{MockAccounts, MockPractices};
use asteroid_application::practice::{ClientListing, ClientQuery, ClientsSeen};
use asteroid_clients::{ClientFilter, ClientKey, ClientStatus, PracticeId, SearchPrefix};
use asteroid_http::HttpSettings;
use asteroid_kernel::Region;

use crate::harness::practice_api::{
    admitted, admitting_practices, ask, ask_with, client, client_of_id, ids, seed,
};
use crate::harness::{Answer, signed_in_accounts, time, with_token};

const ALL_CLIENTS: ClientFilter =
    ClientFilter { practice: PracticeId(1), status: None, updated_since: None, prefix: None };

/// Practices whose caller belongs to the staff, and the queries that they received.
fn staffed(filter: ClientFilter, ids: &[&str]) -> (MockPractices, Arc<Mutex<Vec<ClientQuery>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let queries = Arc::clone(&asked);
    let mut practices = admitting_practices();
    let seen = filter.clone();
    practices.expect_look_at_clients().returning(move |proof, query| {
        assert_eq!(proof, admitted());
        queries.lock().expect("the lock is not poisoned").push(query);
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

pub(super) async fn get(practices: MockPractices, path: &str) -> Answer {
    ask(signed_in_accounts(), practices, with_token(TestRequest::get().uri(path))).await
}

/// The target of the link to the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    Some(target.expect("a link to the next page").to_owned())
}

#[actix_web::test]
async fn staff_sees_all_clients_as_documented() {
    for path in ["/clients", "/clients/", "/clients?limit=1000", "/clients/?limit=3"] {
        let (practices, asked) = staffed(ALL_CLIENTS, &["1", "12", "2"]);
        let answer = get(practices, path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("link"), None);
        assert_eq!(ids(&answer), ["1", "12", "2"]);
        assert_eq!(answer.json()[0], seed("client"));
        assert_eq!(*asked.lock().expect("the lock is not poisoned"), [ClientQuery::default()]);
    }
}

#[actix_web::test]
async fn no_clients_are_an_empty_array() {
    for path in ["/clients", "/clients?limit=1"] {
        let answer = get(staffed(ALL_CLIENTS, &[]).0, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str(), answer.header("link")), (200, "[]", None));
    }
}

#[actix_web::test]
async fn query_parameters_reach_the_use_case() {
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
        let (practices, asked) = staffed(ALL_CLIENTS, &[]);
        let answer = get(practices, &format!("/clients?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(*asked.lock().expect("the lock is not poisoned"), [expected], "{query}");
    }
}

#[actix_web::test]
async fn all_invalid_query_parameters_are_answered_at_once() {
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
async fn a_client_sees_itself_whatever_valid_parameters_it_sends() {
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
async fn pagination_links_lead_through_all_pages_once() {
    let own = ["1", "10", "a b&c=d", "é", "ü:ü", "日本"];
    for (limit, pages) in [(1, 6), (2, 3), (3, 2), (4, 2), (6, 1), (1000, 1)] {
        let mut path = Some(format!("/clients?limit={limit}"));
        let (mut seen, mut asked) = (Vec::new(), 0);
        while let Some(page) = path {
            let answer = get(staffed(ALL_CLIENTS, &own).0, &page).await;
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
async fn a_pagination_link_keeps_the_query_and_ignores_the_host_field() {
    let filter = ClientFilter { prefix: SearchPrefix::parse("Zoë +", Region::US), ..ALL_CLIENTS };
    let mut answered = Vec::new();
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
        answered.push(link);
    }
    insta::assert_snapshot!(answered.join("\n"), @r"
    /clients?limit=1&after=MToxOjE
    /clients/?q=Zo%C3%AB+%2B&limit=1&status=active&updatedSince=2022-12-01T15%3A50%3A30Z&after=MToxOjE
    ");
}

#[actix_web::test]
async fn a_cursor_without_a_limit_continues_the_list() {
    let first = get(staffed(ALL_CLIENTS, &["1", "2", "3"]).0, "/clients?limit=1").await;
    let link = next(&first).expect("another page").replace("limit=1&", "");
    let rest = get(staffed(ALL_CLIENTS, &["1", "2", "3"]).0, &link).await;
    assert_eq!((ids(&rest), next(&rest)), (vec!["2".to_owned(), "3".to_owned()], None));
}

#[actix_web::test]
async fn head_reads_at_most_one_page() {
    let head = |path: &str| with_token(TestRequest::default().method(Method::HEAD).uri(path));
    let mut practices = admitting_practices();
    practices
        .expect_look_at_clients()
        .once()
        .returning(|_, _| Ok(ClientsSeen::All(ClientListing::assumed(ALL_CLIENTS))));
    let answer = ask(signed_in_accounts(), practices, head("/clients")).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    let paged =
        ask(signed_in_accounts(), staffed(ALL_CLIENTS, &["1", "2"]).0, head("/clients?limit=1")).await;
    assert_eq!(paged.status, 200);
    assert!(next(&paged).is_some());
}

#[actix_web::test]
async fn cors_exposes_the_link_field_to_an_allowed_origin() {
    let app = "https://app.example.com";
    let settings = HttpSettings { cors_origins: vec![app.into()], ..HttpSettings::default() };
    let request = TestRequest::get().uri("/clients").insert_header(("origin", app));
    let answer = ask_with(MockAccounts::new(), MockPractices::new(), settings, request).await;
    let exposed = answer.header("access-control-expose-headers").expect("a list").to_lowercase();
    assert!(exposed.split(", ").any(|name| name == "link"), "{exposed}");
}
