//! Clauses of [`asteroid_clients::ClientRepository`]: which clients a prefix finds.

use asteroid_clients::{ClientContent, ClientFilter, ClientRecord, SearchPrefix};
use asteroid_kernel::Region;

use crate::CompleteStorage;
use crate::fixtures::practice::{all_clients, client, text, with_practices};
use crate::store::Store;

/// A store with clients of these contents; their ids are their places.
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

/// Whom a prefix finds, by place.
async fn found(store: &Store<impl CompleteStorage>, prefix: &str) -> String {
    let prefix = SearchPrefix::parse(prefix, Region::US);
    assert!(prefix.is_some(), "a prefix that can be looked for");
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

/// A client is found by the beginning of the first name, of the last name, and of both with a space between: of no
/// other part, and once, even if several begin so.
pub async fn a_client_is_found_by_the_beginning_of_a_name(storage: impl CompleteStorage) {
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
            ("nobody", ""),
        ],
    )
    .await;
}

/// A client is found by the beginning of the e-mail address.
pub async fn a_client_is_found_by_the_beginning_of_the_address(storage: impl CompleteStorage) {
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

/// Neither case nor how a letter is composed matters, in any script; which letter it is does.
pub async fn a_search_is_without_regard_to_case(storage: impl CompleteStorage) {
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

/// A client is found by the first digits of any of its phones, however they are written there or here; what is no
/// number is not looked for among phones.
pub async fn a_client_is_found_by_the_first_digits_of_a_phone(storage: impl CompleteStorage) {
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

/// No character has a meaning of its own: what a pattern would take for anything is taken for itself.
pub async fn a_prefix_is_no_pattern(storage: impl CompleteStorage) {
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

/// A client is found by what its record says now.
pub async fn a_client_is_found_by_its_record_as_it_is_now(storage: impl CompleteStorage) {
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
