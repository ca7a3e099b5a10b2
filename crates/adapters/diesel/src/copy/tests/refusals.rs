//! What is refused, in which words; and that nothing is kept then.

use super::*;

/// Both kinds of targets, as far as they are there.
fn targets() -> Vec<Place> {
    let mut places = vec![Place::sqlite()];
    places.extend(testing::is_there().then(Place::postgres));
    places
}

/// The terms that a store publishes when it is migrated, and the event that tells of it.
fn publish_first_terms(place: &Place) {
    place.migrate();
    let id = match &place.database {
        Database::Sqlite(_) => "x'00000000000000000000000000000001'",
        Database::Postgres(_) => "'00000000-0000-0000-0000-000000000001'",
    };
    place.run(&format!(
        "INSERT INTO terms_versions (label, text, published_at) \
         VALUES ('1', 'Be kind.', '2026-01-01T00:00:00.000000Z'); \
         INSERT INTO audit_events (id, at, action, outcome) \
         VALUES ({id}, '2026-01-01T00:00:00.000000Z', 'publish_terms', 'done')"
    ));
}

#[test]
fn what_a_store_has_by_itself_makes_room() {
    for there in targets() {
        let here = Place::sqlite();
        // The same label at another time.
        here.fill(2);
        here.run(
            "INSERT INTO terms_versions (label, text, published_at) VALUES ('1', 'Be kind.', '2020-01-01T00:00:00.000000Z')",
        );
        publish_first_terms(&there);
        copy_all(&here, &there).expect("copied");
        assert!(there.contents() == here.contents(), "it is not the same");
        // What keeps the terms from being removed is there as before.
        let remove = "DELETE FROM terms_versions WHERE label = '1'";
        let removed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| there.run(remove)));
        assert!(removed.is_err(), "terms were removed");
    }
}

#[test]
fn a_target_with_anything_in_it_is_refused_and_stays_as_it_is() {
    for there in targets() {
        let here = Place::sqlite();
        here.fill(2);
        publish_first_terms(&there);
        there.run(
            "INSERT INTO client_classes (source_id, id) VALUES (1, 'a'), (1, 'b'); \
             INSERT INTO practices VALUES (7, 1, 'n', 's', NULL, NULL, '[]', 'UTC', '[]')",
        );
        let before = there.contents();
        let refused = copy_all(&here, &there).expect_err("it is not empty");
        assert_eq!(
            refused.to_string(),
            format!(
                "{} is not empty: it has 1 row in audit_events, 1 row in terms_versions, 1 row in practices, \
                 2 rows in client_classes",
                there.database
            )
        );
        assert!(there.contents() == before, "it was changed");
    }
}

#[test]
fn terms_of_somebody_s_own_are_content() {
    for there in targets() {
        let here = Place::sqlite();
        here.fill(1);
        publish_first_terms(&there);
        there.run(
            "INSERT INTO terms_versions (label, text, published_at) VALUES ('2', 'Be kinder.', '2026-01-01T00:00:00.000000Z')",
        );
        let refused = copy_all(&here, &there).expect_err("it is not empty");
        let told = "is not empty: it has 1 row in audit_events, 2 rows in terms_versions";
        assert!(refused.to_string().ends_with(told), "{refused}");
    }
}

#[test]
fn a_character_that_postgresql_cannot_hold_is_named_by_its_place() {
    if !testing::is_there() {
        return;
    }
    let (here, there) = (Place::sqlite(), Place::postgres());
    here.fill(3);
    here.run("UPDATE practices SET name = 'very' || char(0) || 'secret' WHERE id = 2");
    let refused = copy_all(&here, &there).expect_err("it cannot be held");
    assert_eq!(
        told(&refused),
        (
            format!("{} does not take a row of practices (the row of id 2), column name", there.database),
            "PostgreSQL cannot hold the character U+0000, which is in its text".to_owned()
        )
    );
    assert!(there.is_empty());
    // A file can.
    let file = Place::sqlite();
    copy_all(&here, &file).expect("copied");
    assert!(file.contents() == here.contents(), "it is not the same");
}

