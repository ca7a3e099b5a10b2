//! Clauses of [`asteroid_clients::ClientRepository`]: searching clients by prefix.

use asteroid_clients::{ClientContent, ClientFilter, ClientRecord, SearchPrefix};
use asteroid_kernel::Region;

use crate::CompleteStorage;
use crate::fixtures::practice::{all_clients, client, text, with_practices};
use crate::store::Store;

/// A store with one client per content. Its id is the index of the content.
async fn with_clients<S: CompleteStorage>(
    storage: S,
    contents: impl IntoIterator<Item = ClientContent>,
) -> Store<S> {
    let store = with_practices(storage).await;
    let records = contents.into_iter().enumerate();
    let records = records.map(|(place, content)| ClientRecord { content, ..client(&place.to_string()) });
    store.put_clients(&records.collect::<Vec<_>>()).await;
    store
}

/// The ids of the clients that a prefix finds.
async fn found(store: &Store<impl CompleteStorage>, prefix: &str) -> String {
    let prefix = SearchPrefix::parse(prefix, Region::US);
    assert!(prefix.is_some(), "a valid prefix");
    let listed = store.walk_clients(&ClientFilter { prefix, ..all_clients() }, 1).await;
    let ids: Vec<&str> = listed.iter().map(|client| client.record.key.id.as_str()).collect();
    ids.join(" ")
}

fn named(first: &str, last: &str) -> ClientContent {
    ClientContent { first_name: text(first), last_name: text(last), ..ClientContent::default() }
}

async fn assert_found(store: &Store<impl CompleteStorage>, searches: &[(&str, &str)]) {
    for (prefix, expected) in searches {
        assert_eq!(found(store, prefix).await, *expected, "{prefix:?}");
    }
}

/// A prefix matches the first name, the last name, or both with a space between, and no other part. A client is listed
/// once even if several match.
pub async fn a_client_is_found_by_name_prefix(storage: impl CompleteStorage) {
    let only = |first: Option<&str>, last: Option<&str>| ClientContent {
        first_name: first.map(str::to_owned),
        last_name: last.map(str::to_owned),
        ..ClientContent::default()
    };
    let contents = [
        named("Jeremy", "Mickelson"),
        named("Mick", "Jeremyson"),
        only(Some("Jeremy"), None),
        only(None, Some("Jeremy")),
        named("Mary Jane", "Mick Michaels"),
        ClientContent::default(),
        named("", ""),
    ];
    let store = with_clients(storage, contents).await;
    assert_found(
        &store,
        &[
            ("jeremy", "0 1 2 3"),
            ("mick", "0 1 4"),
            ("m", "0 1 4"),
            ("jeremy m", "0"),
            ("jeremy mickelson", "0"),
            ("jeremy mickelsons", ""),
            ("mary jane mick m", "4"),
            ("mick jeremy", "1"),
            ("mickelson jeremy", ""),
            ("jane", ""),
            ("michaels", ""),
            ("eremy", ""),
            ("kelson", ""),
            ("unknown", ""),
        ],
    )
    .await;
}

/// A prefix matches the e-mail address.
pub async fn a_client_is_found_by_email_prefix(storage: impl CompleteStorage) {
    let addressed = |email: &str| ClientContent { email: text(email), ..ClientContent::default() };
    let store =
        with_clients(storage, ["Jeremy@Test.com", "jeremy.m@test.com", " zoë@exämple.com "].map(addressed));
    let store = store.await;
    assert_found(
        &store,
        &[
            ("JEREMY", "0 1"),
            ("jeremy@", "0"),
            ("jeremy@test.com", "0"),
            ("jeremy@test.com.au", ""),
            ("test.com", ""),
            ("ZOË@EXÄ", "2"),
        ],
    )
    .await;
}

