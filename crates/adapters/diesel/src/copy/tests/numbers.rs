//! Generated ids after a copy.

use super::*;

/// Inserts and deletes a user, so that the highest id has no row.
fn use_highest_id(endpoint: &TestEndpoint) {
    endpoint.fill(2);
    endpoint.run(
        "INSERT INTO users (id, first_name, last_name, enabled, created_at) \
         VALUES (900, 'A', 'B', true, '2026-01-01T00:00:00.000000Z'); DELETE FROM users WHERE id = 900",
    );
}

/// Copies, and asserts that the target generates ids above those of the source.
fn assert_ids_continue(source: &TestEndpoint, target: &TestEndpoint) {
    copy_all(source, target).expect("copied");
    let numbers = |users, terms| {
        [
            ("users", users),
            ("user_contacts", 3),
            ("terms_versions", terms),
            ("memberships", 3),
            ("clients", 3),
        ]
    };
    assert_eq!(target.last_numbers(), numbers(900, 1));
    target.run(
        "INSERT INTO users (first_name, last_name, enabled, created_at) \
         VALUES ('A', 'B', true, '2026-01-01T00:00:00.000000Z'); \
         INSERT INTO terms_versions (label, text, published_at) \
         VALUES ('new', 'Be kinder.', '2026-01-01T00:00:00.000000Z')",
    );
    assert_eq!(target.last_numbers(), numbers(901, 2));
}

#[test]
fn sqlite_does_not_reuse_ids_of_sqlite() {
    let source = TestEndpoint::sqlite();
    use_highest_id(&source);
    assert_ids_continue(&source, &TestEndpoint::sqlite());
}

#[test]
fn postgresql_does_not_reuse_ids_of_sqlite() {
    if testing::is_available() {
        let source = TestEndpoint::sqlite();
        use_highest_id(&source);
        assert_ids_continue(&source, &TestEndpoint::postgres());
    }
}

#[test]
fn sqlite_does_not_reuse_ids_of_postgresql() {
    if testing::is_available() {
        let source = TestEndpoint::postgres();
        use_highest_id(&source);
        source.run("SELECT setval('users_id_seq', 900)");
        assert_ids_continue(&source, &TestEndpoint::sqlite());
    }
}

#[test]
fn ids_of_an_empty_source_and_of_the_target_are_not_reused() {
    let mut endpoints = vec![TestEndpoint::sqlite()];
    endpoints.extend(testing::is_available().then(TestEndpoint::postgres));
    for target in endpoints {
        let source = TestEndpoint::sqlite();
        use_highest_id(&source);
        source.run("PRAGMA foreign_keys = ON; DELETE FROM patients; DELETE FROM clients; DELETE FROM users");
        target.migrate();
        match &target.database {
            Database::Sqlite(_) => target.run("INSERT INTO sqlite_sequence VALUES ('user_contacts', 7)"),
            Database::Postgres(_) => target.run("SELECT setval('user_contacts_id_seq', 7)"),
        }
        copy_all(&source, &target).expect("copied");
        assert_eq!(
            target.last_numbers(),
            [("users", 900), ("user_contacts", 7), ("terms_versions", 1), ("memberships", 3), ("clients", 0)]
        );
    }
}
