use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;

const LIFE: Duration = Duration::from_mins(10);
const LIFETIMES: Lifetimes = Lifetimes { codes: LIFE, tokens: DAY };
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

    /// Rotates every ring; the result of this one.
    fn rotate(&self, ring: KeyRing) -> Rotation {
        let rotations =
            self.file().rotate(KeyRing::ALL, LIFETIMES, &self.clock, &self.randomness).expect("rotated");
        rotations.into_iter().find(|rotation| rotation.ring == ring).expect("rotated")
    }

    fn stage(&self) -> Result<Rotation, KeysError> {
        let rotations = self.file().stage(&[KeyRing::Tokens], &self.clock, &self.randomness);
        rotations.map(|mut rotations| rotations.pop().expect("staged"))
    }
}

/// A key for tokens, by its id and secret.
type Secret = (String, Vec<u8>);

fn token_keys(file: &KeysFile) -> Vec<Secret> {
    let keys = file.load().expect("read").tokens;
    keys.into_iter().map(|key| (key.id, key.secret.expose_secret().to_vec())).collect()
}

/// The key that a server signs tokens with.
fn signing_key(file: &KeysFile) -> Secret {
    token_keys(file).remove(0)
}

fn verifies(file: &KeysFile, key: &Secret) -> bool {
    token_keys(file).contains(key)
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
fn key_file_is_created_once_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let made = bench.file().load_or_create(&bench.clock, &bench.randomness).expect("made");
    assert_eq!(made.warnings, [""; 0]);
    let permissions = fs::metadata(bench.file().path()).expect("there").permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let again = bench.file().load_or_create(&bench.clock, &bench.randomness).expect("read");
    assert_eq!(again.codes.current_id(), made.codes.current_id());
    let left = fs::read_dir(bench.file().path().parent().expect("a folder")).expect("listed").count();
    assert_eq!(left, 1, "no temporary file is left behind");
}

#[test]
fn concurrent_starts_create_one_key_file() {
    let bench = Bench::new();
    let file = bench.file();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let start = || file.load_or_create(&bench.clock, &bench.randomness).expect("keys").codes.current_id();
        let servers: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        servers.into_iter().map(|server| server.join().expect("no panic")).collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
}

#[test]
fn load_or_create_adds_token_keys_to_an_older_file() {
    let bench = Bench::new();
    let file = bench.with(&format!(r#"{{"codes":{}}}"#, ring(&[("old", &good(1))])));
    assert_eq!(
        file.load().expect_err("production does not make one").to_string(),
        "there is no key for tokens"
    );
    let made = file.load_or_create(&bench.clock, &bench.randomness).expect("made");
    assert_eq!(made.codes.current_id(), "old");
    let key = signing_key(&file);
    file.load_or_create(&bench.clock, &bench.randomness).expect("read");
    assert!(verifies(&file, &key), "it is created once");
}

#[test]
fn first_key_of_each_ring_signs() {
    let bench = Bench::new();
    let (one, other) = (good(1), good(2));
    let file = bench.with(&rings(&[("new", &one), ("old", &other)], &[("t2", &one), ("t1", &other)]));
    let key = signing_key(&file);
    assert_eq!(file.load().expect("read").codes.current_id(), "new");
    bench.with(&rings(&[("new", &one)], &[("t3", &good(3)), ("t2", &one)]));
    assert!(verifies(&file, &key));
    bench.with(&rings(&[("new", &one)], &[("t1", &other)]));
    assert!(!verifies(&file, &key));
}

#[test]
fn invalid_key_files_are_refused_without_quoting_them() {
    let bench = Bench::new();
    let (one, other) = (good(1), good(2));
    let fine: &[Key<'_>] = &[("a", &one)];
    let error = |text: String| bench.with(&text).load().expect_err("refused").to_string();
    for (wrong, in_codes) in [
        (vec![], "there is no key for codes"),
        (vec![("a", &one[..31])], "the key `a` has fewer than 32 bytes"),
        (vec![("a", &one[..]), ("a", &other)], "two keys have the id `a`"),
    ] {
        assert_eq!(error(rings(&wrong, fine)), in_codes);
    }
    assert_eq!(error(rings(fine, &[])), "there is no key for tokens");
    let file = bench.with(r#"{"codes":[{"id":"a","key":"no base64!"}]}"#);
    assert_eq!(file.load().expect_err("refused").to_string(), "the key `a` is not valid base64");
    let error = bench.with("{\"codes\":\n [\"c2VjcmV0\"]}").load().expect_err("refused").to_string();
    assert!(error.ends_with("keys.json is not a valid key file: line 2, column 12"), "{error}");
    let missing = KeysFile::at(bench.folder.path().join("none.json")).load();
    assert!(matches!(missing, Err(KeysError::Missing(_))));
}

#[test]
fn sample_keys_and_world_readable_files_are_warnings() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.with(&rings(
        &[("good", &good(1)), ("text", b"change-me-change-me-change-me-ok")],
        &[("fine", &good(2)), ("zeros", &[0; 64])],
    ));
    assert_eq!(
        file.load().expect("read").warnings,
        ["the key `text` is a sample, not random bytes", "the key `zeros` is a sample, not random bytes"]
    );
    let file = bench.with(&rings(&[("good", &good(1))], &[("fine", &good(2))]));
    for (mode, warnings) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o666, 1)] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("set");
        assert_eq!(file.load().expect("read").warnings.len(), warnings, "{mode:o}");
    }
}

