use asteroid_identity::{TokenClaims, TokenSigner};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{Timestamp, UserId};
use tempfile::TempDir;

use super::*;

const LIFE: Duration = Duration::from_mins(10);
const LIVES: Lives = Lives { codes: LIFE, tokens: DAY };
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

    /// Rotates every ring, and says what became of this one.
    fn rotate(&self, ring: Ring) -> Rotation {
        let rings = StoredKeys::RINGS;
        let rotations = self.file().rotate(&rings, LIVES, &self.clock, &self.randomness).expect("rotated");
        rotations.into_iter().find(|rotation| rotation.ring == ring).expect("rotated")
    }

    fn stage(&self) -> Result<Rotation, KeysError> {
        let rotations = self.file().stage(&[Ring::Tokens], &self.clock, &self.randomness);
        rotations.map(|mut rotations| rotations.pop().expect("staged"))
    }
}

fn claims() -> TokenClaims {
    let issued_at = Timestamp::from_micros(0);
    let session = "0184a5c3-d3b0-7000-8000-000000000019".parse().expect("an id");
    TokenClaims { user: UserId(25), session, issued_at, expires_at: issued_at + DAY }
}

fn signed(file: &KeysFile) -> String {
    file.load().expect("read").tokens.sign(&claims()).expect("signed")
}

fn reads(file: &KeysFile, token: &str) -> bool {
    file.load().expect("read").tokens.read(token, claims().issued_at).is_some()
}

fn close(file: &KeysFile) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("closed");
}

type Key<'a> = (&'a str, &'a [u8]);

