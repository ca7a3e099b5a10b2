//! Copies that fail: the errors, and that the target stays empty.

use super::*;

/// A target of each available backend.
fn targets() -> Vec<TestEndpoint> {
    let mut endpoints = vec![TestEndpoint::sqlite()];
    endpoints.extend(testing::is_available().then(TestEndpoint::postgres));
    endpoints
}

/// Publishes the first terms and records the audit event, as a fresh store does.
fn publish_first_terms(endpoint: &TestEndpoint) {
    endpoint.migrate();
    let id = match &endpoint.database {
        Database::Sqlite(_) => "x'00000000000000000000000000000001'",
        Database::Postgres(_) => "'00000000-0000-0000-0000-000000000001'",
    };
    endpoint.run(&format!(
        "INSERT INTO terms_versions (label, text, published_at) \
         VALUES ('1', 'Be kind.', '2026-01-01T00:00:00.000000Z'); \
         INSERT INTO audit_events (id, at, action, outcome) \
         VALUES ({id}, '2026-01-01T00:00:00.000000Z', 'publish_terms', 'done')"
    ));
}

#[test]
fn the_rows_of_a_fresh_store_are_replaced() {
    for target in targets() {
        let source = TestEndpoint::sqlite();
        // The same label at another time.
        source.fill(2);
        source.run(
            "INSERT INTO terms_versions (label, text, published_at) VALUES ('1', 'Be kind.', '2020-01-01T00:00:00.000000Z')",
        );
        publish_first_terms(&target);
        copy_all(&source, &target).expect("copied");
        assert!(target.contents() == source.contents(), "the contents differ");
        // The triggers still protect the terms.
        let remove = "DELETE FROM terms_versions WHERE label = '1'";
        let removed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| target.run(remove)));
        assert!(removed.is_err(), "terms were removed");
    }
}

#[test]
fn a_target_with_rows_is_rejected_and_unchanged() {
    for target in targets() {
        let source = TestEndpoint::sqlite();
        source.fill(2);
        publish_first_terms(&target);
        target.run(
            "INSERT INTO client_classes (source_id, id) VALUES (1, 'a'), (1, 'b'); \
             INSERT INTO practices VALUES (7, 1, 'n', 's', NULL, NULL, '[]', 'UTC', '[]')",
        );
        let before = target.contents();
        let error = copy_all(&source, &target).expect_err("the target has rows");
        assert_eq!(
            error.to_string(),
            format!(
                "{} is not empty: it has 1 row in audit_events, 1 row in terms_versions, 1 row in practices, \
                 2 rows in client_classes",
                target.database
            )
        );
        assert!(target.contents() == before, "the target has changed");
    }
}