/// A search ignores case and Unicode composition in any script, and distinguishes letters.
pub async fn a_search_ignores_case_and_unicode_composition(storage: impl CompleteStorage) {
    let names = [
        "MÜLLER",
        "mu\u{308}ller",
        "Muller",
        "Straße",
        "ΣΊΣΥΦΟΣ",
        "İnce",
        "ÅNGSTRÖM",
        "ﬁne",
        " Trimmed ",
        "🦀 Crab",
    ];
    let store = with_clients(storage, names.map(|name| named("", name))).await;
    assert_found(
        &store,
        &[
            ("Müll", "0 1"),
            ("MU\u{308}LL", "0 1"),
            ("mull", "2"),
            ("STRASS", "3"),
            ("straß", "3"),
            ("σίσυφος", "4"),
            ("Σίσυφοσ", "4"),
            ("i\u{307}N", "5"),
            ("a\u{30a}ngström", "6"),
            ("angström", ""),
            ("FIN", "7"),
            ("trimmed", "8"),
            (" TRIM", "8"),
            ("🦀", "9"),
            ("🦀 c", "9"),
        ],
    )
    .await;
}

/// The first digits of a number match any phone of a client, in any spelling. A prefix that is not a number does not
/// match phones.
pub async fn a_client_is_found_by_phone_prefix(storage: impl CompleteStorage) {
    let phone = text;
    let contents = [
        ClientContent { home_phone: phone("9096480002"), ..named("3M", "Company") },
        ClientContent { work_phone: phone("(909) 648-0003"), ..ClientContent::default() },
        ClientContent { mobile_phone: phone("+1 801.222.3333 ext. 4"), ..ClientContent::default() },
        ClientContent { home_phone: phone("n/a"), work_phone: phone(""), ..named("909", "9") },
        ClientContent { home_phone: phone("3"), mobile_phone: phone("٣٣٣"), ..ClientContent::default() },
    ];
    let store = with_clients(storage, contents).await;
    assert_found(
        &store,
        &[
            ("909", "0 1 3"),
            ("(909) 648", "0 1"),
            ("909.648-0003", "1"),
            ("9096480002", "0"),
            ("90964800021", ""),
            ("6480002", ""),
            ("+1 (801) 222", "2"),
            ("18012223333/4", "2"),
            ("801222", "2"),
            ("+1 909", "0 1"),
            ("+19096480002", "0"),
            ("1909648", "0 1"),
            (" 1909648", "0 1"),
            ("011 1 801", "2"),
            ("3", "0 4"),
            ("3m", "0"),
            ("909 9", "3"),
            ("909a", ""),
            ("()", ""),
        ],
    )
    .await;
}

/// No character is a wildcard: each matches only itself.
pub async fn a_search_prefix_is_not_a_pattern(storage: impl CompleteStorage) {
    let names =
        ["%", "_x", "\\", "100%", "a*b", "[a]", "a%b", "axb", "'; --", "\u{10ffff}z", "z\u{10ffff}z", "za"];
    let store = with_clients(storage, names.map(|name| named("", name))).await;
    assert_found(
        &store,
        &[
            ("%", "0"),
            ("_", "1"),
            ("\\", "2"),
            ("\\%", ""),
            ("100%", "3"),
            ("1_0", ""),
            ("a*", "4"),
            ("?", ""),
            ("[", "5"),
            ("a%", "6"),
            ("a_b", ""),
            ("'", "8"),
            ("\u{10ffff}", "9"),
            ("\u{10ffff}\u{10ffff}", ""),
            ("z", "10 11"),
            ("z\u{10ffff}", "10"),
        ],
    )
    .await;
}

/// A search uses the current record of a client, not an earlier one.
pub async fn a_search_uses_the_current_record(storage: impl CompleteStorage) {
    let before = ClientContent {
        email: text("old@test.com"),
        home_phone: text("1"),
        work_phone: text("2"),
        mobile_phone: text("3"),
        ..named("Oliver", "Oldman")
    };
    let store = with_clients(storage, [before, named("Oliver", "Oldman")]).await;
    for prefix in ["oliver", "oldman", "oliver o"] {
        assert_eq!(found(&store, prefix).await, "0 1");
    }
    store.put_client(&client("0")).await;
    for prefix in ["o", "1", "2", "3"] {
        assert_eq!(found(&store, prefix).await, if prefix == "o" { "1" } else { "" });
    }
    store.put_client(&ClientRecord { content: named("Nora", "Newman"), ..client("0") }).await;
    assert_eq!(found(&store, "newman").await, "0");
}
