mod imported;

use super::*;

fn current() -> Params {
    Params::new(256, 2, 1, Some(OUTPUT_BYTES)).expect("good parameters")
}

fn verdict(stored: &str, password: &str) -> Verdict {
    let stored = StoredHash::parse(stored).expect("a valid hash");
    stored.verify(&Password::new(password), &current(), &mut Arena::new(256)).expect("memory")
}

fn is_hash_of(stored: &str, password: &str) -> bool {
    matches!(verdict(stored, password), Verdict::Match { .. })
}

/// From the test suite of argon2's reference implementation (`src/test.c`); the password is "password".
const REFERENCE: [&str; 10] = [
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
    "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
    "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    // Version 16, not written.
    "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    "$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs",
    "$argon2d$v=19$m=65536,t=2,p=1$YzI5dFpYTmhiSFFBQUFBQUFBQUFBQQ$Jxy74cswY2mq9y+u+iJcJy8EqOp4t/C7DWDzGwGB3IM",
    "$argon2d$v=16$m=32,t=2,p=3,keyid=8PDw8A,data=Dw8PDw8P$AAAAAAAAAAA$KnH4gniiaFnDvlA1xev3yovC4cnrrI6tnHOYtmja90o",
];

/// Created with libxcrypt, whose bcrypt is the one in bcrypt-ruby, and so in Devise.
const BCRYPT: [(&str, &str); 7] = [
    ("$2a$11$K0ByB.6YI2/OYrB4fQOYLevrxRVDYkQd6evtQN1Sv/Pq//5TqqJO2", "IWasTheFirstPrez1776"),
    ("$2b$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO", "IWasTheFirstPrez1776"),
    ("$2y$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO", "IWasTheFirstPrez1776"),
    ("$2a$05$K0ByB.6YI2/OYrB4fQOYLeOR.689kL73eFQQedfjLgxyCWy9yapUu", "pass wörd 🔑"),
    ("$2a$05$K0ByB.6YI2/OYrB4fQOYLeElC5qmxm5T0/VZTgv6wqawawzTBf95u", ""),
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    (
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
    ),
];

#[test]
fn argon2_hashes_of_the_reference_implementation_are_verified() {
    for stored in REFERENCE {
        assert!(is_hash_of(stored, "password"), "{stored}");
        assert!(!is_hash_of(stored, "sassword"), "{stored}");
    }
}

#[test]
fn bcrypt_is_verified_like_in_devise() {
    for (stored, password) in BCRYPT {
        assert!(is_hash_of(stored, password), "{stored}");
        assert!(!is_hash_of(stored, &format!("x{password}")), "{stored}");
    }
}

/// bcrypt of "абвгдежзиклмнопрстуфхцчшщэюя-абвгдежзи", which is 75 bytes.
const LONGER_THAN_BCRYPT_READS: &str = "$2a$04$fRaNHWbJLgH/9ficGmzGVOtGk9sKQr1RUaevny4gZatqHbLRUktSS";

#[test]
fn bcrypt_ignores_bytes_after_the_72nd_and_is_not_replaced_then() {
    let kept = Verdict::Match { outdated: false };
    let (stored, password) = BCRYPT[6];
    for ending in ["", "another ending", "\0", "\u{e4}", "a\u{308}"] {
        assert_eq!(verdict(stored, &format!("{}{ending}", &password[..72])), kept, "{ending:?}");
    }
    assert!(!is_hash_of(stored, &password[..71]));
    let password = "абвгдежзиклмнопрстуфхцчшщэюя-абвгдежзи";
    assert_eq!(password.len(), 75);
    for given in [password, "абвгдежзиклмнопрстуфхцчшщэюя-абвгдежзи and a typing error", &password[..73]]
    {
        assert_eq!(verdict(LONGER_THAN_BCRYPT_READS, given), kept, "{given}");
    }
    assert_eq!(verdict(LONGER_THAN_BCRYPT_READS, &password[..71]), Verdict::Mismatch);
}

