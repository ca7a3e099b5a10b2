//! The commands that end by themselves: answers, exit statuses, and what is left on disk.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use serde_json::json;

use super::machine::{Answer, Machine};

#[test]
fn help_and_version_succeed_and_usage_errors_have_status_two() {
    let machine = Machine::new();
    let help = machine.run(&["--help"], &[]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    for word in [
        "serve",
        "migrate",
        "import",
        "copy",
        "terms",
        "outbox",
        "config",
        "keys",
        "messages",
        "openapi",
        "health",
        "--config",
        "ASTEROID_HTTP__BIND",
    ] {
        assert!(help.out.contains(word), "{word}");
    }
    let version = machine.run(&["--version"], &[]);
    assert_eq!((version.status, version.out), (0, format!("asteroid {}\n", env!("CARGO_PKG_VERSION"))));
    for arguments in [&["launch"][..], &["config", "chek"], &["--wrong"], &["keys"], &["health", "--wrong"]] {
        let answer = machine.run(arguments, &[]);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{arguments:?}");
        assert!(answer.err.contains("Usage:"), "{arguments:?}");
    }
}

#[test]
fn config_check_of_a_valid_configuration_prints_one_line() {
    let machine = Machine::new();
    machine.write("config/asteroid.toml", "[http]\nbind = '127.0.0.1:9000'\n");
    assert_eq!(
        machine.run(&["config", "check"], &[("ASTEROID_SMS__URL", "file:sms.ndjson")]),
        Answer {
            status: 0,
            out: "The configuration is good: development on 127.0.0.1:9000, data at sqlite://data/asteroid.db, \
                  e-mails by console:, SMS by file:sms.ndjson.\n"
                .into(),
            err: String::new(),
        }
    );
    assert!(!machine.path("data").exists(), "to check is not to start");
}

#[test]
fn config_check_reports_all_errors_with_status_one() {
    let machine = Machine::new();
    machine.write("config/asteroid.toml", "[http]\nbnd = 'x'\n[codes]\nlife = 10\n");
    assert_eq!(
        machine.run(&["config", "check"], &[("ASTEROID_HTTP__BIND", "0.0.0.0:80")]),
        Answer {
            status: 1,
            out: String::new(),
            err: "asteroid: there are 3 problems with the configuration:\n  \
                  codes.life (config/asteroid.toml) is 10: must be a duration, written like \"500ms\", \
                  \"90s\", \"10m\", \"24h\" or \"30d\"\n  \
                  http.bnd (config/asteroid.toml) is not a setting: did you mean `http.bind`?\n  \
                  http.bind (ASTEROID_HTTP__BIND) is 0.0.0.0:80: in development the server shows codes without \
                  authentication, so only this machine may connect; bind 127.0.0.1, or set profile to \"production\"\n"
                .into(),
        }
    );
}

#[test]
fn config_check_reports_errors_as_json() {
    let machine = Machine::new();
    let environment = [("ASTEROID_SESSIONS__PER_USER", "0")];
    assert_eq!(machine.run(&["config", "check", "--json"], &environment).status, 1);
    assert_eq!(
        machine.json(&["config", "check", "--json"], &environment),
        serde_json::json!({ "ok": false, "problems": [{
            "key": "sessions.per_user",
            "source": "ASTEROID_SESSIONS__PER_USER",
            "wrong": "is 0",
            "right": "must be from 1 to 10000",
        }] })
    );
    let good = serde_json::json!({ "ok": true, "problems": [] });
    assert_eq!(machine.json(&["config", "check", "--json"], &[]), good);
}

#[test]
fn config_option_replaces_the_default_file_and_must_exist() {
    let machine = Machine::new();
    machine.write("config/asteroid.toml", "http.workers = 3");
    machine.write("other.toml", "http.workers = 5");
    let workers = |arguments: &[&str]| machine.json(arguments, &[])["http"]["workers"].clone();
    assert_eq!(workers(&["config", "print", "--json"]), 3);
    assert_eq!(workers(&["config", "print", "--json", "--config", "other.toml"]), 5);
    let missing = machine.run(&["--config", "missing.toml", "config", "check"], &[]);
    assert_eq!(missing.status, 1);
    assert!(missing.err.contains("missing.toml cannot be read"), "{}", missing.err);
}

#[test]
fn config_print_shows_the_source_of_each_setting() {
    let machine = Machine::new();
    let answer = machine.run(&["config", "print"], &[("ASTEROID_PRODUCT__NAME", "Comet")]);
    assert_eq!((answer.status, answer.err.as_str()), (0, ""));
    assert!(answer.out.contains("\nname = \"Comet\"  # ASTEROID_PRODUCT__NAME\n"), "{}", answer.out);
    machine.write("printed.toml", &answer.out);
    assert_eq!(machine.run(&["--config", "printed.toml", "config", "print", "--json"], &[]).status, 0);
}

#[test]
fn config_print_masks_secrets_of_urls_and_nothing_else() {
    let machine = Machine::new();
    let secret = "whsec_canary".to_owned() + &"A".repeat(26);
    let webhook = format!("webhook+https://hooks.example.com/T/canary?token=canary&secret={secret}");
    for (name, key, url, shown) in [
        (
            "ASTEROID_EMAIL__URL",
            "email",
            "smtps://george:canary@example.com?from=robot@example.com",
            "smtps://george:***@example.com:465?from=robot%40example.com",
        ),
        (
            "ASTEROID_SMS__URL",
            "sms",
            "twilio://AC01:canary@api.twilio.com?from=%2B15005550006",
            "twilio://AC01:***@api.twilio.com?from=%2B15005550006",
        ),
        ("ASTEROID_SMS__URL", "sms", &webhook, "webhook+https://hooks.example.com/***?secret=***"),
        (
            "DATABASE_URL",
            "database",
            "postgres://george:ca/n?canary@db.example.com/asteroid?sslmode=require",
            "postgres://george:***@db.example.com/asteroid?sslmode=require",
        ),
        (
            "DATABASE_URL",
            "database",
            "postgres:///asteroid?host=db.example.com&user=george&password=canary",
            "postgres:///asteroid?host=db.example.com&user=george&password=***",
        ),
    ] {
        let environment = [(name, url)];
        assert_eq!(machine.json(&["config", "print", "--json"], &environment)[key]["url"], shown);
        for arguments in [&["config", "print"][..], &["config", "check"]] {
            let answer = machine.run(arguments, &environment);
            assert_eq!(answer.status, 0, "{answer:?}");
            assert!(answer.out.contains(shown) && !answer.out.contains("canary"), "{answer:?}");
        }
    }
}

/// Runs every command that reports an invalid configuration.
fn check_that_the_canary_is_not_printed(machine: &Machine, environment: &[(&str, &str)], named: &[&str]) {
    for arguments in [
        &["config", "check"][..],
        &["config", "check", "--json"],
        &["config", "print"],
        &["config", "print", "--json"],
        &["serve"],
        &["migrate"],
    ] {
        let answer = machine.run(arguments, environment);
        let text = format!("{}{}", answer.out, answer.err);
        assert_eq!(answer.status, 1, "{arguments:?} {text}");
        assert!(!text.to_lowercase().contains("canary"), "{arguments:?} {environment:?} {text}");
        let words = arguments.join(" ");
        for named in named.iter().filter(|_| words != "config check --json") {
            assert!(text.contains(named), "{words}: {named}: {text}");
        }
    }
}

#[test]
fn invalid_url_is_named_and_never_printed() {
    let machine = Machine::new();
    let environment = [
        ("DATABASE_URL", "postgres://u:canary@db"),
        ("ASTEROID_EMAIL__URL", "SG.canary"),
        ("ASTEROID_SMS__URL", "twilio://AC01:canary@api.twilio.com"),
    ];
    let named = [
        "database.url (DATABASE_URL) is not valid: ",
        "email.url (ASTEROID_EMAIL__URL) is not valid: ",
        "sms.url (ASTEROID_SMS__URL) is not valid: ",
    ];
    check_that_the_canary_is_not_printed(&machine, &environment, &named);
    machine.write("config/asteroid.toml", "database.url = 'u:canary@db'\n[email]\nurl = 'SG.canary:x'\n");
    let named = [
        "database.url (config/asteroid.toml) is not valid: ",
        "email.url (config/asteroid.toml) is not valid: ",
    ];
    check_that_the_canary_is_not_printed(&machine, &[], &named);
}

#[test]
fn production_start_reports_all_missing_settings() {
    let machine = Machine::new();
    for arguments in [&["config", "check"][..], &["serve"], &[]] {
        let answer = machine.run(arguments, &[("ASTEROID_PROFILE", "production")]);
        assert_eq!((answer.status, answer.out.as_str()), (1, ""));
        assert!(
            answer.err.starts_with("asteroid: there are 5 problems with the configuration:\n"),
            "{}",
            answer.err
        );
        for key in ["database.url", "product.domain", "email.url", "sms.url", "keys.file"] {
            assert!(answer.err.contains(&format!("\n  {key} (default) ")), "{key}: {}", answer.err);
        }
    }
    assert_eq!(fs::read_dir(machine.folder.path()).expect("listed").count(), 0, "nothing is made up");
}

#[cfg(unix)]
#[test]
fn production_refuses_missing_sample_and_world_readable_keys() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new();
    let environment = [("ASTEROID_PROFILE", "production"), ("ASTEROID_KEYS__FILE", "keys.json")];
    let problem = || {
        let answer = machine.run(&["config", "check"], &environment);
        let line =
            answer.err.lines().find(|line| line.contains("keys.file")).map(|line| line.trim().to_owned());
        line.unwrap_or_default()
    };
    assert_eq!(
        problem(),
        "keys.file (ASTEROID_KEYS__FILE) cannot be used (there is no file keys.json): create one with `asteroid keys \
         rotate`"
    );
    assert_eq!(machine.run(&["keys", "rotate"], &environment).status, 0);
    assert_eq!(problem(), "");
    fs::set_permissions(machine.path("keys.json"), fs::Permissions::from_mode(0o644)).expect("set");
    assert!(problem().contains("keys.json can be read by every user of this machine"), "{}", problem());
    let sample = |ring: &str| {
        format!(r#""{ring}":[{{"id":"sample","key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}]"#)
    };
    machine.write("keys.json", &format!("{{{}}}", sample("codes")));
    assert_eq!(
        problem(),
        "keys.file (ASTEROID_KEYS__FILE) cannot be used (there is no key for tokens): create one with `asteroid keys \
         rotate --ring tokens`"
    );
    let sample = format!("{{{},{}}}", sample("codes"), sample("tokens"));
    machine.write("keys.json", &sample);
    assert!(problem().contains("the key `sample` is a sample"), "{}", problem());
    machine.write("keys.json", &sample.replace("AAAAAAAAAAAAAAAAAAAA", ""));
    assert!(problem().contains("the key `sample` has fewer than 32 bytes"), "{}", problem());
}

#[test]
fn keys_rotate_and_list_print_no_secret() {
    let machine = Machine::new();
    let missing = machine.run(&["keys", "list"], &[]);
    assert_eq!((missing.status, missing.err.as_str()), (1, "asteroid: there is no file data/keys.json\n"));

    let first = machine.json(&["keys", "rotate", "--json"], &[]);
    for (index, ring) in ["codes", "tokens"].into_iter().enumerate() {
        let rotation = &first[index];
        assert_eq!(
            *rotation,
            serde_json::json!({ "ring": ring, "current": rotation["current"], "kept": [], "dropped": [] })
        );
    }
    let id = |index: usize| first[index]["current"].as_str().expect("an id");
    let second = machine.run(&["keys", "rotate", "--ring", "tokens"], &[]);
    assert_eq!(second.status, 0);
    assert!(
        second.out.starts_with("data/keys.json was written. After SIGHUP or the next start:\ntokens: "),
        "{}",
        second.out
    );
    assert!(second.out.ends_with(&format!(" signs\n  {} still verify\n", id(1))), "{}", second.out);

    let listed = machine.json(&["keys", "list", "--json"], &[]);
    let listed: Vec<(&str, &str, bool)> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|key| (&key["ring"], &key["id"], &key["current"]))
        .map(|(ring, id, current)| {
            (ring.as_str().expect("text"), id.as_str().expect("text"), *current == true)
        })
        .collect();
    let new = listed[1].1;
    assert_eq!(listed, [("codes", id(0), true), ("tokens", new, true), ("tokens", id(1), false)]);
    assert_eq!(machine.run(&["keys", "rotate", "--stage"], &[]).status, 0);
    let again = machine.run(&["keys", "rotate", "--stage"], &[]);
    assert_eq!(again.status, 1);
    assert!(again.err.contains("is already staged: rotate to put it first"), "{}", again.err);

    let text = machine.run(&["keys", "list"], &[]).out;
    assert!(text.contains(&format!("codes   {}  signs, made 2", id(0))), "{text}");
    assert!(text.contains(&format!("tokens  {}  verifies, made 2", id(1))), "{text}");
    assert!(text.contains("  verifies, signs after the next rotation, made 2"), "{text}");
    let stored = fs::read_to_string(machine.path("data/keys.json")).expect("there");
    let stored: serde_json::Value = serde_json::from_str(&stored).expect("JSON");
    for ring in ["codes", "tokens"] {
        assert!(!text.contains(stored[ring][0]["key"].as_str().expect("a key")));
    }
}

