use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use tempfile::TempDir;

use super::*;

const LIFE: Duration = Duration::from_mins(10);
const DAY: Duration = Duration::from_hours(24);

struct Bench {
    folder: TempDir,
    clock: ManualClock,
    randomness: CountingRandomness,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: ManualClock::at("2025-11-22T10:00:00Z"),
            randomness: CountingRandomness::default(),
        }
    }

    fn file(&self) -> KeysFile {
        KeysFile::at(self.folder.path().join("data/keys.json"))
    }

    fn with(&self, text: &str) -> KeysFile {
        let file = self.file();
        fs::create_dir_all(file.path().parent().expect("a folder")).expect("made");
        fs::write(file.path(), text).expect("written");
        close(&file);
        file
    }

    fn rotate(&self) -> Rotation {
        self.file().rotate(LIFE, &self.clock, &self.randomness).expect("rotated")
    }
}

fn close(file: &KeysFile) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("closed");
}

fn ring(keys: &[(&str, &[u8])]) -> String {
    let keys: Vec<String> =
        keys.iter().map(|(id, key)| format!(r#"{{"id":"{id}","key":"{}"}}"#, STANDARD.encode(key))).collect();
    format!(r#"{{"codes":[{}]}}"#, keys.join(","))
}

/// 32 bytes that look random enough.
fn good(seed: u8) -> Vec<u8> {
    (0..32).map(|index: u8| index.wrapping_mul(7).wrapping_add(seed).rotate_left(3) ^ 0x95).collect()
}

#[test]
fn keys_are_made_at_the_first_start_and_kept_for_the_next() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let made = bench.file().load_or_create(&bench.clock, &bench.randomness).expect("made");
    assert_eq!(made.flaws, [""; 0]);
    let permissions = fs::metadata(bench.file().path()).expect("there").permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let again = bench.file().load_or_create(&bench.clock, &bench.randomness).expect("read");
    assert_eq!(again.codes.current_id(), made.codes.current_id());
    let left = fs::read_dir(bench.file().path().parent().expect("a folder")).expect("listed").count();
    assert_eq!(left, 1, "no temporary file is left behind");
}

#[test]
fn of_two_servers_that_start_at_once_one_makes_the_keys() {
    let bench = Bench::new();
    let file = bench.file();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let start = || {
            file.load_or_create(&bench.clock, &bench.randomness).expect("keys").codes.current_id().to_owned()
        };
        let servers: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        servers.into_iter().map(|server| server.join().expect("no panic")).collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
}

#[test]
fn a_key_in_the_file_is_the_key_that_signs() {
    let bench = Bench::new();
    let file = bench.with(&ring(&[("new", &good(1)), ("old", &good(2))]));
    assert_eq!(file.load().expect("read").codes.current_id(), "new");
    let listed: Vec<(String, bool)> =
        file.list().expect("listed").into_iter().map(|key| (key.id, key.current)).collect();
    assert_eq!(listed, [("new".to_owned(), true), ("old".to_owned(), false)]);
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let bench = Bench::new();
    for (text, error) in [
        (ring(&[]), "there is no key"),
        (ring(&[("a", &good(1)[..31])]), "the key `a` has fewer than 32 bytes"),
        (ring(&[("a", &good(1)), ("a", &good(2))]), "two keys have the id `a`"),
        (r#"{"codes":[{"id":"a","key":"no base64!"}]}"#.to_owned(), "the key `a` is no base64"),
    ] {
        assert_eq!(bench.with(&text).load().expect_err("refused").to_string(), error);
    }
    let error = bench.with("{\"codes\":\n [\"c2VjcmV0\"]}").load().expect_err("refused").to_string();
    assert!(error.ends_with("keys.json is no file of keys: see line 2, column 12"), "{error}");
    let missing = KeysFile::at(bench.folder.path().join("none.json")).load();
    assert!(matches!(missing, Err(KeysError::Missing(_))));
}

#[test]
fn samples_and_files_open_to_everybody_are_flaws() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.with(&ring(&[
        ("good", &good(1)),
        ("text", b"change-me-change-me-change-me-ok"),
        ("zeros", &[0; 64]),
    ]));
    assert_eq!(
        file.load().expect("read").flaws,
        ["the key `text` is a sample, not random bytes", "the key `zeros` is a sample, not random bytes"]
    );
    let file = bench.with(&ring(&[("good", &good(1))]));
    for (mode, flaws) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o666, 1)] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("set");
        assert_eq!(file.load().expect("read").flaws.len(), flaws, "{mode:o}");
    }
}

#[test]
fn a_rotation_puts_a_new_key_first_and_keeps_what_may_still_verify() {
    let bench = Bench::new();
    let first = bench.rotate();
    assert_eq!((first.kept.len(), first.dropped.len()), (0, 0));
    bench.clock.advance(LIFE);
    let second = bench.rotate();
    assert_eq!(second.kept, [first.current.as_str()]);
    bench.clock.advance(DAY);
    let third = bench.rotate();
    assert_eq!(
        third.kept,
        [second.current.clone(), first.current.clone()],
        "a day and ten minutes are not over"
    );
    bench.clock.advance(30 * DAY);
    let fourth = bench.rotate();
    assert_eq!(fourth.kept, [third.current], "it signed until now");
    assert_eq!(fourth.dropped, [second.current, first.current]);
    let loaded = bench.file().load().expect("read");
    assert_eq!((loaded.codes.current_id(), loaded.flaws), (fourth.current.as_str(), Vec::new()));
}

#[test]
fn a_rotation_keeps_keys_of_unknown_age_and_whoever_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.with(&ring(&[("b", &good(1)), ("a", &good(2))]));
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).expect("set");
    assert_eq!(bench.rotate().kept, ["b", "a"]);
    assert_eq!(fs::metadata(file.path()).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_rotation_does_not_touch_a_file_that_it_cannot_read() {
    let bench = Bench::new();
    let file = bench.with("{\"codes\": 5}");
    file.rotate(LIFE, &bench.clock, &bench.randomness).expect_err("refused");
    assert_eq!(fs::read_to_string(file.path()).expect("there"), "{\"codes\": 5}");
}

#[test]
fn a_key_is_named_by_its_day_and_never_printed() {
    let bench = Bench::new();
    let rotation = bench.rotate();
    assert!(rotation.current.starts_with("2025-11-22-"), "{}", rotation.current);
    let text = fs::read_to_string(bench.file().path()).expect("there");
    let key = text.lines().find_map(|line| line.trim().strip_prefix("\"key\": \"")).expect("a key");
    let key = &key[..40];
    let loaded = bench.file().load().expect("read");
    assert!(!format!("{loaded:?} {:?}", bench.file().list()).contains(key));
}