#[test]
fn bcrypt_of_up_to_71_bytes_is_replaced() {
    for length in [1, 50, 70, 71, 72, 73] {
        let password = "x".repeat(length);
        let stored = bcrypt::hash(&password, 4).expect("a hash");
        assert_eq!(verdict(&stored, &password), Verdict::Match { outdated: length < 72 }, "{length}");
    }
}

#[test]
fn bcrypt_rejects_a_password_with_a_nul() {
    let (stored, password) = BCRYPT[5];
    for repeated in [format!("{password}\0"), format!("{password}\0{password}")] {
        assert!(!is_hash_of(stored, &repeated), "{repeated:?}");
    }
    assert!(!is_hash_of(BCRYPT[4].0, "\0"));
}

#[test]
fn a_password_of_any_length_is_hashed() {
    let mut arena = Arena::new(256);
    for length in [0, 257, 100_000] {
        let password = "x".repeat(length);
        let made =
            Argon2Hash::make(password.as_bytes(), [7; SALT_BYTES], &current(), &mut arena).expect("a hash");
        let stored = made.to_phc().expect("a text");
        assert!(is_hash_of(stored.expose(), &password), "{length}");
        assert!(!is_hash_of(stored.expose(), &format!("{password}x")), "{length}");
    }
}

#[test]
fn only_hashes_like_new_ones_are_current() {
    let outdated = |stored: &str| StoredHash::parse(stored).expect("a valid hash").is_outdated(&current());
    assert!(!outdated(REFERENCE[0]));
    for stored in REFERENCE[1..].iter().copied().chain(BCRYPT.map(|(stored, _)| stored)) {
        assert!(outdated(stored), "{stored}");
    }
    let shorter = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg";
    assert!(outdated(shorter));
}

#[test]
fn malformed_hashes_and_excessive_parameters_are_rejected() {
    let (salt, output) = ("c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
    let argon2 = |head: &str| format!("{head}${salt}${output}");
    let bcrypt = |head: &str| format!("{head}K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO");
    for text in [
        String::new(),
        "password".into(),
        "$".into(),
        "$argon2id$v=19$m=256,t=2,p=1".into(),
        format!("$argon2id$v=19$m=256,t=2,p=1${salt}"),
        format!("$argon2id$v=19$m=256,t=2,p=1${salt}$"),
        format!("$argon2id$v=19$m=256,t=2,p=1${salt}${output}$"),
        format!("$argon2id$v=19$m=256,t=2,p=1${salt}${output}="),
        format!("$argon2id$v=19$m=256,t=2,p=1$c2FsdA${output}"),
        argon2("$yescrypt$ln=14,r=8,p=1"),
        argon2("$argon2id$v=18$m=256,t=2,p=1"),
        argon2("$argon2id$v=19$m=7,t=2,p=1"),
        argon2("$argon2id$v=19$m=256,t=0,p=1"),
        argon2("$argon2id$v=19$m=256,t=2,p=0"),
        argon2("$argon2id$v=19$m=256,t=2,p=33"),
        argon2("$argon2id$v=19$m=1048577,t=1,p=1"),
        argon2("$argon2id$v=19$m=1048576,t=5,p=1"),
        argon2("$argon2id$v=19$m=4294967295,t=4294967295,p=16777215"),
        bcrypt("$2x$05$"),
        bcrypt("$2$05$"),
        bcrypt("$2a$03$"),
        bcrypt("$2a$17$"),
        bcrypt("$2a$99$"),
        bcrypt("$2a$-5$"),
        bcrypt("$2a$05$x"),
        "$2a$05$".into(),
        format!("$2a$05${}", "é".repeat(26)),
    ] {
        assert!(StoredHash::parse(&text).is_err(), "{text}");
    }
    assert!(StoredHash::parse(&argon2("$argon2id$v=19$m=1048576,t=4,p=1")).is_ok());
    assert!(StoredHash::parse(&bcrypt("$2a$16$")).is_ok());
}
