//! The numbers that come next.

use super::*;

/// Has a user whose number is gone.
fn use_numbers_up(place: &Place) {
    place.fill(2);
    place.run(
        "INSERT INTO users (id, first_name, last_name, enabled, created_at) \
         VALUES (900, 'A', 'B', true, '2026-01-01T00:00:00.000000Z'); DELETE FROM users WHERE id = 900",
    );
}

fn numbers_go_on(here: &Place, there: &Place) {
    copy_all(here, there).expect("copied");
    let numbers = |users, terms| {
        [
            ("users", users),
            ("user_contacts", 3),
            ("terms_versions", terms),
            ("memberships", 3),
            ("clients", 3),
        ]
    };
    assert_eq!(there.last_numbers(), numbers(900, 1));
    there.run(
        "INSERT INTO users (first_name, last_name, enabled, created_at) \
         VALUES ('A', 'B', true, '2026-01-01T00:00:00.000000Z'); \
         INSERT INTO terms_versions (label, text, published_at) \
         VALUES ('new', 'Be kinder.', '2026-01-01T00:00:00.000000Z')",
    );
    assert_eq!(there.last_numbers(), numbers(901, 2));
}

#[test]
fn no_number_is_given_twice_by_the_file_that_a_file_was_copied_to() {
    let here = Place::sqlite();
    use_numbers_up(&here);
    numbers_go_on(&here, &Place::sqlite());
}

#[test]
fn no_number_is_given_twice_by_postgresql() {
    if testing::is_there() {
        let here = Place::sqlite();
        use_numbers_up(&here);
        numbers_go_on(&here, &Place::postgres());
    }
}

#[test]
fn no_number_of_postgresql_is_given_twice_by_sqlite() {
    if testing::is_there() {
        let here = Place::postgres();
        use_numbers_up(&here);
        here.run("SELECT setval('users_id_seq', 900)");
        numbers_go_on(&here, &Place::sqlite());
    }
}

#[test]
fn numbers_of_a_source_without_rows_and_of_the_target_itself_are_not_given_again() {
    let mut places = vec![Place::sqlite()];
    places.extend(testing::is_there().then(Place::postgres));
    for there in places {
        let here = Place::sqlite();
        use_numbers_up(&here);
        here.run("PRAGMA foreign_keys = ON; DELETE FROM patients; DELETE FROM clients; DELETE FROM users");
        there.migrate();
        match &there.database {
            Database::Sqlite(_) => there.run("INSERT INTO sqlite_sequence VALUES ('user_contacts', 7)"),
            Database::Postgres(_) => there.run("SELECT setval('user_contacts_id_seq', 7)"),
        }
        copy_all(&here, &there).expect("copied");
        assert_eq!(
            there.last_numbers(),
            [("users", 900), ("user_contacts", 7), ("terms_versions", 1), ("memberships", 3), ("clients", 0)]
        );
    }
}
