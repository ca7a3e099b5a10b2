//! Valid and invalid addresses, and which of them are equal.
//!
//! Sources: the examples of RFC 3696, RFC 5321, RFC 6530 to 6532 and UTS 46; the test set of `isemail` by Dominic Sayers
//! and Michael Rushton (version 3.05; deprecated forms, quoted local parts and literals are rejected here by decision); the
//! evaluation addresses in several scripts that the Universal Acceptance Steering Group and EAI test suites use; the IDN
//! test domains of ICANN (`例え.テスト` and its kind).

use asteroid_kernel::contact::InvalidEmail;
use asteroid_kernel::{Contact, EmailAddress, Region};
use proptest::prelude::*;

const VALID: &[&str] = &[
    // RFC 3696, section 3, RFC 5321, isemail.
    "user+mailbox@example.com",
    "customer/department=shipping@example.com",
    "$A12345@example.com",
    "!def!xyz%abc@example.com",
    "_somename@example.com",
    "test@iana.org",
    "test@nominet.org.uk",
    "test@about.museum",
    "a@iana.org",
    "test@e.com",
    "test.test@iana.org",
    "!#$%&`*+/=?^`{|}~@iana.org",
    "123@iana.org",
    "test@123.com",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghiklm@iana.org",
    "test@abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghikl.com",
    "test@mason-dixon.com",
    "test@c--n.com",
    "test@iana.co-uk",
    "o'brien@example.com",
    "test@xn--hxajbheg2az3al.xn--jxalpdlp",
    // RFC 6530 to 6532 and test addresses of the scripts.
    "Pelé@example.com",
    "jürgen@müller.example",
    "δοκιμή@παράδειγμα.δοκιμή",
    "медведь@с-балалайкой.рф",
    "чебурашка@ящик-с-апельсинами.рф",
    "我買@屋企.香港",
    "用户@例子.测试",
    "二ノ宮@黒川.日本",
    "ユーザー@例え.テスト",
    "사용자@실례.테스트",
    "संपर्क@डाटामेल.भारत",
    "उदाहरण.परीक्षा@उदाहरण.परीक्षा",
    "பயனர்@உதாரணம்.பரிட்சை",
    "ผู้ใช้@ตัวอย่าง.ไทย",
    "အသုံးပြုသူ@ဥပမာ.မြန်မာ",
    "ব্যবহারকারী@উদাহরণ.বাংলা",
    "ઉદાહરણ@ઉદાહરણ.ભારત",
    "ਉਦਾਹਰਨ@ਉਦਾਹਰਨ.ਭਾਰਤ",
    "ఉదాహరణ@ఉదాహరణ.భారత్",
    "ಉದಾಹರಣೆ@ಉದಾಹರಣೆ.ಭಾರತ",
    "ഉദാഹരണം@ഉദാഹരണം.ഭാരതം",
    "උදාහරණ@උදාහරණ.ලංකා",
    "ឧទាហរណ៍@ឧទាហរណ៍.ខ្មែរ",
    "ຕົວຢ່າງ@ຕົວຢ່າງ.ລາວ",
    "མཚོན@དཔེར.example",
    "ምሳሌ@ምሳሌ.example",
    "მაგალითი@მაგალითი.გე",
    "օրինակ@օրինակ.հայ",
    "مثال@مثال.إختبار",
    "کاربر@مثال.آزمایشی",
    "משתמש@דוגמה.טעסט",
    "I❤️CHOCOLATE@example.com",
    "\u{20000}\u{20001}@example.com",
    "info@faß.example",
    "info@i❤.example",
];

