//! `asteroid import`: what it reads, what it refuses, and what is in the store afterwards.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::machine::{Answer, EXAMPLE_PRACTICE, Machine};

const PRACTICE: &str = r#"{"type":"practice","practiceId":1,"sourceId":7,"name":"Harbor Vets","slug":"harbor","timeZone":"America/Los_Angeles"}"#;

/// `count` clients of that practice, a line each.
fn clients(count: usize) -> String {
    let client = |number: usize| {
        let patient = json!({ "patientId": format!("p{number}"), "name": "Pi" });
        let client = json!({
            "type": "client", "sourceId": 7, "practiceId": 1, "clientId": format!("{number}"),
            "firstName": "Nora", "lastName": format!("Quayle {number}"), "patients": [patient],
        });
        format!("{client}\n")
    };
    (0..count).map(client).collect()
}

fn counts(report: &Value, kind: &str) -> [u64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|name| report[kind][name].as_u64().expect("a count"))
}

#[test]
fn import_of_the_example_practice_is_idempotent() {
    let machine = Machine::new();
    machine.write("config/practice.json", EXAMPLE_PRACTICE);
    let first = machine.run(&["import", "config/practice.json"], &[]);
    assert_eq!(
        first,
        Answer {
            status: 0,
            out: "                created  updated  unchanged  refused\n\
                  practices             1        0          0        0\n\
                  client classes        2        0          0        0\n\
                  users                 3        0          0        0\n\
                  clients               4        0          0        0\n"
                .into(),
            err: String::new(),
        }
    );
    let again = machine.json(&["import", "config/practice.json", "--json"], &[]);
    assert_eq!(
        ["practices", "client_classes", "users", "clients"].map(|kind| counts(&again, kind)),
        [[0, 0, 1, 0], [0, 0, 2, 0], [0, 0, 3, 0], [0, 0, 4, 0]]
    );

    let changed = EXAMPLE_PRACTICE.replace("Apt. 3", "Apt. 4").replace("\"Regular clients\"", "\"Regulars\"");
    machine.write("config/practice.json", &changed.replace("Tomas Lindqvist", "Tomás Lindqvist"));
    let report = machine.json(&["import", "config/practice.json", "--json"], &[]);
    assert_eq!(
        ["client_classes", "users", "clients"].map(|kind| counts(&report, kind)),
        [[0, 1, 1, 0], [0, 1, 2, 0], [0, 1, 3, 0]]
    );
}

#[test]
fn import_refuses_an_invalid_record_with_line_field_and_reason() {
    let machine = Machine::new();
    let lines = [
        PRACTICE,
        r#"{"type":"client","sourceId":7,"practiceId":1,"clientId":"1"}"#,
        r#"{"type":"client","sourceId":8,"practiceId":1,"clientId":"2"}"#,
        r#"{"type":"client","sourceId":7,"practiceId":1,"clientId":"3","balanceDue":"1","fristName":"Nora"}"#,
        "not JSON",
        r#"{"type":"user","name":"Nora Quayle","email":"nora@example.com","password":"noraquayle","primaryRole":"pet","practiceId":1}"#,
        r#"{"type":"client","sourceId":7,"practiceId":2,"clientId":"4"}"#,
        r#"{"type":"client","sourceId":7,"practiceId":1,"clientId":"5"}"#,
    ];
    machine.write("export.ndjson", &lines.join("\n"));
    let refused = "\
        export.ndjson:3: client refused: sourceId: the practice's records come from source 7\n\
        export.ndjson:4: client refused: balanceDue: must be a whole number from -9007199254740991 to \
        9007199254740991\n\
        export.ndjson:4: client refused: fristName: is unknown: did you mean \"firstName\"?\n\
        export.ndjson:5:2: record refused: expected ident\n\
        export.ndjson:6: user refused: password: is refused: it holds the owner's e-mail address or phone number, it \
        holds the owner's name, or that of the service\n\
        export.ndjson:7: client refused: practiceId: there is no practice 2: it has to come first\n";
    let dry = machine.run(&["import", "export.ndjson", "--dry-run"], &[]);
    assert_eq!((dry.status, dry.err.as_str()), (1, refused));
    assert!(dry.out.ends_with("This was a dry run: nothing was changed.\n"), "{}", dry.out);
    assert_eq!(
        machine.run(&["import", "export.ndjson"], &[]),
        Answer {
            status: 1,
            out: "            created  updated  unchanged  refused\n\
                  practices         1        0          0        0\n\
                  users             0        0          0        1\n\
                  clients           2        0          0        3\n\
                  unreadable                                     1\n"
                .into(),
            err: refused.into(),
        }
    );
    let report = machine.json(&["import", "export.ndjson", "--json"], &[]);
    assert_eq!(counts(&report, "clients"), [0, 0, 2, 3]);
    assert_eq!(report["unreadable"], 1);
    assert_eq!(
        report["refusals"][1],
        json!({ "file": "export.ndjson", "line": 4, "type": "client", "problems": [
            {
                "field": "balanceDue",
                "reason": "must be a whole number from -9007199254740991 to 9007199254740991",
            },
            { "field": "fristName", "reason": "is unknown: did you mean \"firstName\"?" },
        ] })
    );
}