#[test]
fn a_target_with_other_terms_is_rejected() {
    for target in targets() {
        let source = TestEndpoint::sqlite();
        source.fill(1);
        publish_first_terms(&target);
        target.run(
            "INSERT INTO terms_versions (label, text, published_at) VALUES ('2', 'Be kinder.', '2026-01-01T00:00:00.000000Z')",
        );
        let error = copy_all(&source, &target).expect_err("the target has rows");
        let message = "is not empty: it has 1 row in audit_events, 2 rows in terms_versions";
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[test]
fn a_character_that_postgresql_cannot_store_is_located() {
    if !testing::is_available() {
        return;
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
    source.fill(3);
    source.run("UPDATE practices SET name = 'very' || char(0) || 'secret' WHERE id = 2");
    let error = copy_all(&source, &target).expect_err("PostgreSQL cannot store it");
    assert_eq!(
        message(&error),
        (
            format!("{} rejected a row of practices (the row of id 2), column name", target.database),
            "PostgreSQL cannot store the character U+0000".to_owned()
        )
    );
    assert!(target.is_empty());
    // SQLite can store it.
    let file = TestEndpoint::sqlite();
    copy_all(&source, &file).expect("copied");
    assert!(file.contents() == source.contents(), "the contents differ");
}

#[test]
fn a_rejected_row_is_located_without_exposing_its_values() {
    if testing::is_available() {
        let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
        source.fill(20);
        // The same character escaped in JSON, which PostgreSQL parses.
        source.run(r#"UPDATE practices SET features = '["secret \u0000"]' WHERE id = 15"#);
        let error = copy_all(&source, &target).expect_err("the row is rejected");
        assert_eq!(
            message(&error),
            (
                format!("{} rejected a row of practices (the row of id 15)", target.database),
                "unsupported Unicode escape sequence".to_owned()
            )
        );
        assert!(target.is_empty());
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    source.fill(20);
    target.migrate();
    target.run(
        "CREATE TRIGGER stop BEFORE INSERT ON patients WHEN NEW.position = 7000021 \
         BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    );
    let error = copy_all(&source, &target).expect_err("the row is rejected");
    let row = "patients (the row of client_number 15, position 7000021)";
    assert_eq!(
        message(&error),
        (format!("{} rejected a row of {row}", target.database), "not this one".to_owned())
    );
    assert!(target.is_empty());
}

#[test]
fn rollback_if_a_row_of_the_target_differs() {
    if testing::is_available() {
        let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
        source.fill(20);
        target.migrate();
        target.run(
            "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN NEW.last_name := NEW.last_name || '.'; RETURN NEW; END; $$;
             CREATE TRIGGER change BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.id = 9) EXECUTE FUNCTION change()",
        );
        let error = copy_all(&source, &target).expect_err("the contents differ");
        assert_eq!(
            error.to_string(),
            format!(
                "users of {} differs from the source (the row of id 9), column last_name",
                target.database
            )
        );
        assert!(target.is_empty());
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    source.fill(20);
    target.migrate();
    target.run(
        "CREATE TRIGGER change AFTER INSERT ON patients WHEN NEW.position = 7000021 \
         BEGIN DELETE FROM users WHERE id = 39; END",
    );
    let error = copy_all(&source, &target).expect_err("the contents differ");
    let message = format!("users of {} differs from the source (the row of id 39)", target.database);
    assert_eq!(error.to_string(), message);
    assert!(target.is_empty());
}

#[test]
fn a_concurrent_write_to_the_target_is_detected() {
    if !testing::is_available() {
        return;
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
    source.fill(2);
    target.migrate();
    let name = target.database.to_string();
    let target = std::sync::Arc::new(target);
    let writer = std::sync::Arc::clone(&target);
    let watch = move |progress: CopyProgress| {
        if progress == (CopyProgress { phase: CopyPhase::Comparing, done: 0, ..progress }) {
            writer.run("INSERT INTO client_classes (source_id, id) VALUES (9000000, 'z')");
        }
    };
    let error = copy_and_watch(&source, &target, watch).expect_err("another connection writes");
    let row = "source_id 9000000, id \"z\"";
    let message = format!("client_classes of {name} differs from the source (the row of {row})");
    assert_eq!(error.to_string(), message);
    let left: Vec<_> = target.contents().into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    assert_eq!(
        left.iter().map(|(table, rows)| (*table, rows.len())).collect::<Vec<_>>(),
        [("client_classes", 1)]
    );
}

#[test]
fn rollback_after_a_lost_connection() {
    if !testing::is_available() {
        return;
    }
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::postgres());
    source.fill(2);
    target.migrate();
    let target = std::sync::Arc::new(target);
    let breaker = std::sync::Arc::clone(&target);
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
    let error = copy_and_watch(&source, &target, watch).expect_err("the connection is lost");
    assert!(matches!(error, CopyError::RejectedRow { table: "terms_acceptances", .. }), "{error}");
    assert!(target.is_empty());
}

#[test]
fn an_unreadable_value_is_located() {
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    source.fill(3);
    source.run("UPDATE users SET last_login = '2026-01-01T00:00:00.1234567Z' WHERE id = 5");
    let error = copy_all(&source, &target).expect_err("not a time");
    assert_eq!(
        message(&error),
        (
            format!("users of {} cannot be read (the row of id 5), column last_login", source.database),
            "not a time in microseconds".to_owned()
        )
    );
    source.run("UPDATE users SET last_login = NULL, last_name = CAST(x'ff' AS TEXT) WHERE id = 5");
    let error = copy_all(&source, &target).expect_err("not a text");
    assert_eq!(
        error.to_string(),
        format!("users of {} cannot be read (the row of id 5), column last_name", source.database)
    );
    assert!(target.is_empty());

    if testing::is_available() {
        let (source, target) = (TestEndpoint::postgres(), TestEndpoint::sqlite());
        source.fill(3);
        source.run("UPDATE users SET last_login = '-infinity' WHERE id = 5");
        let error = copy_all(&source, &target).expect_err("not a time");
        assert_eq!(
            error.to_string(),
            format!("users of {} cannot be read (the row of id 5), column last_login", source.database)
        );
    }
}

#[test]
fn databases_of_other_versions_are_rejected() {
    for source in targets() {
        let target = TestEndpoint::sqlite();
        source.fill(1);
        source.run("DELETE FROM __diesel_schema_migrations WHERE version = '0012'");
        let error = copy_all(&source, &target).expect_err("an older version");
        assert_eq!(
            error.to_string(),
            format!(
                "{} lacks migrations (0012_patients): run `asteroid migrate` on it first",
                source.database
            )
        );
        source.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('0012'), ('2099')");
        let message = |endpoint: &TestEndpoint| {
            format!(
                "{} has migrations that this version does not know (2099): use the version that made them",
                endpoint.database
            )
        };
        let error = copy_all(&source, &target).expect_err("a later version");
        assert_eq!(error.to_string(), message(&source));
        assert!(!target.path().exists(), "the target was created");
        target.fill(0);
        let error = copy_all(&target, &source).expect_err("a later version");
        assert_eq!(error.to_string(), message(&source));
    }
}

#[test]
fn copying_a_database_to_itself_or_from_a_missing_file_fails() {
    let (source, target) = (TestEndpoint::sqlite(), TestEndpoint::sqlite());
    let missing = copy_all(&source, &target).expect_err("the source is missing");
    let message = format!("there is nothing to be copied: {} is not there", source.database);
    assert_eq!(missing.to_string(), message);
    assert!(!source.path().exists() && !target.path().exists());

    source.fill(1);
    let folder = source.path().parent().expect("a folder");
    let name = source.path().file_name().expect("a name");
    let indirect = folder.join("..").join(folder.file_name().expect("a name")).join(name);
    let same = TestEndpoint { database: Database::Sqlite(indirect), _folder: None, _server: None };
    let error = copy_all(&source, &same).expect_err("the same database");
    let message = format!("{} is both what is to be copied and where to", source.database);
    assert_eq!(error.to_string(), message);

    std::fs::write(target.path(), "Dear Martha, this is not a database.").expect("a file");
    let unusable = copy_all(&target, &source).expect_err("not a database");
    assert_eq!(unusable.to_string(), format!("{} cannot be opened", target.database));
}

#[test]
fn an_unreachable_server_is_named_without_its_password() {
    let source = TestEndpoint::sqlite();
    source.fill(1);
    let url = "postgres://ann:tr0ub4dor@127.0.0.1:1/asteroid".parse().expect("an address");
    let database = Database::Postgres(Box::new(url));
    let unreachable = TestEndpoint { database, _folder: None, _server: None };
    let to = copy_all(&source, &unreachable).expect_err("no server");
    assert_eq!(to.to_string(), "postgres://ann:***@127.0.0.1:1/asteroid could not be made ready");
    let from = copy_all(&unreachable, &TestEndpoint::sqlite()).expect_err("no server");
    assert_eq!(from.to_string(), "postgres://ann:***@127.0.0.1:1/asteroid cannot be opened");
    assert!(!format!("{to:?}{from:?}").contains("tr0ub4dor"));
}