const INVALID: &[&str] = &[
    // isemail: no local part or domain, dots, hyphens, lengths.
    "",
    "test",
    "@",
    "test@",
    "@io",
    "@iana.org",
    "test@io",
    ".test@iana.org",
    "test.@iana.org",
    "test..iana.org",
    "test..test@iana.org",
    "test_exa-mple.com",
    "test\\@test@iana.org",
    "test@iana.123",
    "test@255.255.255.255",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghiklmn@iana.org",
    "test@abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghiklm.com",
    "test@-iana.org",
    "test@iana-.com",
    "test@.iana.org",
    "test@iana.org.",
    "test@iana..com",
    // Quoted local parts, comments, literals, display names: rejected by decision.
    "\"test\"@iana.org",
    "\"\"@iana.org",
    "\"a b\"@example.com",
    "test\"@iana.org",
    "test\"text\"@iana.org",
    "(comment)test@iana.org",
    "test(comment)@iana.org",
    "test@[127.0.0.1]",
    "test@[IPv6:::1]",
    "George <g@example.com>",
    "<g@example.com>",
    "mailto:g@example.com",
    "a@b.com, c@d.com",
    "a@b.com;c@d.com",
    "a@b@example.com",
    "a b@example.com",
    "a@exam ple.com",
    "a@example.com\r\nBcc: c@d.com",
    "a\0@example.com",
    "a\u{7f}@example.com",
    // Not host names.
    "george@127.0.0.1",
    "george@1.2.3.4",
    "george@1.2.3.0x4",
    "george@٠١.٢٣",
    "george@exa/mple.com",
    "george@exa_mple.com",
    "george@exa!mple.com",
    "george@exa%6dple.com",
    "george@exa／mple.com",
    "george@℀.com",
    "george@localhost",
    "george@example.com:25",
    "george@xn--a.example",
    "george@xn--.example",
    "george@xn--0.example",
    "george@\u{301}a.example",
    "george@a\u{200D}b.example",
    "george@\u{200C}a.example",
    "george@אa.example",
    "george@１２７．０．０．１",
    // Characters that no keyboard types: unassigned, private use, lone controls of line and bracket, quotes of another keyboard.
    "a\u{E000}@example.com",
    "a\u{378}@example.com",
    "a\u{2028}b@example.com",
    "“a”@example.com",
    "（a）@example.com",
    "a，b@example.com",
    "＜a＠example.com＞",
];

#[test]
fn valid_addresses_of_the_corpus_are_accepted_and_kept_as_given() {
    for text in VALID {
        match EmailAddress::parse(text) {
            Ok(email) => assert_eq!(email.as_given().replace('\u{FE0F}', ""), text.replace('\u{FE0F}', "")),
            Err(error) => panic!("{text:?}: {error}"),
        }
    }
}

#[test]
fn invalid_addresses_of_the_corpus_are_rejected() {
    for text in INVALID {
        assert_eq!(EmailAddress::parse(text), Err(InvalidEmail::Malformed), "{text:?}");
        assert!(Contact::parse(text, Region::US).is_err(), "{text:?}");
    }
}

#[test]
fn addresses_of_the_corpus_are_all_different() {
    let keys: std::collections::BTreeSet<String> = VALID
        .iter()
        .map(|text| Contact::parse(text, Region::US).expect("an address").key().as_str().to_owned())
        .collect();
    assert_eq!(keys.len(), VALID.len());
}

#[test]
fn an_address_in_ascii_has_the_key_that_earlier_versions_gave_it() {
    for text in VALID.iter().filter(|text| text.is_ascii()) {
        let contact = Contact::parse(text, Region::US).expect("an address");
        assert_eq!(contact.key().as_str(), text.to_ascii_lowercase());
    }
}

#[test]
fn a_text_with_a_full_width_at_sign_is_an_address() {
    let contact = Contact::parse("info＠example．com", Region::US).expect("an address");
    assert_eq!(contact.as_str(), "info@example.com");
}

/// Texts that resemble addresses.
fn address() -> impl Strategy<Value = String> {
    let local = "[a-zA-Z0-9ßẞéΣςıİǅﬁÅ\u{345}\u{301}\u{94D}क\u{200D}.+_-]{1,12}|\\PC{1,8}";
    let label = "[a-zA-Z0-9ßäéΣςאक\u{94D}\u{200C}\u{AD}\u{301}-]{1,8}";
    (local, label, label, 0..3usize)
        .prop_map(|(local, first, last, at)| format!("{local}{}{first}.{last}", ["@", "＠", "\u{200B}@"][at]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn parsing_is_idempotent(text in prop_oneof![address(), "\\PC{0,300}", "[+0-9 ()-]{3,20}"]) {
        if let Ok(contact) = Contact::parse(&text, Region::US) {
            let again = Contact::parse(contact.as_str(), Region::US);
            prop_assert_eq!(again.as_ref().map(Contact::as_str), Ok(contact.as_str()));
            prop_assert_eq!(again.as_ref().map(Contact::key), Ok(contact.key()));
            let stored = Contact::from_stored(contact.as_str()).expect("a contact");
            prop_assert_eq!((stored.as_str(), stored.key()), (contact.as_str(), contact.key()));
            // A key is an address or a number, and its own key.
            let key = Contact::parse(contact.key().as_str(), Region::US);
            prop_assert_eq!(key.as_ref().map(Contact::key), Ok(contact.key()));
        }
    }

    #[test]
    fn white_space_and_invisible_characters_around_an_address_are_ignored(text in address()) {
        let marked = format!("\u{FEFF} \u{202B}{text}\u{202C}\t\u{200B}");
        prop_assert_eq!(EmailAddress::parse(&marked), EmailAddress::parse(&text));
    }
}