#[test]
fn rotation_puts_a_new_key_first_and_drops_expired_keys() {
    for (ring, life) in [(KeyRing::Codes, LIFE), (KeyRing::Tokens, DAY)] {
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
            "the restart grace and the lifetime have not passed"
        );
        bench.clock.advance(30 * DAY);
        let fourth = bench.rotate(ring);
        assert_eq!(fourth.kept, [third.current], "it signed until now");
        assert_eq!(fourth.dropped, [second.current, first.current]);
        assert_eq!(bench.file().load().expect("read").warnings, [""; 0]);
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
fn rotation_of_one_ring_fills_an_empty_ring_too() {
    let bench = Bench::new();
    let rotate = |rings: &[KeyRing]| -> Vec<KeyRing> {
        let rotations = bench.file().rotate(rings, LIFETIMES, &bench.clock, &bench.randomness);
        rotations.expect("rotated").into_iter().map(|rotation| rotation.ring).collect()
    };
    assert_eq!(rotate(&[KeyRing::Tokens]), [KeyRing::Codes, KeyRing::Tokens]);
    let key = signing_key(&bench.file());
    assert_eq!(rotate(&[KeyRing::Codes]), [KeyRing::Codes]);
    assert_eq!(signing_key(&bench.file()), key);
    assert_eq!(rotate(&[KeyRing::Tokens]), [KeyRing::Tokens]);
    assert_ne!(signing_key(&bench.file()), key);
    assert!(verifies(&bench.file(), &key));
}

#[test]
fn staged_key_verifies_before_it_signs() {
    let bench = Bench::new();
    assert_eq!(bench.stage().expect("made").staged, None, "it is the only key and signs");
    let file = bench.file();
    let before = signing_key(&file);
    let staged = bench.stage().expect("staged");
    assert_eq!(signing_key(&file), before, "it does not sign yet");
    let error = bench.stage().expect_err("one is enough").to_string();
    let id = staged.staged.expect("a key");
    assert_eq!(error, format!("the key `{id}` for tokens is already staged: rotate to put it first"));
    // The keys of a server that was started between the two steps.
    let between = file.load().expect("read");

    bench.clock.advance(30 * DAY);
    let promoted = bench.rotate(KeyRing::Tokens);
    assert_eq!((promoted.current, promoted.kept), (id.clone(), vec![staged.current.clone()]));
    let after = signing_key(&file);
    assert_ne!(after, before);
    assert!(verifies(&file, &before));
    assert!(between.tokens.iter().any(|key| key.id == after.0));

    // The previous key signed until the promotion, however long ago its successor was made.
    bench.clock.advance(DAY);
    assert_eq!(bench.rotate(KeyRing::Tokens).kept, [id, staged.current]);
}

#[test]
fn retired_key_is_removed_and_the_current_one_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let first = bench.rotate(KeyRing::Tokens).current;
    bench.clock.advance(DAY);
    let second = bench.rotate(KeyRing::Tokens).current;
    let staged = bench.stage().expect("staged").staged.expect("a key");
    let (file, day_after) = (bench.file(), bench.clock.now() + DAY);
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).expect("set");

    let error = file.find_retirable(None, &second).expect_err("it signs").to_string();
    assert_eq!(
        error,
        format!("the key `{second}` is the current one for tokens: run `asteroid keys rotate` first")
    );
    assert!(file.retire(KeyRing::Tokens, &second).is_err());
    assert_eq!(file.find_retirable(None, "unknown").expect("read"), None);
    assert_eq!(file.find_retirable(Some(KeyRing::Codes), &first).expect("read"), None);
    assert!(!file.retire(KeyRing::Codes, &first).expect("nothing to do"));

    let found = |id| file.find_retirable(None, id).expect("read").expect("it is there");
    let ring = KeyRing::Tokens;
    assert_eq!(found(&first), RetirableKey { ring, signs_until: Some(day_after), staged: false });
    assert!(found(&staged).staged);
    let codes = file.list().expect("read").into_iter().filter(|key| key.ring == KeyRing::Codes).count();
    assert!(file.retire(ring, &first).expect("retired"));
    assert!(file.retire(ring, &staged).expect("retired"));
    let left: Vec<_> = file.list().expect("read").into_iter().filter(|key| key.ring == ring).collect();
    assert_eq!((left.len(), left[0].id.as_str(), left[0].current), (1, second.as_str(), true));
    assert_eq!(file.list().expect("read").len(), 1 + codes, "the other ring is as it was");
    assert_eq!(fs::metadata(file.path()).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn id_in_both_rings_needs_the_ring() {
    let bench = Bench::new();
    let (one, other) = (good(1), good(2));
    let file = bench.with(&rings(&[("b", &one), ("a", &other)], &[("c", &one), ("a", &other)]));
    let error = file.find_retirable(None, "a").expect_err("which one?").to_string();
    assert_eq!(error, "both rings have a key `a`: name one with --ring");
    let found = file.find_retirable(Some(KeyRing::Tokens), "a").expect("read");
    assert_eq!(found, Some(RetirableKey { ring: KeyRing::Tokens, signs_until: None, staged: false }));
}

#[test]
fn fingerprint_tells_keys_of_one_id_apart() {
    let bench = Bench::new();
    let fingerprints = |codes: u8, tokens: u8| -> Vec<String> {
        let file = bench.with(&rings(&[("a", &good(codes))], &[("a", &good(tokens))]));
        let listed: Vec<String> = file.list().expect("read").into_iter().map(|key| key.fingerprint).collect();
        let loaded = file.load().expect("read").identities;
        assert!(loaded.iter().map(|key| key.fingerprint.as_str()).eq(listed.iter().map(String::as_str)));
        listed
    };
    let [first, second] = [fingerprints(1, 1), fingerprints(2, 1)];
    assert_ne!(first[0], second[0]);
    assert_eq!(first[1], second[1]);
    assert_ne!(first[0], first[1], "the kind counts, too");
}

#[test]
fn rotation_keeps_keys_without_made_at_and_file_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let file = bench.with(&rings(&[("b", &good(1)), ("a", &good(2))], &[("c", &good(3))]));
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).expect("set");
    assert_eq!(bench.rotate(KeyRing::Codes).kept, ["b", "a"]);
    assert_eq!(fs::metadata(file.path()).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn rotation_leaves_an_invalid_file_unchanged() {
    let bench = Bench::new();
    let file = bench.with("{\"codes\": 5}");
    file.rotate(KeyRing::ALL, LIFETIMES, &bench.clock, &bench.randomness).expect_err("refused");
    assert_eq!(fs::read_to_string(file.path()).expect("there"), "{\"codes\": 5}");
}

#[test]
fn key_id_has_the_date_and_debug_output_no_secret() {
    let bench = Bench::new();
    let rotation = bench.rotate(KeyRing::Codes);
    assert!(rotation.current.starts_with("2025-11-22-"), "{}", rotation.current);
    let text = fs::read_to_string(bench.file().path()).expect("there");
    let loaded = bench.file().load().expect("read");
    let printed = format!("{loaded:?} {:?}", bench.file().list());
    let keys: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("\"key\": \"")).collect();
    assert_eq!(keys.len(), 3);
    for key in keys {
        assert!(!printed.contains(&key[..40]));
    }
}