#[test]
fn import_of_csv_files_of_each_type() {
    let machine = Machine::new();
    machine.write(
        "practices.csv",
        "practiceId,sourceId,name,slug,timeZone,features,enterpriseIds\n\
         1,7,\"Harbor, Vets\",harbor,America/Los_Angeles,analytics;caller_id,\"[61, 62]\"\n",
    );
    machine.write("client_classes.csv", "clientClassId,sourceId,description\ncool,7,Cool Clients\n");
    machine.write(
        "users.csv",
        "firstName,lastName,phone,primaryRole,roles,practiceId\nRobin,Alder,555-665-0100,staff,staff;admin,1\n",
    );
    machine.write(
        "clients.csv",
        "\u{feff}clientId,practiceId,sourceId,clientClassId,balanceDue,loyaltyToggle,patients\r\n\
         1,1,7,cool,-5,TRUE,\"[{\"\"patientId\"\": \"\"pi\"\", \"\"name\"\": \"\"Pi\"\"}]\"\r\n\
         2,1,7,,,,\r\n",
    );
    let files = ["practices.csv", "client_classes.csv", "users.csv", "clients.csv"];
    let import = |files: &[&str]| machine.json(&[&["import", "--json"], files].concat(), &[]);
    let report = import(&files);
    assert_eq!(counts(&report, "clients"), [2, 0, 0, 0], "{report}");
    assert_eq!(counts(&report, "users"), [1, 0, 0, 0], "{report}");
    // The same in JSON is the same.
    let same = json!({
        "practices": [{
            "practiceId": 1, "sourceId": 7, "name": "Harbor, Vets", "slug": "harbor",
            "timeZone": "America/Los_Angeles", "features": ["analytics", "caller_id"], "enterpriseIds": [61, 62],
        }],
        "clients": [{
            "clientId": "1", "practiceId": 1, "sourceId": 7, "clientClassId": "cool", "balanceDue": -5,
            "loyaltyToggle": true, "patients": [{"patientId": "pi", "name": "Pi"}],
        }],
    });
    machine.write("same.json", &same.to_string());
    let report = import(&["same.json"]);
    assert_eq!((counts(&report, "practices"), counts(&report, "clients")), ([0, 0, 1, 0], [0, 0, 1, 0]));
}

#[test]
fn import_from_standard_input_needs_a_format() {
    let machine = Machine::new();
    let import = |arguments: &[&str], input: &str| {
        let answer = machine.feed(&[&["import", "-", "--json"], arguments].concat(), input);
        (answer.status, serde_json::from_str::<Value>(&answer.out).expect("JSON"))
    };
    let (status, report) = import(&["--format", "ndjson"], &format!("{PRACTICE}\n{}", clients(1001)));
    assert_eq!((status, counts(&report, "clients")), (0, [1001, 0, 0, 0]));
    let (status, report) =
        import(&["--format", "csv", "--type", "client"], "clientId,practiceId,sourceId\nx,1,7\n");
    assert_eq!((status, counts(&report, "clients")), (0, [1, 0, 0, 0]));
    let (status, report) = import(&["--format", "json"], "{\"clients\": [{\"clientId\": 5}]}");
    assert_eq!((status, &report["refusals"][0]["file"]), (1, &"standard input".into()));
    assert_eq!((&report["refusals"][0]["line"], &report["refusals"][0]["column"]), (&1.into(), &14.into()));

    for (arguments, problem) in [
        (&["import", "-"][..], "the format of standard input is unknown: set --format json, ndjson or csv"),
        (
            &["import", "export.csv"],
            "the records of export.csv are of unknown type: set --type practice, clientClass, user or client",
        ),
        (&["import"], "the following required arguments were not provided"),
    ] {
        let answer = machine.run(arguments, &[]);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""));
        assert!(
            answer.err.contains(problem) && answer.err.contains("Usage: asteroid import"),
            "{}",
            answer.err
        );
    }
}