#[test]
fn migrate_runs_pending_migrations_once() {
    let machine = Machine::new();
    let first = machine.json(&["migrate", "--json"], &[]);
    let names = first["migrated"].as_array().expect("a list");
    assert!(names[0].as_str().expect("a name").starts_with("0001"), "{names:?}");
    assert!(machine.path("data/asteroid.db").exists());
    assert_eq!(machine.json(&["migrate", "--json"], &[]), serde_json::json!({ "migrated": [] }));
    assert_eq!(machine.run(&["migrate"], &[]).out, "sqlite://data/asteroid.db has no pending migrations.\n");
    let other = machine.run(&["migrate"], &[("DATABASE_URL", "sqlite://other.db")]);
    assert!(other.out.starts_with("sqlite://other.db was migrated: 0001"), "{}", other.out);
}

/// The commands that need a store, and create none.
const NEED_A_STORE: [&[&str]; 5] = [
    &["outbox", "list"],
    &["outbox", "retry", "--failed"],
    &["outbox", "retry", "019c0a1e-6b7e-7c3a-9f52-0d6f6f3b1c55"],
    &["terms", "list"],
    &["terms", "publish", "--version", "2", "--file", "terms.txt", "--yes"],
];

#[test]
fn command_in_a_folder_without_a_database_creates_none() {
    let machine = Machine::new();
    machine.write("terms.txt", "Be kind.\n");
    let path = |name: &str| machine.folder.path().canonicalize().expect("a path").join(name);
    let hint = "run this command in the folder of the server, name its configuration with --config FILE, or set \
                DATABASE_URL. `asteroid migrate` creates a new database";
    for arguments in NEED_A_STORE {
        for (environment, file, origin) in [
            (&[][..], "data/asteroid.db", "default"),
            (&[("DATABASE_URL", "sqlite://else/where.db")][..], "else/where.db", "DATABASE_URL"),
            (&[("DATABASE_URL", "sqlite://")][..], "", ""),
        ] {
            let answer = machine.run(arguments, environment);
            assert_eq!((answer.status, answer.out.as_str()), (1, ""), "{arguments:?} {answer:?}");
            if !file.is_empty() {
                let file = path(file);
                let file = file.display();
                let told =
                    format!("asteroid: there is no database file {file} (database.url, {origin}): {hint}\n");
                assert_eq!(answer.err, told, "{arguments:?}");
            }
        }
    }
    let left: Vec<_> = fs::read_dir(machine.folder.path()).expect("listed").collect();
    assert_eq!(left.len(), 1, "nothing but the terms: {left:?}");
}

