//! `asteroid migrate`, killed at any moment, is completed by the next one.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use asteroid_diesel::postgres::testing::{self, TestDatabase};
use serde_json::Value;

use super::machine::{EXAMPLE_PRACTICE, Machine};

fn migrate(machine: &Machine, url: &str) -> Vec<Value> {
    let report = machine.json(&["migrate", "--json"], &[("DATABASE_URL", url)]);
    report["migrated"].as_array().unwrap_or_else(|| panic!("a list: {report}")).clone()
}

/// Starts a migration, kills it after this time, and tells whether it had
/// been running until then.
fn kill_after(machine: &Machine, url: &str, time: Duration) -> bool {
    let mut child = machine
        .command(&["migrate"], &[("DATABASE_URL", url)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    thread::sleep(time);
    let running = child.try_wait().expect("a child").is_none();
    child.kill().expect("killed");
    child.wait().expect("it has ended");
    running
}

/// Kills a migration of a new database at so many moments, which divide the
/// time of an uninterrupted one, and checks that the next run completes it
/// and that the store works.
fn assert_killed_migrations_complete<D>(name: &str, moments: u32, make: impl Fn(u32) -> (String, D)) {
    let machine = Machine::new();
    machine.write("practice.json", EXAMPLE_PRACTICE);

    let (url, _database) = make(moments);
    let start = Instant::now();
    let all = migrate(&machine, &url);
    let uninterrupted = start.elapsed();
    assert!(all.len() > 10, "{all:?}");

    let (mut killed, mut done, mut halves) = (0, 0, 0);
    for moment in 0..moments {
        let (url, _database) = make(moment);
        killed += u32::from(kill_after(&machine, &url, uninterrupted * moment / moments));
        let rest = migrate(&machine, &url);
        assert!(all.ends_with(&rest), "{rest:?} is the rest of {all:?}");
        done += u32::from(rest.is_empty());
        halves += u32::from(!rest.is_empty() && rest.len() < all.len());
        assert_eq!(migrate(&machine, &url), Vec::<Value>::new());
        let imported = machine.run(&["import", "practice.json"], &[("DATABASE_URL", &url)]);
        assert_eq!(imported.status, 0, "after {moment}: {imported:?}");
    }
    println!("{name}: {killed} of {moments} killed; {halves} left a part of the steps, {done} none");
    // A machine that is slower in the first run than in the later ones has
    // some over before their kill, but not nearly all.
    assert!(killed > moments / 4, "{killed} of {moments} were killed");
}

fn postgres(moments: u32) {
    if !testing::is_available() {
        return;
    }
    assert_killed_migrations_complete("PostgreSQL", moments, |_| {
        let database = TestDatabase::create().expect("a server is available");
        (database.url().expose().to_owned(), database)
    });
}

fn sqlite(moments: u32) {
    assert_killed_migrations_complete("SQLite", moments, |moment| (format!("sqlite://data/{moment}.db"), ()));
}

#[test]
fn killed_migration_of_sqlite_is_completed_by_the_next_one() {
    sqlite(8);
}

#[test]
fn killed_migration_of_postgresql_is_completed_by_the_next_one() {
    postgres(8);
}

#[test]
#[ignore = "takes minutes: `just ci-full`"]
fn migrations_killed_at_100_moments_are_completed() {
    sqlite(100);
    postgres(100);
}