#[test]
fn a_row_that_the_target_refuses_is_named_and_nothing_of_it_is_shown() {
    if testing::is_there() {
        let (here, there) = (Place::sqlite(), Place::postgres());
        here.fill(20);
        // In JSON the same character, where PostgreSQL looks into it.
        here.run(r#"UPDATE practices SET features = '["secret \u0000"]' WHERE id = 15"#);
        let refused = copy_all(&here, &there).expect_err("it is refused");
        assert_eq!(
            told(&refused),
            (
                format!("{} does not take a row of practices (the row of id 15)", there.database),
                "unsupported Unicode escape sequence".to_owned()
            )
        );
        assert!(there.is_empty());
    }
    let (here, there) = (Place::sqlite(), Place::sqlite());
    here.fill(20);
    there.migrate();
    there.run(
        "CREATE TRIGGER stop BEFORE INSERT ON patients WHEN NEW.position = 7000021 \
         BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    );
    let refused = copy_all(&here, &there).expect_err("it is refused");
    let place = "patients (the row of client_number 15, position 7000021)";
    assert_eq!(
        told(&refused),
        (format!("{} does not take a row of {place}", there.database), "not this one".to_owned())
    );
    assert!(there.is_empty());
}

#[test]
fn what_reads_back_otherwise_is_not_kept() {
    if testing::is_there() {
        let (here, there) = (Place::sqlite(), Place::postgres());
        here.fill(20);
        there.migrate();
        there.run(
            "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN NEW.last_name := NEW.last_name || '.'; RETURN NEW; END; $$;
             CREATE TRIGGER change BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.id = 9) EXECUTE FUNCTION change()",
        );
        let refused = copy_all(&here, &there).expect_err("it is not the same");
        assert_eq!(
            refused.to_string(),
            format!(
                "users is not the same in {} as it was put there (the row of id 9), column last_name",
                there.database
            )
        );
        assert!(there.is_empty());
    }
    let (here, there) = (Place::sqlite(), Place::sqlite());
    here.fill(20);
    there.migrate();
    there.run(
        "CREATE TRIGGER change AFTER INSERT ON patients WHEN NEW.position = 7000021 \
         BEGIN DELETE FROM users WHERE id = 39; END",
    );
    let refused = copy_all(&here, &there).expect_err("it is not the same");
    let told = format!("users is not the same in {} as it was put there (the row of id 39)", there.database);
    assert_eq!(refused.to_string(), told);
    assert!(there.is_empty());
}

#[test]
fn what_others_put_into_the_target_meanwhile_is_found() {
    if !testing::is_there() {
        return;
    }
    let (here, there) = (Place::sqlite(), Place::postgres());
    here.fill(2);
    there.migrate();
    let name = there.database.to_string();
    let there = std::sync::Arc::new(there);
    let writer = std::sync::Arc::clone(&there);
    let watch = move |progress: CopyProgress| {
        if progress == (CopyProgress { phase: CopyPhase::Comparing, done: 0, ..progress }) {
            writer.run("INSERT INTO client_classes (source_id, id) VALUES (9000000, 'z')");
        }
    };
    let refused = copy_and_watch(&here, &there, watch).expect_err("somebody else writes");
    let row = "source_id 9000000, id \"z\"";
    let told = format!("client_classes is not the same in {name} as it was put there (the row of {row})");
    assert_eq!(refused.to_string(), told);
    let left: Vec<_> = there.contents().into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    assert_eq!(
        left.iter().map(|(table, rows)| (*table, rows.len())).collect::<Vec<_>>(),
        [("client_classes", 1)]
    );
}

#[test]
fn a_connection_that_breaks_leaves_nothing() {
    if !testing::is_there() {
        return;
    }
    let (here, there) = (Place::sqlite(), Place::postgres());
    here.fill(2);
    there.migrate();
    let there = std::sync::Arc::new(there);
    let breaker = std::sync::Arc::clone(&there);
    let terms_versions = tables().iter().position(|table| table.name == "terms_versions");
    let rows_until_terms = 2 * (terms_versions.expect("a table") as u64 + 1);
    let watch = move |progress: CopyProgress| {
        if progress == (CopyProgress { phase: CopyPhase::Copying, done: rows_until_terms, ..progress }) {
            breaker.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
    };
    let refused = copy_and_watch(&here, &there, watch).expect_err("the connection is gone");
    assert!(matches!(refused, CopyError::Refused { table: "terms_acceptances", .. }), "{refused}");
    assert!(there.is_empty());
}

#[test]
fn what_cannot_be_read_is_named_by_its_place() {
    let (here, there) = (Place::sqlite(), Place::sqlite());
    here.fill(3);
    here.run("UPDATE users SET last_login = '2026-01-01T00:00:00.1234567Z' WHERE id = 5");
    let refused = copy_all(&here, &there).expect_err("it is no time of ours");
    assert_eq!(
        told(&refused),
        (
            format!("users of {} cannot be read (the row of id 5), column last_login", here.database),
            "it is no time to the microsecond".to_owned()
        )
    );
    here.run("UPDATE users SET last_login = NULL, last_name = CAST(x'ff' AS TEXT) WHERE id = 5");
    let refused = copy_all(&here, &there).expect_err("it is no text");
    assert_eq!(
        refused.to_string(),
        format!("users of {} cannot be read (the row of id 5), column last_name", here.database)
    );
    assert!(there.is_empty());

    if testing::is_there() {
        let (here, there) = (Place::postgres(), Place::sqlite());
        here.fill(3);
        here.run("UPDATE users SET last_login = '-infinity' WHERE id = 5");
        let refused = copy_all(&here, &there).expect_err("it is no time of ours");
        assert_eq!(
            refused.to_string(),
            format!("users of {} cannot be read (the row of id 5), column last_login", here.database)
        );
    }
}

#[test]
fn layouts_that_are_not_this_version_s_are_refused() {
    for here in targets() {
        let there = Place::sqlite();
        here.fill(1);
        here.run("DELETE FROM __diesel_schema_migrations WHERE version = '0012'");
        let refused = copy_all(&here, &there).expect_err("it is older");
        assert_eq!(
            refused.to_string(),
            format!("{} lacks migrations (0012_patients): run `asteroid migrate` on it first", here.database)
        );
        here.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('0012'), ('2099')");
        let told = |place: &Place| {
            format!(
                "{} has migrations that this version does not know (2099): use the version that made them",
                place.database
            )
        };
        let refused = copy_all(&here, &there).expect_err("it is younger");
        assert_eq!(refused.to_string(), told(&here));
        assert!(!there.path().exists(), "the target was made for nothing");
        there.fill(0);
        let refused = copy_all(&there, &here).expect_err("it is younger");
        assert_eq!(refused.to_string(), told(&here));
    }
}

#[test]
fn a_database_is_not_copied_onto_itself_nor_out_of_nothing() {
    let (here, there) = (Place::sqlite(), Place::sqlite());
    let missing = copy_all(&here, &there).expect_err("it is not there");
    let told = format!("there is nothing to be copied: {} is not there", here.database);
    assert_eq!(missing.to_string(), told);
    assert!(!here.path().exists() && !there.path().exists());

    here.fill(1);
    let folder = here.path().parent().expect("a folder");
    let name = here.path().file_name().expect("a name");
    let roundabout = folder.join("..").join(folder.file_name().expect("a name")).join(name);
    let same = Place { database: Database::Sqlite(roundabout), _folder: None, _server: None };
    let refused = copy_all(&here, &same).expect_err("it is the same");
    let told = format!("{} is both what is to be copied and where to", here.database);
    assert_eq!(refused.to_string(), told);

    std::fs::write(there.path(), "Dear Martha, this is no database.").expect("a file");
    let unusable = copy_all(&there, &here).expect_err("it is no database");
    assert_eq!(unusable.to_string(), format!("{} cannot be opened", there.database));
}

#[test]
fn who_cannot_be_reached_is_named_without_the_password() {
    let here = Place::sqlite();
    here.fill(1);
    let url = "postgres://ann:tr0ub4dor@127.0.0.1:1/asteroid".parse().expect("an address");
    let database = Database::Postgres(Box::new(url));
    let nowhere = Place { database, _folder: None, _server: None };
    let to = copy_all(&here, &nowhere).expect_err("nobody is there");
    assert_eq!(to.to_string(), "postgres://ann:***@127.0.0.1:1/asteroid could not be made ready");
    let from = copy_all(&nowhere, &Place::sqlite()).expect_err("nobody is there");
    assert_eq!(from.to_string(), "postgres://ann:***@127.0.0.1:1/asteroid cannot be opened");
    assert!(!format!("{to:?}{from:?}").contains("tr0ub4dor"));
}