#[test]
fn command_migrates_a_database_that_exists_if_the_settings_allow_it() {
    let machine = Machine::new();
    let off = [("ASTEROID_DATABASE__MIGRATE_AT_START", "false")];
    machine.write("data/asteroid.db", "");
    for arguments in NEED_A_STORE.iter().filter(|arguments| arguments[1] == "list") {
        let answer = machine.run(arguments, &off);
        assert_eq!(answer.status, 1, "{arguments:?} {answer:?}");
        assert!(answer.err.starts_with("asteroid: the database has pending migrations (0001"), "{answer:?}");
        let answer = machine.run(arguments, &[]);
        assert_eq!((answer.status, answer.err.as_str()), (0, ""), "{arguments:?}");
        assert_eq!(machine.run(arguments, &off).status, 0, "{arguments:?}");
        machine.write("data/asteroid.db", "");
        for journal in ["data/asteroid.db-wal", "data/asteroid.db-shm"] {
            let _ = fs::remove_file(machine.path(journal));
        }
    }
}

#[test]
fn terms_are_published_once_and_listed() {
    let machine = Machine::new();
    assert_eq!(machine.run(&["migrate"], &[]).status, 0);
    let listed = || machine.json(&["terms", "list", "--json"], &[]);
    let first = listed();
    assert_eq!(first.as_array().map(Vec::len), Some(1));
    assert_eq!((&first[0]["version"], &first[0]["in_force"]), (&"1".into(), &true.into()));
    assert!(first[0]["text"].as_str().expect("text").starts_with("Terms of use\n"));

    machine.write("terms.txt", "Be kind.\n");
    let publish = |label: &str, file: &str| {
        machine.run(&["terms", "publish", "--version", label, "--file", file, "--yes"], &[])
    };
    let published = publish("2026-11", "terms.txt");
    let said = "Version 2026-11 of the terms is in force: every user must accept it.\n";
    assert_eq!(published, Answer { status: 0, out: said.into(), err: String::new() });
    let both = listed();
    assert_eq!((&both[0]["text"], &both[1]["in_force"]), (&"Be kind.\n".into(), &false.into()));
    let text = machine.run(&["terms", "list"], &[]).out;
    assert!(
        text.starts_with("2026-11  published 2") && text.contains("Z, in force\n1        published 2"),
        "{text}"
    );

    machine.write("blank.txt", " \n");
    for (label, file, problem) in [
        ("2026-11", "terms.txt", "this version of the terms is published already"),
        ("a b", "terms.txt", "a version is called by 1 to 64 visible ASCII characters without spaces"),
        ("3", "blank.txt", "the text of the terms is blank"),
        ("3", "missing.txt", "missing.txt cannot be read\n  because No such file or directory (os error 2)"),
    ] {
        let refused = publish(label, file);
        assert_eq!((refused.status, refused.err), (1, format!("asteroid: {problem}\n")));
    }
    assert_eq!(listed(), both);
}

