//! How long the whole command takes to import a million clients of 5 patients each, and how much memory: into an empty
//! store, and again when nothing has changed. `cargo bench -p asteroid --bench import`, or with another number:
//! `cargo bench -p asteroid --bench import -- 100000`. `ASTEROID_BENCH_DATABASE_URL` names an empty database to import
//! into, for example `postgres://postgres@127.0.0.1/bench`, in the place of a new file of `SQLite`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const CLIENTS: usize = 1_000_000;
const PATIENTS: usize = 5;
/// The memory is looked at this often.
const SAMPLES: Duration = Duration::from_millis(20);

fn practice() -> Value {
    json!({
        "type": "practice", "practiceId": 1, "sourceId": 1, "name": "AllyDVM Test Practice", "slug": "ally_test",
        "pms": "Vetter", "features": [], "timeZone": "America/New_York", "enterpriseIds": [],
    })
}

fn client(number: usize) -> Value {
    let last_names = ["Mickelson", "Washington", "O’Neil", "Müller", "Dandridge", "Adams", "Jefferson"];
    let names = ["Pi", "Brownie", "Oreo", "Dusty", "Goldilocks"];
    let patients: Vec<Value> = (0..PATIENTS)
        .map(|place| {
            json!({
                "sourceId": 1, "practiceId": 1, "patientId": (number * PATIENTS + place).to_string(),
                "name": names[place % names.len()], "displayId": null, "deceasedDate": null, "status": "active",
            })
        })
        .collect();
    json!({
        "type": "client", "sourceId": 1, "practiceId": 1, "clientId": number.to_string(),
        "displayId": number.to_string(), "firstName": format!("Jeremy {number}"),
        "lastName": last_names[number % last_names.len()], "address": "1600 Pennsylvania Avenue",
        "city": "Washington", "state": "DC", "postalCode": "20500",
        "email": format!("jeremy.{number}@example.com"), "homePhone": format!("909{number:07}"),
        "mobilePhone": format!("801{number:07}"), "status": "active", "balanceDue": 23871,
        "communicationsDisabled": "enabled", "emailVerificationStatus": "verified",
        "emailVerificationResponse": {}, "patients": patients,
    })
}

/// Writes the records, one at a time.
fn write_records(path: &Path, clients: usize) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{}", practice())?;
    for number in 0..clients {
        writeln!(file, "{}", client(number))?;
    }
    file.flush()
}

/// The most memory that a process had, in KiB, as Linux tells it.
#[derive(Clone, Copy, Default)]
struct Peak {
    /// With the pages of files that it had mapped: `VmHWM`.
    resident: Option<u64>,
    /// Its own alone, as far as the samples show: `RssAnon`.
    own: Option<u64>,
}

impl Peak {
    /// Looks at a process; one that is not there, or no longer, changes nothing.
    fn look_at(&mut self, process: u32) {
        let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else { return };
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
        };
        self.resident = self.resident.max(kib("VmHWM"));
        self.own = self.own.max(kib("RssAnon"));
    }
}

fn mib(kib: Option<u64>) -> String {
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib.div_ceil(1024)))
}

fn wait(child: &mut Child, peak: &mut Peak) -> ExitStatus {
    loop {
        peak.look_at(child.id());
        if let Some(status) = child.try_wait().expect("the import can be asked for") {
            return status;
        }
        thread::sleep(SAMPLES);
    }
}

/// Imports the file, prints what it took, and gives the counts of the clients.
fn import(what: &str, folder: &Path, database: &str, clients: usize) -> Value {
    let (start, mut peak) = (Instant::now(), Peak::default());
    let mut child = Command::new(env!("CARGO_BIN_EXE_asteroid"))
        .args(["import", "records.ndjson", "--json"])
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", database)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the import starts");
    let status = wait(&mut child, &mut peak);
    let elapsed = start.elapsed();
    let mut report = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut report).expect("text");
    assert!(status.success(), "{status}: {report}");
    let per_second = clients as u128 * 1000 / elapsed.as_millis().max(1);
    let (resident, own, elapsed) = (mib(peak.resident), mib(peak.own), format!("{elapsed:.1?}"));
    println!("{what:<10}  {clients:>9}  {elapsed:>9}  {per_second:>9}  {resident:>13}  {own:>11}");
    serde_json::from_str::<Value>(&report).expect("JSON")["clients"].take()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // As a test target it would take minutes.
    if !has("--bench") || has("--test") {
        println!("nothing is measured: see `cargo bench -p asteroid --bench import`");
        return;
    }
    let clients = arguments.iter().find(|argument| !argument.starts_with('-'));
    let clients: usize = clients.map_or(CLIENTS, |number| number.parse().expect("a number of clients"));

    let database = std::env::var("ASTEROID_BENCH_DATABASE_URL");
    let database = database.unwrap_or_else(|_| "sqlite://bench.db".to_owned());

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("records.ndjson");
    write_records(&file, clients).expect("a file of records");
    let size = fs::metadata(&file).expect("a file").len();
    println!("{clients} clients of {PATIENTS} patients each, a file of {} MB", size / 1_000_000);
    println!(
        "{:10}  {:>9}  {:>9}  {:>9}  {:>13}  {:>11}",
        "", "clients", "time", "a second", "peak resident", "peak own"
    );
    let counts = |created: usize, unchanged: usize| json!({"created": created, "updated": 0, "unchanged": unchanged, "refused": 0});
    assert_eq!(import("fresh", folder.path(), &database, clients), counts(clients, 0));
    assert_eq!(import("unchanged", folder.path(), &database, clients), counts(0, clients));
}