#[test]
fn import_of_a_truncated_file_continues_with_the_whole_file() {
    let machine = Machine::new();
    let broken = &EXAMPLE_PRACTICE[..EXAMPLE_PRACTICE.find("\"clientId\": \"1003\"").expect("it is there")];
    machine.write("practice.json", broken);
    let answer = machine.run(&["import", "practice.json", "missing.json"], &[]);
    assert_eq!(answer.status, 1);
    let line = broken.lines().count();
    assert_eq!(
        answer.err,
        format!(
            "asteroid: practice.json:{line}:6: EOF while parsing an object\n  \
             everything before it was imported; importing the same files again continues from there\n"
        )
    );
    assert!(answer.out.contains("clients               2        0          0        0\n"), "{}", answer.out);
    machine.write("practice.json", EXAMPLE_PRACTICE);
    let report = machine.json(&["import", "practice.json", "missing.json", "--json"], &[]);
    assert_eq!(counts(&report, "clients"), [2, 0, 2, 0]);
    assert_eq!(report["stopped"], "missing.json cannot be read: No such file or directory (os error 2)");
}

#[test]
fn killed_import_is_completed_by_the_next_one() {
    let machine = Machine::new();
    let records = clients(2600);
    let mut killed = machine
        .command(&["import", "-", "--format", "ndjson"], &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut input = killed.stdin.take().expect("piped");
    let half = &records[..records.len() / 2];
    input.write_all(format!("{PRACTICE}\n{half}").as_bytes()).expect("written");
    // The log of the database grows with the first batch.
    let log = machine.path("data/asteroid.db-wal");
    let start = Instant::now();
    while fs::metadata(&log).map_or(0, |log| log.len()) < 500_000 && start.elapsed() < Duration::from_secs(30)
    {
        thread::sleep(Duration::from_millis(5));
    }
    killed.kill().expect("killed");
    killed.wait().expect("it has ended");
    drop(input);

    machine.write("export.ndjson", &format!("{PRACTICE}\n{records}"));
    let report = machine.json(&["import", "export.ndjson", "--json"], &[]);
    let [created, updated, unchanged, refused] = counts(&report, "clients");
    assert_eq!((created + unchanged, updated, refused), (2600, 0, 0), "{report}");
    // A batch is there or it is not: the first begins with the practice.
    assert!(unchanged > 0 && unchanged % 500 == 499, "{report}");
}

#[test]
fn import_errors_contain_no_secret() {
    let machine = Machine::new();
    let user = |field: &str, value: &str| {
        format!(r#"{{"type":"user","name":"Nora Quayle","email":"hunter2",{field}:{value},"practiceId":1}}"#)
    };
    let lines = [
        user("\"password\"", "\"hunter2\""),
        user("\"password\"", "[\"hunter2\"]"),
        user("\"passwordHash\"", "\"hunter2\""),
        user("\"googleApiKey\"", "{\"a\":\"hunter2\"}"),
        "\"hunter2\"".to_owned(),
        "{\"type\":\"user\",\"password\":\"hunter2".to_owned(),
    ];
    machine.write("users.ndjson", &lines.join("\n"));
    for arguments in [&["import", "users.ndjson"][..], &["import", "users.ndjson", "--json"]] {
        let answer = machine.run(arguments, &[("ASTEROID_LOG__LEVEL", "trace")]);
        assert_eq!(answer.status, 1);
        assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
    }
}