#[test]
fn acts_of_operators_are_in_the_audit_trail_with_their_name() {
    let machine = Machine::new();
    machine.write("terms.txt", "Be kind.\n");
    machine.write("users.json", r#"{"users": [{"name": "Martha Custis", "email": "martha@example.com"}]}"#);
    let done = |arguments: &[&str]| assert_eq!(machine.run(arguments, &[]).status, 0, "{arguments:?}");
    done(&["keys", "rotate"]);
    done(&["import", "users.json"]);
    done(&["terms", "publish", "--version", "2", "--file", "terms.txt", "--yes"]);
    done(&["keys", "rotate"]);
    let keys = machine.json(&["keys", "list", "--json"], &[]);
    let retired = keys.as_array().expect("keys").iter().find(|key| key["current"] == false);
    let retired = retired.expect("the rotation keeps a key");
    let (id, ring) = (retired["id"].as_str().expect("an id"), retired["ring"].as_str().expect("a ring"));
    done(&["keys", "retire", id, "--ring", ring, "--yes"]);
    let events = machine.json(&["audit", "--json"], &[]);
    let events = events["events"].as_array().expect("events");
    for action in ["import", "publish_terms", "retire_key"] {
        let mut of_action = events.iter().filter(|event| event["action"] == action);
        assert!(of_action.any(|event| event["operator"].is_string()), "{action}: {events:#?}");
    }
}

#[test]
fn terms_are_not_published_without_a_terminal_or_yes() {
    let machine = Machine::new();
    assert_eq!(machine.run(&["migrate"], &[]).status, 0);
    machine.write("terms.txt", &format!("\n  {} and more\nBe kind.\n", "kind ".repeat(12).trim()));
    let refused = machine.run(&["terms", "publish", "--version", "2026-11", "--file", "terms.txt"], &[]);
    let text = "kind ".repeat(12);
    let told = format!(
        "asteroid: version 2026-11 is not published without --yes, because there is no terminal to ask on: version 2026-11 \
         (81 characters, \"{text}…\") comes into force now in place of 1, cannot be taken back, and every user must accept it \
         before seeing records again\n"
    );
    assert_eq!(refused, Answer { status: 1, out: String::new(), err: told });
    let listed = machine.json(&["terms", "list", "--json"], &[]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let published = machine
        .json(&["terms", "publish", "--version", "2026-11", "--file", "terms.txt", "--yes", "--json"], &[]);
    assert_eq!(published, json!({ "published": "2026-11", "replaced": "1" }));
}

#[test]
fn failures_with_json_are_one_line_of_json_on_standard_error() {
    let machine = Machine::new();
    machine.write("bad.json", "{\"practices\": [{}]}");
    machine.write("notes.txt", "");
    let unknown = "019c0a1e-6b7e-7c3a-9f52-0d6f6f3b1c55";
    let invalid = [("ASTEROID_HTTP__BIND", "x")];
    for (arguments, environment, status, code) in [
        (&["launch", "--json"][..], &[][..], 2, "usage"),
        (&["keys", "--json"], &[], 2, "usage"),
        (&["outbox", "list", "--json", "--limit", "0"], &[], 2, "usage"),
        (&["import", "notes.txt", "--json"], &[], 2, "usage"),
        (&["copy", "--from", "x", "--to", "y", "--json"], &[], 2, "usage"),
        (&["config", "check", "--json"], &invalid, 1, "invalid_configuration"),
        (&["config", "print", "--json"], &invalid, 1, "invalid_configuration"),
        (&["migrate", "--json"], &invalid, 1, "invalid_configuration"),
        (&["keys", "list", "--json"], &[], 1, "keys_file_missing"),
        (&["keys", "retire", "2025-11-22-5d1f0a", "--json"], &[], 1, "keys_file_missing"),
        (&["outbox", "list", "--json"], &[], 1, "database_missing"),
        (&["terms", "list", "--json"], &[], 1, "database_missing"),
        (&["migrate", "--json"], &[("DATABASE_URL", "sqlite://notes.txt/a.db")], 1, "database_unavailable"),
        (&["copy", "--from", "sqlite://a.db", "--to", "sqlite://b.db", "--json"], &[], 1, "database_missing"),
        (&["terms", "publish", "--version", "2", "--file", "none", "--json"], &[], 1, "file_unreadable"),
        (&["terms", "publish", "--version", "a b", "--file", "none", "--json"], &[], 1, "invalid_terms"),
        (&["messages", "preview", "--to", "notes.txt/a", "--json"], &[], 1, "file_unwritable"),
        (&["messages", "send-test", "--to", "neither", "--json"], &[], 1, "invalid_contact"),
        (&["health", "--url", "http://127.0.0.1:1", "--json"], &[], 1, "not_ready"),
        (&["import", "bad.json", "--json"], &[], 1, "records_refused"),
        (&["import", "missing.json", "--json"], &[], 1, "import_stopped"),
        // The import has made a store.
        (&["outbox", "retry", unknown, "--json"], &[], 1, "not_retried"),
        (&["terms", "publish", "--version", "2", "--file", "bad.json", "--json"], &[], 1, "not_confirmed"),
        (
            &["terms", "publish", "--version", "1", "--file", "bad.json", "--yes", "--json"],
            &[],
            1,
            "version_taken",
        ),
    ] {
        let answer = machine.run(arguments, environment);
        let failure = answer.failure();
        assert_eq!((answer.status, &failure["code"]), (status, &json!(code)), "{arguments:?} {failure}");
        let message = failure["message"].as_str().expect("a message");
        assert!(!message.is_empty() && !message.contains("Usage:"), "{arguments:?} {message}");
        // A report is JSON, too.
        if !answer.out.is_empty() {
            serde_json::from_str::<serde_json::Value>(&answer.out).expect("JSON");
        }
    }
    let failure =
        machine.run(&["migrate", "--json"], &[("DATABASE_URL", "sqlite://notes.txt/a.db")]).failure();
    assert!(failure["because"][0].as_str().is_some_and(|reason| reason.contains("os error")), "{failure}");
    let usage = machine.run(&["keys", "list", "--json", "--wrong"], &[]).failure();
    assert_eq!(usage["message"], "unexpected argument '--wrong' found");
}

#[test]
fn config_check_connects_to_the_database_and_the_providers() {
    let machine = Machine::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let secret = "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let open = format!("webhook+http://127.0.0.1:{port}/canary?{secret}");
    let check = ["config", "check", "--connect", "--json"];
    let tried = |database: &str| {
        json!({ "ok": true, "problems": [], "connections": [
            { "key": "database.url", "tried": database },
            { "key": "email.url", "tried": "connected; no request was sent" },
            { "key": "sms.url", "tried": "there is nothing to connect to" },
        ]})
    };
    let environment = [("ASTEROID_EMAIL__URL", open.as_str())];
    let nothing = "there is no file yet; the first start creates it";
    assert_eq!(machine.json(&check, &environment), tried(nothing));
    assert!(!machine.path("data").exists(), "to check is not to start");
    assert_eq!(machine.run(&["migrate"], &[]).status, 0);
    assert_eq!(machine.json(&check, &environment), tried("connected; no migration is pending"));
    let text = machine.run(&["config", "check", "--connect"], &environment);
    assert_eq!(text.status, 0);
    assert!(text.out.ends_with("\n  sms.url: there is nothing to connect to\n"), "{}", text.out);

    machine.write("not-a-database.db", "canary canary canary");
    let closed = [
        ("DATABASE_URL", "sqlite://not-a-database.db"),
        ("ASTEROID_EMAIL__URL", "smtp://robot:canary@127.0.0.1:1?from=a@example.com&tls=none"),
        ("ASTEROID_SMS__URL", "twilio+http://AC01:canary@127.0.0.1:1?from=Asteroid"),
        ("ASTEROID_SESSIONS__PER_USER", "0"),
    ];
    let failed = machine.run(&check, &closed);
    let report: serde_json::Value = serde_json::from_str(&failed.out).expect("JSON");
    let keys: Vec<&str> =
        report["problems"].as_array().expect("a list").iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!((failed.status, keys), (1, vec!["sessions.per_user", "database.url", "email.url", "sms.url"]));
    assert!(!format!("{failed:?}").contains("canary"), "{failed:?}");
    assert_eq!(failed.failure()["code"], "invalid_configuration");
    let dead = [("DATABASE_URL", "postgres://robot:canary@127.0.0.1:1/asteroid")];
    let failed = machine.run(&["config", "check", "--connect"], &dead);
    assert_eq!(failed.status, 1);
    let start = "\n  database.url (DATABASE_URL) is \"postgres://robot:***@127.0.0.1:1/asteroid\", which cannot be used now (";
    assert!(failed.err.contains(start), "{}", failed.err);
    let off = [("ASTEROID_DATABASE__MIGRATE_AT_START", "false"), ("DATABASE_URL", "sqlite://empty.db")];
    machine.write("empty.db", "");
    let pending = machine.run(&["config", "check", "--connect"], &off);
    assert!(pending.err.contains("which has pending migrations (0001"), "{pending:?}");
}

#[test]
fn send_test_prints_what_the_provider_answers() {
    let machine = Machine::new();
    let send = |to: &str, environment: &[(&str, &str)]| {
        machine.run(&["messages", "send-test", "--to", to], environment)
    };
    let file = [("ASTEROID_EMAIL__URL", "file:sent.ndjson")];
    let told = "file:sent.ndjson accepted the message to g…e@example.com.\n".to_owned();
    assert_eq!(send("george@example.com", &file), Answer { status: 0, out: told, err: String::new() });
    let sent = fs::read_to_string(machine.path("sent.ndjson")).expect("sent");
    let sent: serde_json::Value = serde_json::from_str(&sent).expect("one message");
    assert_eq!((&sent["to"], &sent["kind"]), (&json!("george@example.com"), &json!("registration_code")));
    assert!(sent["subject"].is_string() && !sent["body"].as_str().expect("text").is_empty());

    let secret = "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    for (status, outcome) in [
        ("202 Accepted", Ok("webhook+http://ADDRESS/***?secret=*** accepted the message to …4345.\n")),
        (
            "410 Gone",
            Err(
                "asteroid: webhook+http://ADDRESS/***?secret=*** did not accept the message to …4345\n  because the webhook \
                 answered 410\n",
            ),
        ),
    ] {
        let (url, _served) = answer_once(status);
        let hook = format!("webhook+{url}/canary?{secret}");
        let answer = send("+15556654345", &[("ASTEROID_SMS__URL", &hook)]);
        let address = url.trim_start_matches("http://");
        let (expected_status, out, err) = match outcome {
            Ok(told) => (0, told, ""),
            Err(told) => (1, "", told),
        };
        let expected = |text: &str| text.replace("ADDRESS", address);
        assert_eq!(answer, Answer { status: expected_status, out: expected(out), err: expected(err) });
    }
    let off = send("+15556654345", &[("ASTEROID_SMS__URL", "none:")]);
    assert_eq!((off.status, off.err.as_str()), (1, "asteroid: no SMS is sent: sms.url is none:\n"));
    let kind = machine.run(&["messages", "send-test", "--to", "a@example.com", "--kind", "letter"], &[]);
    assert_eq!(kind.status, 2);
    assert!(!machine.path("data").exists());
}

#[test]
fn both_channels_off_is_refused() {
    let machine = Machine::new();
    let off = [("ASTEROID_EMAIL__URL", "none:"), ("ASTEROID_SMS__URL", "none:")];
    let answer = machine.run(&["config", "check"], &off);
    assert_eq!(
        (answer.status, answer.err.lines().nth(1)),
        (
            1,
            Some(
                "  sms.url (ASTEROID_SMS__URL) is \"none:\": must be another one, or email.url must: without both channels no \
                 user can register"
            )
        )
    );
    assert_eq!(machine.run(&["config", "check"], &off[..1]).status, 0);
}

#[test]
fn openapi_prints_the_document() {
    let machine = Machine::new();
    let description = machine.json(&["openapi"], &[]);
    assert_eq!(description["openapi"], "3.1.0");
    assert!(description["paths"]["/v1/auth/register"]["post"].is_object());
}

#[test]
fn closed_output_pipe_is_not_an_error() {
    let machine = Machine::new();
    for arguments in [&["config", "print"][..], &["--help"], &["openapi"]] {
        let mut child = machine
            .command(arguments, &[])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut err).expect("text");
        assert_eq!((child.wait().expect("it ends").code(), err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// Answers the one request that comes with this status line, and gives the request's first line.
fn answer_once(status: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = [0; 1024];
        let read = stream.read(&mut request).expect("a request");
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .expect("written");
        String::from_utf8_lossy(&request[..read]).lines().next().unwrap_or_default().to_owned()
    });
    (url, served)
}

#[test]
fn health_reports_the_status_of_readyz() {
    let machine = Machine::new();
    let (url, served) = answer_once("200 OK");
    let ready = machine.run(&["health", "--url", &url], &[("HTTP_PROXY", "http://127.0.0.1:1")]);
    assert_eq!(ready, Answer { status: 0, out: format!("{url}/readyz is ready.\n"), err: String::new() });
    assert_eq!(served.join().expect("served"), "GET /readyz HTTP/1.1");

    let (url, _served) = answer_once("503 Service Unavailable");
    let busy = machine.run(&["health", "--url", &url], &[]);
    let told =
        format!("asteroid: {url}/readyz is not ready: the response has status 503 Service Unavailable\n");
    assert_eq!(busy, Answer { status: 1, out: String::new(), err: told });
}

#[test]
fn health_fails_when_the_server_is_unreachable() {
    let machine = Machine::new();
    let (moved, _served) = answer_once("301 Moved Permanently");
    let (garbled, _served) = answer_once("no status");
    for (url, reason) in [
        ("http://127.0.0.1:1", "the server cannot be reached"),
        (moved.as_str(), "the response has status 301 Moved Permanently"),
        (garbled.as_str(), "the connection was closed, or the response is not HTTP"),
        ("https://127.0.0.1:1", "the URL does not start with http://, or is not valid"),
        ("http://:x", "the URL does not start with http://, or is not valid"),
        ("127.0.0.1:80", "the URL does not start with http://, or is not valid"),
    ] {
        if url != moved && url != garbled {
            let told = format!("asteroid: {url}/readyz is not ready: {reason}\n");
            let answer = machine.run(&["health", "--url", url], &[]);
            assert_eq!(answer, Answer { status: 1, out: String::new(), err: told });
        }
        let answer = machine.run(&["health", "--url", url, "--json"], &[]);
        let message = format!("{url}/readyz is not ready: {reason}");
        assert_eq!(
            (answer.status, answer.failure()),
            (1, json!({ "code": "not_ready", "message": message }))
        );
        let told: serde_json::Value = serde_json::from_str(&answer.out).expect("JSON");
        let expected = serde_json::json!({"ready": false, "url": format!("{url}/readyz"), "reason": reason});
        assert_eq!(told, expected);
    }
    let unreachable = machine.run(&["health"], &[("ASTEROID_HTTP__BIND", "127.0.0.1:1")]);
    let told = "asteroid: http://127.0.0.1:1/readyz is not ready: the server cannot be reached\n".to_owned();
    assert_eq!(unreachable, Answer { status: 1, out: String::new(), err: told });
    let any = machine.run(&["health", "--json"], &[("ASTEROID_HTTP__BIND", "127.0.0.1:0")]);
    assert_eq!((any.status, any.out.as_str()), (2, ""));
    assert_eq!(any.failure(), json!({ "code": "usage", "message": "http.bind has no port: set --url" }));
    let any = machine.run(&["health"], &[("ASTEROID_HTTP__BIND", "127.0.0.1:0")]);
    assert!(any.err.contains("http.bind has no port: set --url"), "{}", any.err);
}
