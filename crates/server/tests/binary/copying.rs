//! `asteroid copy`: what it says, and that nothing changes hands by halves.

use asteroid_diesel::postgres::testing::TestDatabase;
use serde_json::json;

use super::machine::{Answer, EXAMPLE_PRACTICE, Machine};

const FROM: &str = "sqlite://data/asteroid.db";

/// A machine with the practice that is handed out in its store.
fn practice() -> Machine {
    let machine = Machine::new();
    machine.write("practice.json", EXAMPLE_PRACTICE);
    let imported = machine.run(&["import", "practice.json"], &[]);
    assert_eq!(imported.status, 0, "{imported:?}");
    machine
}

fn told(from: &str, to: &str) -> String {
    format!(
        "users              3\n\
         user_contacts      5\n\
         user_search_keys  11\n\
         audit_events       2\n\
         terms_versions     1\n\
         practices          1\n\
         memberships        3\n\
         client_classes     2\n\
         clients            4\n\
         patients           7\n\
         rows              39\n\
         Copied {from} to {to}: every row was read back and compared.\n\
         To use the copy, set DATABASE_URL (or database.url), and keep the key file.\n"
    )
}

#[test]
fn copy_to_another_sqlite_file_is_complete_and_not_repeatable() {
    let machine = practice();
    let to = "sqlite://new/asteroid.db";
    let copied = machine.run(&["copy", "--from", FROM, "--to", to], &[]);
    assert_eq!(copied, Answer { status: 0, out: told(FROM, to), err: String::new() });
    let again = machine.run(&["copy", "--from", FROM, "--to", to], &[]);
    assert_eq!(
        again,
        Answer {
            status: 1,
            out: String::new(),
            err: format!(
                "asteroid: {to} is not empty: it has 3 rows in users, 5 rows in user_contacts, \
                 11 rows in user_search_keys, 2 rows in audit_events, 1 row in terms_versions, 1 row in practices, 3 rows in memberships, \
                 2 rows in client_classes, 4 rows in clients, 7 rows in patients\n"
            ),
        }
    );
    // The same is there: to import it again changes nothing.
    let again = machine.json(&["import", "practice.json", "--json"], &[("DATABASE_URL", to)]);
    for (kind, count) in [("practices", 1), ("client_classes", 2), ("users", 3), ("clients", 4)] {
        let unchanged = json!({ "created": 0, "updated": 0, "unchanged": count, "refused": 0 });
        assert_eq!(again[kind], unchanged, "{kind}");
    }
}

#[test]
fn copy_to_postgresql_and_back_into_a_database_with_first_terms() {
    let Some(database) = TestDatabase::create() else { return };
    let (machine, there) = (practice(), database.url().expose());
    let migrated = machine.run(&["migrate"], &[("DATABASE_URL", there)]);
    assert_eq!(migrated.status, 0, "{migrated:?}");
    let copied = machine.run(&["copy", "--from", FROM, "--to", there], &[]);
    assert_eq!(copied, Answer { status: 0, out: told(FROM, there), err: String::new() });

    let terms = |url: &str| machine.json(&["terms", "list", "--json"], &[("DATABASE_URL", url)]);
    assert_eq!(terms(there), terms(FROM), "published when it was in the source");

    let mut back = machine.json(&["copy", "--from", there, "--to", "sqlite://back.db", "--json"], &[]);
    back["tables"].as_object_mut().expect("tables").retain(|_, rows| *rows != 0);
    let migrated = back["migrated"].as_array().expect("a list").clone();
    assert_eq!(migrated.first(), Some(&json!("0001_users")));
    assert_eq!(
        back,
        json!({
            "from": there,
            "to": "sqlite://back.db",
            "migrated": migrated,
            "tables": {
                "users": 3, "user_contacts": 5, "user_search_keys": 11, "audit_events": 2, "terms_versions": 1,
                "practices": 1, "memberships": 3, "client_classes": 2, "clients": 4, "patients": 7,
            },
            "rows": 39,
        })
    );
    assert_eq!(terms("sqlite://back.db"), terms(FROM));
}

#[test]
fn copy_with_an_invalid_url_is_a_usage_error_without_the_password() {
    let machine = Machine::new();
    for (from, to, told) in [
        ("asteroid.db", "sqlite://b.db", "--from must be sqlite://PATH"),
        ("sqlite://a.db", "mysql://ann:tr0ub4dor@h/a", "--to must be sqlite://PATH"),
        ("sqlite://a.db", "postgres://ann:tr0ub4dor@h", "it names no database"),
    ] {
        let answer = machine.run(&["copy", "--from", from, "--to", to], &[]);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{answer:?}");
        assert!(answer.err.contains(told) && answer.err.contains("Usage:"), "{}", answer.err);
        assert!(!answer.err.contains("tr0ub4dor"), "{}", answer.err);
    }
    let half = machine.run(&["copy", "--from", "sqlite://a.db"], &[]);
    assert_eq!(half.status, 2);
    assert!(half.err.contains("--to <URL>"), "{}", half.err);
}

#[test]
fn copy_refuses_missing_unmigrated_and_identical_databases() {
    let machine = practice();
    let refused = |from: &str, to: &str, told: String| {
        let answer = machine.run(&["copy", "--from", from, "--to", to], &[]);
        assert_eq!(answer, Answer { status: 1, out: String::new(), err: told });
    };
    let told = "asteroid: there is nothing to be copied: sqlite://missing.db is not there\n";
    refused("sqlite://missing.db", "sqlite://new.db", told.to_owned());
    let told = "asteroid: sqlite://data/../data/asteroid.db is both what is to be copied and where to\n";
    refused("sqlite://data/../data/asteroid.db", FROM, told.to_owned());
    machine.write("empty.db", "");
    let answer = machine.run(&["copy", "--from", "sqlite://empty.db", "--to", "sqlite://new.db"], &[]);
    assert_eq!((answer.status, answer.out.as_str()), (1, ""));
    let told = "asteroid: sqlite://empty.db lacks migrations (0001_users, ";
    assert!(answer.err.starts_with(told) && answer.err.contains("run `asteroid migrate`"), "{}", answer.err);
    let url = "postgres://ann:tr0ub4dor@127.0.0.1:1/asteroid";
    let answer = machine.run(&["copy", "--from", FROM, "--to", url], &[]);
    let told = "asteroid: postgres://ann:***@127.0.0.1:1/asteroid could not be made ready\n  because ";
    assert!(answer.status == 1 && answer.err.starts_with(told), "{}", answer.err);
    for file in ["missing.db", "new.db"] {
        assert!(!machine.path(file).exists(), "{file}");
    }
}