/// The ids and secrets of the keys of tombstones.
fn tombstone_keys(bench: &Bench) -> Vec<Secret> {
    let keys = bench.file().tombstone_keys_or_create(&bench.clock, &bench.randomness).expect("keys");
    keys.into_iter().map(|key| (key.id, key.secret.expose_secret().to_vec())).collect()
}

#[test]
fn the_key_of_tombstones_is_made_once_and_outlives_rotations() {
    let bench = Bench::new();
    let file = bench.file();
    assert!(file.tombstone_keys().expect("no file is no key").is_empty());
    let missing = file.tombstone_keys_or_create(&bench.clock, &bench.randomness);
    assert!(matches!(missing, Err(KeysError::Missing(_))), "{missing:?}");
    bench.with(&rings(&[("c1", &good(1))], &[("t1", &good(2))]));
    assert!(file.tombstone_keys().expect("a file of an older version").is_empty());

    let keys: Vec<Vec<Secret>> = std::thread::scope(|scope| {
        let processes: Vec<_> = (0..8).map(|_| scope.spawn(|| tombstone_keys(&bench))).collect();
        processes.into_iter().map(|process| process.join().expect("no panic")).collect()
    });
    let [(id, secret)] = &*keys[0] else { panic!("one key, not {}", keys[0].len()) };
    assert_eq!(secret.len(), 32);
    assert!(keys.iter().all(|others| *others == keys[0]), "{id}");
    assert_eq!(signing_key(&file).0, "t1", "the other keys stay");

    bench.rotate(KeyRing::Tokens);
    assert!(file.retire(KeyRing::Tokens, "t1").expect("retired"));
    assert_eq!(tombstone_keys(&bench), keys[0]);
    let listed = file.list().expect("listed");
    assert!(listed.iter().all(|key| key.id != *id), "{listed:?}");
}

#[test]
fn a_new_file_has_a_key_of_tombstones() {
    let bench = Bench::new();
    bench.file().load_or_create(&bench.clock, &bench.randomness).expect("made");
    assert_eq!(bench.file().tombstone_keys().expect("read").len(), 1);
}

#[test]
fn an_unreadable_key_of_tombstones_is_named_and_not_quoted() {
    let bench = Bench::new();
    let text = r#"{"codes":[],"tokens":[],"tombstones":[{"id":"x1","key":"%secret%"}]}"#;
    let error = bench.with(text).tombstone_keys().expect_err("refused").to_string();
    assert!(error.contains("x1") && !error.contains("secret%"), "{error}");
}

#[test]
fn concurrent_changes_lose_nothing() {
    let bench = Bench::new();
    let file = bench.with(&rings(&[("c1", &good(1))], &[("t1", &good(2))]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| bench.rotate(KeyRing::Codes));
            scope.spawn(|| tombstone_keys(&bench));
        }
    });
    assert_eq!(
        file.list().expect("listed").len(),
        10,
        "four rotations of two rings, each with one key before"
    );
    assert_eq!(file.tombstone_keys().expect("read").len(), 1);
}
