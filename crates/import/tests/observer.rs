//! An import as its caller sees it: progress, refused records, and the report.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use asteroid_application::{Import, Operator};
use asteroid_identity::{PasswordPolicy, mocks::PlainHasher};
use asteroid_import::{ImportObserver, ImportPlan, ImportReport, InputFile, RefusedRecord, WarnedRecord};
use asteroid_kernel::system::{SystemClock, SystemRandomness};
use asteroid_kernel::{Origin, Region};
use asteroid_memory::MemoryStorage;

#[derive(Default)]
struct Progress {
    bytes: Cell<u64>,
    refused: RefCell<Vec<String>>,
    warned: RefCell<Vec<String>>,
}

impl ImportObserver for Progress {
    fn bytes_read(&self, count: u64) {
        self.bytes.set(self.bytes.get() + count);
    }

    fn record_refused(&self, record: &RefusedRecord) {
        self.refused.borrow_mut().extend(record.lines());
    }

    fn record_warned(&self, record: &WarnedRecord) {
        self.warned.borrow_mut().extend(record.lines());
    }
}

const USERS: &str = "id,firstName,lastName,email,phone\n\
    1,Ada,Quill,ada@example.com,+15556654345\n\
    2,Bo,Reed,bo@,\n\
    3,Cy,Stone,cy@example.com,+15556654345\n";

fn import(
    storage: &Arc<MemoryStorage>,
    files: &[&str],
    dry_run: bool,
    observer: &dyn ImportObserver,
) -> ImportReport {
    let folder = tempfile::tempdir().expect("a folder");
    let mut inputs = Vec::new();
    for (number, text) in files.iter().enumerate() {
        let path = folder.path().join(format!("{number}/users.csv"));
        std::fs::create_dir(path.parent().expect("a folder")).expect("created");
        std::fs::write(&path, text).expect("written");
        inputs.push(InputFile::new(&path, None, None).expect("a CSV file of users"));
    }
    let (hasher, clock, randomness) =
        (Arc::new(PlainHasher), Arc::new(SystemClock), Arc::new(SystemRandomness));
    let operator = Operator { name: "root".to_owned(), origin: Origin::local() };
    let import =
        Import::new(Arc::clone(storage), hasher, clock, randomness, PasswordPolicy::default(), operator);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    asteroid_import::run(&ImportPlan { inputs, region: Region::US, dry_run }, import, &runtime, observer)
}

#[test]
fn observer_sees_progress_refused_records_and_warnings() {
    let progress = Progress::default();
    let report = import(&Arc::default(), &[USERS], false, &progress);
    assert_eq!(progress.bytes.get(), USERS.len() as u64);
    let (refused, warned) = (progress.refused.borrow(), progress.warned.borrow());
    assert_eq!((refused.len(), warned.len()), (1, 1), "{refused:?} {warned:?}");
    assert!(refused[0].ends_with(":3: user refused: email: not of the form name@example.com"), "{refused:?}");
    assert!(warned[0].contains(":4: user warning: phone: "), "{warned:?}");
    assert_eq!((report.users.created, report.users.refused, report.warned), (2, 1, 1));
    assert!(!report.is_clean());
}

#[test]
fn dry_run_reports_the_same_and_changes_nothing() {
    let storage = Arc::default();
    let dry = import(&storage, &[USERS], true, &());
    let real = import(&storage, &[USERS], false, &());
    assert_eq!((dry.users, dry.dry_run), (real.users, true));
    assert_eq!(real.users.created, 2);
}

#[test]
fn import_stops_at_a_file_without_records() {
    let storage = Arc::default();
    let later = "firstName,email\nDi,di@example.com\n";
    let report = import(&storage, &[USERS, "firstName,email\n", later], false, &());
    let stopped = report.stopped.as_deref().expect("it stops");
    assert!(stopped.ends_with("1/users.csv:1: there is no record in it"), "{stopped}");
    assert_eq!(report.users.created, 2, "the file before it was imported, the file after it was not");
}