fn ring(keys: &[Key<'_>]) -> String {
    let keys: Vec<String> =
        keys.iter().map(|(id, key)| format!(r#"{{"id":"{id}","key":"{}"}}"#, STANDARD.encode(key))).collect();
    format!("[{}]", keys.join(","))
}

fn rings(codes: &[Key<'_>], tokens: &[Key<'_>]) -> String {
    format!(r#"{{"codes":{},"tokens":{}}}"#, ring(codes), ring(tokens))
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
fn a_file_from_before_there_were_tokens_gets_a_key_for_them_and_keeps_the_others() {
    let bench = Bench::new();
    let file = bench.with(&format!(r#"{{"codes":{}}}"#, ring(&[("old", &good(1))])));
    assert_eq!(
        file.load().expect_err("production does not make one").to_string(),
        "there is no key for tokens"
    );
    let made = file.load_or_create(&bench.clock, &bench.randomness).expect("made");
    assert_eq!(made.codes.current_id(), "old");
    let token = signed(&file);
    file.load_or_create(&bench.clock, &bench.randomness).expect("read");
    assert!(reads(&file, &token), "it is made once");
}

#[test]
fn the_first_key_of_each_ring_is_the_one_that_signs() {
    let bench = Bench::new();
    let (one, other) = (good(1), good(2));
    let file = bench.with(&rings(&[("new", &one), ("old", &other)], &[("t2", &one), ("t1", &other)]));
    let token = signed(&file);
    assert_eq!(file.load().expect("read").codes.current_id(), "new");
    bench.with(&rings(&[("new", &one)], &[("t3", &good(3)), ("t2", &one)]));
    assert!(reads(&file, &token));
    bench.with(&rings(&[("new", &one)], &[("t1", &other)]));
    assert!(!reads(&file, &token));
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let bench = Bench::new();
    let (one, other) = (good(1), good(2));
    let fine: &[Key<'_>] = &[("a", &one)];
    for (wrong, in_codes, in_tokens) in [
        (vec![], "there is no key for codes", "there is no key for tokens"),
        (
            vec![("a", &one[..31])],
            "the key `a` has fewer than 32 bytes",
            "the key `a` has fewer than 32 bytes",
        ),
        (vec![("a", &one[..]), ("a", &other)], "two keys have the id `a`", "two keys have the id `a`"),
    ] {
        let error = |text: String| bench.with(&text).load().expect_err("refused").to_string();
        assert_eq!(error(rings(&wrong, fine)), in_codes);
        assert_eq!(error(rings(fine, &wrong)), in_tokens);
    }
    let file = bench.with(r#"{"codes":[{"id":"a","key":"no base64!"}]}"#);
    assert_eq!(file.load().expect_err("refused").to_string(), "the key `a` is no base64");
    let error = bench.with("{\"codes\":\n [\"c2VjcmV0\"]}").load().expect_err("refused").to_string();
    assert!(error.ends_with("keys.json is no file of keys: see line 2, column 12"), "{error}");
    let missing = KeysFile::at(bench.folder.path().join("none.json")).load();
    assert!(matches!(missing, Err(KeysError::Missing(_))));
}

#[test]
fn samples_and_files_open_to_everybody_are_flaws() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.with(&rings(
        &[("good", &good(1)), ("text", b"change-me-change-me-change-me-ok")],
        &[("fine", &good(2)), ("zeros", &[0; 64])],
    ));
    assert_eq!(
        file.load().expect("read").flaws,
        ["the key `text` is a sample, not random bytes", "the key `zeros` is a sample, not random bytes"]
    );
    let file = bench.with(&rings(&[("good", &good(1))], &[("fine", &good(2))]));
    for (mode, flaws) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o666, 1)] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("set");
        assert_eq!(file.load().expect("read").flaws.len(), flaws, "{mode:o}");
    }
}

#[test]
fn a_rotation_puts_a_new_key_first_and_keeps_what_may_still_verify() {
    for (ring, life) in [(Ring::Codes, LIFE), (Ring::Tokens, DAY)] {
        let bench = Bench::new();
        let first = bench.rotate(ring);
        assert_eq!((first.kept.len(), first.dropped.len()), (0, 0));
        bench.clock.advance(LIFE);
        let second = bench.rotate(ring);
        assert_eq!(second.kept, [first.current.as_str()]);
        bench.clock.advance(DAY + life.saturating_sub(LIFE));
        let third = bench.rotate(ring);
        assert_eq!(
            third.kept,
            [second.current.clone(), first.current.clone()],
            "a day and a life are not over"
        );
        bench.clock.advance(30 * DAY);
        let fourth = bench.rotate(ring);
        assert_eq!(fourth.kept, [third.current], "it signed until now");
        assert_eq!(fourth.dropped, [second.current, first.current]);
        assert_eq!(bench.file().load().expect("read").flaws, [""; 0]);
        let current: Vec<String> = bench
            .file()
            .list()
            .expect("listed")
            .into_iter()
            .filter_map(|key| (key.ring == ring && key.current).then_some(key.id))
            .collect();
        assert_eq!(current, [fourth.current]);
    }
}

#[test]
fn one_ring_alone_can_be_rotated_and_a_missing_one_is_made() {
    let bench = Bench::new();
    let rotate = |rings: &[Ring]| -> Vec<Ring> {
        let rotations = bench.file().rotate(rings, LIVES, &bench.clock, &bench.randomness);
        rotations.expect("rotated").into_iter().map(|rotation| rotation.ring).collect()
    };
    assert_eq!(rotate(&[Ring::Tokens]), [Ring::Codes, Ring::Tokens]);
    let token = signed(&bench.file());
    assert_eq!(rotate(&[Ring::Codes]), [Ring::Codes]);
    assert_eq!(signed(&bench.file()), token);
    assert_eq!(rotate(&[Ring::Tokens]), [Ring::Tokens]);
    assert_ne!(signed(&bench.file()), token);
    assert!(reads(&bench.file(), &token));
}

#[test]
fn a_staged_key_verifies_before_it_signs() {
    let bench = Bench::new();
    assert_eq!(bench.stage().expect("made").staged, None, "nothing else could sign");
    let file = bench.file();
    let before = signed(&file);
    let staged = bench.stage().expect("staged");
    assert_eq!(signed(&file), before, "it does not sign yet");
    let error = bench.stage().expect_err("one is enough").to_string();
    let id = staged.staged.expect("a key");
    assert_eq!(error, format!("the key `{id}` for tokens is staged already: rotate to put it first"));
    // What a server reads that was started between the two steps.
    let between = file.load().expect("read");

    bench.clock.advance(30 * DAY);
    let promoted = bench.rotate(Ring::Tokens);
    assert_eq!((promoted.current, promoted.kept), (id.clone(), vec![staged.current.clone()]));
    let after = signed(&file);
    assert_ne!(after, before);
    assert!(reads(&file, &before));
    assert!(between.tokens.read(&after, claims().issued_at).is_some());

    // The key before signed until the promotion, however long ago its successor was made.
    bench.clock.advance(DAY);
    assert_eq!(bench.rotate(Ring::Tokens).kept, [id, staged.current]);
}

#[test]
fn a_rotation_keeps_keys_of_unknown_age_and_whoever_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.with(&rings(&[("b", &good(1)), ("a", &good(2))], &[("c", &good(3))]));
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).expect("set");
    assert_eq!(bench.rotate(Ring::Codes).kept, ["b", "a"]);
    assert_eq!(fs::metadata(file.path()).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_rotation_does_not_touch_a_file_that_it_cannot_read() {
    let bench = Bench::new();
    let file = bench.with("{\"codes\": 5}");
    file.rotate(&StoredKeys::RINGS, LIVES, &bench.clock, &bench.randomness).expect_err("refused");
    assert_eq!(fs::read_to_string(file.path()).expect("there"), "{\"codes\": 5}");
}

#[test]
fn a_key_is_named_by_its_day_and_never_printed() {
    let bench = Bench::new();
    let rotation = bench.rotate(Ring::Codes);
    assert!(rotation.current.starts_with("2025-11-22-"), "{}", rotation.current);
    let text = fs::read_to_string(bench.file().path()).expect("there");
    let loaded = bench.file().load().expect("read");
    let printed = format!("{loaded:?} {:?}", bench.file().list());
    let keys: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("\"key\": \"")).collect();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert!(!printed.contains(&key[..40]));
    }
}
